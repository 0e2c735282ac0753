package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"avescript/core/harness/report"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// Finish runs the tests that a script has declared. It is a [script.Finish].
func Finish(ctx context.Context, v *vm.VM) (failed bool, err error) {
	reports, err := report.Open(nil, os.Stdout, view(os.Stdout))
	if err != nil {
		return false, err
	}
	again, over := script.Testing(ctx)
	defer over()
	defer announceEnd(ctx, suite.DefaultTeardown, os.Stderr)()
	opts := suite.Options{Reporter: reports, TeardownTimeout: suite.DefaultTeardown, AtOnce: again}
	_, passed, err := suite.Finish(ctx, v, opts)
	complete := written(reports, os.Stderr)
	return !passed || !complete, err
}

// announceEnd says, after a signal has ended the tests, what still takes time.
func announceEnd(ctx context.Context, limit float64, stderr io.Writer) (forget func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		var interrupted *script.Interrupted
		if !errors.As(context.Cause(ctx), &interrupted) {
			return
		}
		select {
		case <-over:
		case <-time.After(time.Second):
			most := ""
			if limit > 0 {
				most = fmt.Sprintf(" for up to %g s", limit)
			}
			fmt.Fprintf(stderr, "\navescript: %s: cleaning up%s; interrupt again to end at once\n", interrupted, most)
		}
	})
	return func() {
		stop()
		close(over)
	}
}
