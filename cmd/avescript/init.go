package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"avescript/lualib/project"
)

func newInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Create a project: a service with its tests and settings",
		Long: `Creates a project in DIR, or in the working directory: a service with its tests,
an administration script, a systemd unit, a CI workflow and editor settings. The
README.md in it describes the next steps. No file is overwritten.`,
		Example: `  avescript init shelf`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			if err := project.Make(dir); err != nil {
				return &usageError{err: fmt.Errorf("cannot create the project: %w", err)}
			}
			for _, name := range project.Files() {
				fmt.Fprintln(c.OutOrStdout(), name)
			}
			return nil
		},
	}
}
