package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newQuota() *cobra.Command {
	return &cobra.Command{
		Use:     "quota USER CORES",
		Short:   "Limit how many cores the running jobs of a user may use; 0 is no limit",
		Example: `  avelab quota alice 16`,
		Args:    arguments("USER", "CORES"),
		RunE: func(c *cobra.Command, args []string) error {
			cores, err := strconv.Atoi(args[1])
			if err != nil || cores < 0 {
				return fmt.Errorf("wanted a number of CORES, 0 or more, got %q", args[1])
			}
			return once(c, func(ctx context.Context) error {
				err := lab.Operate(ctx, wire.VerbQuota, wire.Quota{User: args[0], Cores: cores})
				if err == nil {
					fmt.Printf("The jobs of %s may use %s.\n", args[0], lab.CoresText(cores))
				}
				return err
			})
		},
	}
}
