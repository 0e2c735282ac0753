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
	"avescript/lualib/vm"
)

const workerName = "test-worker"

// newTestWorker is the hidden command that "avescript test" starts as a worker.
func newTestWorker() *cobra.Command {
	var memory memoryLimit
	c := &cobra.Command{
		Use:    workerName,
		Short:  "Run test files for avescript test",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := script.Notify(c.Context(), exitBySignal, syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			return runner.Work(ctx, func(stdio vm.Stdio) *vm.VM { return memory.limit(lualib.New(stdio)) })
		},
	}
	memory.flags(c.Flags())
	return c
}

func workerCommand(memory memoryLimit) *exec.Cmd {
	args := []string{workerName}
	if memory > 0 {
		args = append(args, "--"+memoryFlag+"="+memory.String())
	}
	command := exec.CommandContext(context.Background(), "/proc/self/exe", args...)
	command.Args[0] = os.Args[0]
	return command
}
