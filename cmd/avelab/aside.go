package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newAside() *cobra.Command {
	var aside wire.Aside
	c := &cobra.Command{
		Use:   "aside HOST PIECE",
		Short: "Take a piece of equipment out of use; a job that has it goes on",
		Long: `Takes a piece of equipment out of use, or puts it back. PIECE is its profile as
the lab lists it, or a part of it that no other piece of the host has.`,
		Example: `  avelab aside lab-3 relay-7 --reason "contact is worn"
  avelab aside lab-3 relay-7 --off`,
		Args:              arguments("HOST", "PIECE"),
		ValidArgsFunction: completePieces,
		RunE: func(c *cobra.Command, args []string) error {
			aside.Host, aside.Piece = args[0], args[1]
			return once(c, func(ctx context.Context) error {
				err := lab.Operate(ctx, wire.VerbAside, aside)
				switch {
				case err == nil && aside.Off:
					fmt.Printf("%s of %s is in use again.\n", aside.Piece, aside.Host)
				case err == nil:
					fmt.Printf("%s of %s is set aside.\n", aside.Piece, aside.Host)
				}
				return err
			})
		},
	}
	c.Flags().BoolVar(&aside.Off, "off", false, "put it back")
	c.Flags().StringVar(&aside.Reason, "reason", "", "`TEXT` for those who wonder")
	return c
}
