package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

// newHold is the hidden command that ave.broker.connect executes.
func newHold() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:    "hold",
		Short:  "Lease equipment as described on standard input, until that ends",
		Hidden: true,
		Args:   arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			return once(c, func(ctx context.Context) error { return lab.Hold(ctx, url, os.Stdin, os.Stdout) })
		},
	}
	c.Flags().StringVar(&url, "hub", "", "`URL` of the hub (default: that of this account)")
	return c
}
