package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newForget() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "forget HOST",
		Short: "Remove a host that never comes back from the lists",
		Long: `Removes a host that is lost, with its equipment, from the lists. Jobs that wait
for its equipment are refused then. If the host works again, it is back.`,
		Example:           `  avelab forget lab-3`,
		Args:              arguments("HOST"),
		ValidArgsFunction: completeHosts,
		RunE: func(c *cobra.Command, args []string) error {
			return once(c, func(ctx context.Context) error {
				err := lab.Operate(ctx, wire.VerbForget, wire.Drain{Host: args[0], Reason: reason})
				if err == nil {
					fmt.Printf("%s is forgotten.\n", args[0])
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` for those who wonder")
	return c
}
