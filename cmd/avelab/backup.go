package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newBackup() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a backup of the hub: its ledger and its keys",
		Long: `Writes the ledger of the hub and its keys to a new FILE. The hub goes on. It is
called on the hub's host, because the keys are only there. Keep FILE secret:
whoever has it can be the hub. Output, code and artifacts are not in it.`,
		Example: `  avelab backup lab.backup
  avelab backup lab.backup --dir /var/lib/avelab`,
		Args: arguments("FILE"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if dir, err = lab.HubDir(dir); err != nil {
				return err
			}
			return once(c, func(ctx context.Context) error {
				err := lab.Backup(ctx, dir, args[0])
				if err == nil {
					fmt.Printf("The backup is in %s. It has the secret key of the hub.\n", args[0])
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `DIR` of the hub, as for start")
	return c
}
