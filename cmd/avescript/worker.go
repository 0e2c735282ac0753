package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"avescript/lualib"
	"avescript/lualib/runner"
	"avescript/lualib/script"
)

const workerName = "test-worker"

// newTestWorker is the hidden command that "avescript test" starts as a worker.
func newTestWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Run test files for avescript test",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := script.Notify(c.Context(), exitBySignal, syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			return runner.Work(ctx, lualib.New)
		},
	}
}

func workerCommand() *exec.Cmd {
	command := exec.CommandContext(context.Background(), "/proc/self/exe", workerName)
	command.Args[0] = os.Args[0]
	return command
}
