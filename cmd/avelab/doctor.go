package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check whether this account can use its lab, and say what to do",
		Long: `Checks what this account and this host need: the program avescript, the disk,
the broker, the way to each hub, its certificate, the key, the scheduler, the
clock, hosts and versions. Exit status 1 means that something is wrong.`,
		Example: `  avelab doctor`,
		Args:    arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			return once(c, func(ctx context.Context) error { return lab.Doctor(ctx, os.Stdout, version) })
		},
	}
}
