package suite

import (
	"cmp"
	"context"
	"errors"
	"os/exec"

	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// Plan says how files are run.
type Plan struct {
	Jobs     []Job
	Workers  int // 0 runs them here, one after the other
	FailFast bool

	// Command is one that calls Work.
	Command func() *exec.Cmd
}

// ErrStopped is the cause of a context that ends a run with which nothing is wrong.
var ErrStopped = workers.ErrStopped

// Distribute runs files in workers. A file that cannot be loaded or declares no
// test counts as failed, and the others go on. When ctx ends the report is
// finished, and err is the context's cause.
func Distribute(ctx context.Context, plan Plan, opts Options) (passed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reporter := opts.Reporter
	if plan.FailFast {
		reporter = harness.Reporters{reporter, failFast(cancel)}
	}
	run := harness.StartShuffled(reporter, len(plan.Jobs), opts.Seed)
	if plan.Workers > 0 {
		pool := workers.Pool{Workers: plan.Workers, Command: plan.Command, Setup: opts, Run: run}
		err = pool.Do(ctx, plan.Jobs)
	} else {
		err = runHere(ctx, plan.Jobs, run, opts)
	}
	passed = finish(run, cmp.Or(err, context.Cause(ctx)))
	if errors.Is(err, ErrStopped) {
		err = nil
	}
	return passed, err
}

// failFast is a reporter that ends the run when a test has failed.
type failFast context.CancelCauseFunc

func (f failFast) Report(e harness.Event) {
	if e.Bad() {
		f(ErrStopped)
	}
}

// runHere runs files one after the other.
func runHere(ctx context.Context, jobs []Job, run *harness.Run, opts Options) (err error) {
	opts.Shares = Shares{}
	for _, j := range jobs {
		opts.job = newJob(j)
		run.StartFile(j.File)
		err = runFile(ctx, j.File, run, opts)
		run.FinishFile()
		if err = cmp.Or(err, context.Cause(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// Main runs test files one after the other in this process, each in an interpreter
// of its own.
func Main(ctx context.Context, files []string, opts Options) (passed bool, err error) {
	plan := Plan{Jobs: make([]Job, len(files))}
	for i, file := range files {
		plan.Jobs[i].File = file
	}
	return Distribute(ctx, plan, opts)
}
