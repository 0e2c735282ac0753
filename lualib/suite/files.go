package suite

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// RunFiles runs test files. A file that cannot be loaded or declares no test counts
// as failed; the others still run. When ctx ends, the hooks clean up, the report is
// completed, and err is the context's cause.
func RunFiles(ctx context.Context, jobs []workers.Job, opts Options) (passed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	opts.Line = os.Args
	reporter := opts.Reporter
	if opts.FailFast {
		reporter = harness.Reporters{reporter, onBad(func() { cancel(workers.ErrStopped) })}
	}
	run := harness.StartShuffled(reporter, len(jobs), opts.Seed)
	run.UseClock(opts.Clock)
	if opts.Workers > 0 {
		pool := workers.Pool{
			Workers: opts.Workers, Command: opts.Command, Setup: opts, Run: run,
			CleanUp: time.Duration(opts.TeardownTimeout * float64(time.Second)), AtOnce: opts.AtOnce,
			Terminal: opts.Terminal, Quit: func() { cancel(errAsked) },
		}
		err = pool.Do(ctx, jobs)
	} else {
		opts.Quit = func() { cancel(errAsked) }
		err = runHere(ctx, jobs, run, opts)
	}
	passed = finish(run, cmp.Or(err, context.Cause(ctx)))
	if errors.Is(err, workers.ErrStopped) {
		err = nil
	}
	return passed, err
}

// onBad is a reporter that calls a function when something makes the run fail.
type onBad func()

// Report calls the function.
func (f onBad) Report(e harness.Event) {
	if e.Bad() {
		f()
	}
}

// runHere runs files in this process, one after the other.
func runHere(ctx context.Context, jobs []workers.Job, run *harness.Run, opts Options) (err error) {
	opts.Shares = Shares{}
	for _, j := range jobs {
		opts.job = newJob(j)
		run.StartFile(j.File, 0)
		err = runFile(ctx, j.File, run, opts)
		run.FinishFile(j.File, 0)
		if err = cmp.Or(err, context.Cause(ctx)); err != nil {
			return err
		}
	}
	return nil
}
