package suite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// Part is a job of a run whose other jobs run elsewhere, maybe on other machines.
type Part struct {
	Job       workers.Job
	Board     workers.Board // of the run
	Temp      string        // directory for temporary files, of this job alone
	Directory string        // for workspaces, and for recordings if there are any
	Done      func(passed, kept bool)
}

// RunPart runs a job in a worker process. What is reported is only what happens to tests
// and blocks: beginning and end of the file and of the run are reported by who knows the
// whole run. Part.Done is called when the tests have run. If kept is true,
// others may use what the worker has made, and RunPart returns later.
func RunPart(ctx context.Context, part Part, opts Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bad := false
	reporter := harness.Reporters{inner{opts.Reporter}, onBad(func() {
		bad = true
		if opts.FailFast {
			cancel(workers.ErrStopped)
		}
	})}
	if opts.Record != "" {
		opts.Record = filepath.Join(part.Directory, "recordings")
	}
	opts.Workspaces = filepath.Join(part.Directory, "workspaces")
	if err := os.MkdirAll(opts.Workspaces, 0o755); err != nil {
		return err
	}
	pool := workers.Pool{
		Workers: 1, Command: opts.Command, Setup: opts,
		Run:     harness.Start(reporter, 1),
		CleanUp: time.Duration(opts.TeardownTimeout * float64(time.Second)), AtOnce: opts.AtOnce,
		Fenced: true, Temp: part.Temp, Board: part.Board, Ran: func(kept bool) { part.Done(!bad && ctx.Err() == nil, kept) },
	}
	err := pool.Do(ctx, []workers.Job{part.Job})
	if errors.Is(err, workers.ErrStopped) {
		err = nil
	}
	return err
}

// inner is a reporter of what happens inside of a file.
type inner struct{ harness.Reporter }

// Report passes on the event.
func (i inner) Report(e harness.Event) {
	switch e.Kind {
	case harness.TestStarted, harness.TestFinished, harness.BlockFailed:
		i.Reporter.Report(e)
	}
}
