package suite

import (
	"context"
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

// Distribute runs files in workers. A file that cannot be loaded or declares no
// test counts as failed, and the others go on. When ctx ends the report is
// finished, and err is the context's cause.
func Distribute(ctx context.Context, plan Plan, opts Options) (passed bool, err error) {
	run := harness.Start(opts.Reporter, len(plan.Jobs))
	if plan.Workers > 0 {
		pool := workers.Pool{Workers: plan.Workers, Command: plan.Command, Setup: opts, Run: run}
		if plan.FailFast {
			pool.Stop = harness.Event.Bad
		}
		err = pool.Do(ctx, plan.Jobs)
		return finish(run, err), err
	}
	opts.Shares = Shares{}
	for _, j := range plan.Jobs {
		opts.job = newJob(j)
		run.StartFile(j.File)
		err = runFile(ctx, j.File, run, opts)
		run.FinishFile()
		if err != nil || plan.FailFast && run.Totals().Bad() > 0 {
			break
		}
	}
	return finish(run, err), err
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
