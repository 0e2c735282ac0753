package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

// newSubmit is the hidden command that "avescript test --fleet" executes.
func newSubmit() *cobra.Command {
	return &cobra.Command{
		Use:    "submit",
		Short:  "Submit a run that is described on standard input",
		Hidden: true,
		Args:   arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			return once(c, func(ctx context.Context) error { return lab.Submit(ctx, os.Stdin, os.Stdout) })
		},
	}
}
