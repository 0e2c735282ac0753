package runner

import (
	"context"
	"os"

	"avescript/core/collector"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// Work is the main function of the program that [Options.Command] starts: it runs
// the files that its parent names. A second signal ends it at once.
func Work(ctx context.Context, newVM func(vm.Stdio) *vm.VM) error {
	collector.StartRarely()
	again, over := script.Testing(ctx)
	go func() {
		<-again
		over()
	}()
	stdout, stderr := repl.NewStream(os.Stdout), repl.NewStream(os.Stderr)
	withStreams := func() *vm.VM { return newVM(vm.Stdio{Out: stdout, Err: stderr}) }
	return suite.Work(ctx, withStreams, lookBy(ctx, os.Stdin, []*repl.Stream{stdout, stderr}))
}
