package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newDrain() *cobra.Command {
	var drain wire.Drain
	c := &cobra.Command{
		Use:   "drain HOST",
		Short: "Give no more jobs to a host; those that run go on",
		Example: `  avelab drain lab-3 --reason "new disk"
  avelab drain lab-3 --off`,
		Args:              arguments("HOST"),
		ValidArgsFunction: completeHosts,
		RunE: func(c *cobra.Command, args []string) error {
			drain.Host = args[0]
			return once(c, func(ctx context.Context) error {
				err := lab.Operate(ctx, wire.VerbDrain, drain)
				switch {
				case err == nil && drain.Off:
					fmt.Printf("%s gets jobs again.\n", drain.Host)
				case err == nil:
					fmt.Printf("%s gets no more jobs, until '%s drain %[1]s --off'.\n", drain.Host, lab.CommandName())
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&drain.Off, "off", false, "give jobs to the host again")
	c.Flags().StringVar(&drain.Reason, "reason", "", "`TEXT` for those who wonder")
	return c
}
