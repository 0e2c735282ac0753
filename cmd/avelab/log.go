package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/client"
	"avescript/core/fleet/lab"
)

func newLog() *cobra.Command {
	var o client.LogOptions
	c := &cobra.Command{
		Use:   "log [RUN [JOB]]",
		Short: "Print what was said about a run: decisions, tests, output, hosts",
		Long: `Prints what was said about a run, in the order in which it was said: what the
scheduler has decided, tests with their output, and what hosts say. JOB is the
name or the number of a job. Without RUN it is the last run of this user.`,
		Example: `  avelab log
  avelab log X7K2PQ tests/test_relay.lua --follow`,
		Args:              arguments("[RUN]", "[JOB]"),
		ValidArgsFunction: completeRuns,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 2 {
				o.Job = args[1]
			}
			return once(c, func(ctx context.Context) error { return lab.Log(ctx, first(args), o, os.Stdout) })
		},
	}
	c.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on until the run is over")
	return c
}
