package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ROLE NAME",
		Short: "Take the key of a host or user away",
		Long: `Takes the keys of a host or user away, and ends their connections at once. The
jobs of a host are given to others.`,
		Example: `  avelab revoke worker lab-3
  avelab revoke user alice`,
		Args:              arguments("ROLE", "NAME"),
		ValidArgsFunction: completeRoles,
		RunE: func(c *cobra.Command, args []string) error {
			return once(c, func(ctx context.Context) error {
				err := lab.Operate(ctx, wire.VerbRevoke, wire.Revoke{Role: args[0], Name: args[1]})
				if err == nil {
					fmt.Printf("The keys of %s %s are no longer accepted.\n", args[0], args[1])
				}
				return err
			})
		},
	}
}
