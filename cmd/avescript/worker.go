package main

import (
	"context"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"avescript/lualib"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

const workerName = "test-worker"

// newTestWorker is the command that "avescript test" starts.
func newTestWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Run test files for avescript test",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			debug.SetGCPercent(gcPercent)
			ctx, stop := script.Notify(c.Context(), exitBySignal, syscall.SIGTERM)
			defer stop()
			return suite.Work(ctx, func() *vm.VM { return lualib.New(vm.Stdio{}) })
		},
	}
}

// gcPercent lets garbage grow to more than Go does by itself: an interpreter that a
// file is done with is garbage as a whole, and there is little else.
const gcPercent = 400

func workerCommand() *exec.Cmd {
	command := exec.CommandContext(context.Background(), "/proc/self/exe", workerName)
	command.Args[0] = os.Args[0]
	return command
}
