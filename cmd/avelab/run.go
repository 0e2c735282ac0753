package main

import (
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"avescript/core/fleet/programs"
)

// newRun executes avescript, which knows how tests are found and listed.
func newRun() *cobra.Command {
	return &cobra.Command{
		Use:   "run [PATHS...]",
		Short: "Submit test files to the lab, print the name of the run, and leave it",
		Long: `Submits tests as 'avescript test --fleet --detach' does, with the same flags,
and prints the name of the run. See 'avescript help test'.`,
		Example: `  avelab run tests/
  avelab attach`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
				return c.Help()
			}
			path, err := programs.Avescript()
			if err != nil {
				return &failure{err}
			}
			command := append([]string{path, "test", "--fleet", "--detach"}, args...)
			if path, err = exec.LookPath(path); err != nil {
				return &failure{err}
			}
			return &failure{syscall.Exec(path, command, os.Environ())}
		},
	}
}
