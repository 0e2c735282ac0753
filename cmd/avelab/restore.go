package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newRestore() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the directory of a hub from a backup",
		Long: `Makes the directory of a hub from a backup, also on another host. The directory
must have no hub. Hosts and users go on with their keys if the new hub has the
name and the port of the old one. End the old hub first, for good.`,
		Example: `  avelab restore lab.backup --dir /var/lib/avelab`,
		Args:    arguments("FILE"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if dir == "" {
				return fmt.Errorf("--dir is missing: name the directory of the new hub")
			}
			return once(c, func(ctx context.Context) error {
				err := lab.Restore(ctx, args[0], dir)
				if err == nil {
					fmt.Printf("The hub can be started: %s start --dir %s\n", lab.CommandName(), dir)
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `DIR` of the new hub")
	return c
}
