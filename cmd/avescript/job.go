package main

import (
	"os/exec"

	"github.com/spf13/cobra"

	"avescript/lualib/runner"
)

// newTestJob is the hidden command that a host of a fleet starts for each job.
func newTestJob() *cobra.Command {
	var memory memoryLimit
	c := &cobra.Command{
		Use:    "test-job",
		Short:  "Run a test file for a host of a fleet",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return runner.WorkForHost(func() *exec.Cmd { return workerCommand(memory) })
		},
	}
	memory.flags(c.Flags())
	return c
}
