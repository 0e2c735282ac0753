package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/client"
	"avescript/core/fleet/lab"
)

func newAttach() *cobra.Command {
	o := client.AttachOptions{Stdout: os.Stdout, Stderr: os.Stderr}
	c := &cobra.Command{
		Use:   "attach [RUN]",
		Short: "Show a run from its beginning, until it is over",
		Long: `Shows a run as 'avescript test --fleet' does, from its beginning and without a
gap, until it is over. Without RUN it is the last run of this user; the end of
its name is enough if it is unique. Ctrl-C leaves the run, which goes on; its
jobs are ended by 'cancel'.`,
		Example: `  avelab attach
  avelab attach X7K2PQ --report junit=junit.xml --artifacts artifacts`,
		Args:              arguments("[RUN]"),
		ValidArgsFunction: completeRuns,
		RunE: func(c *cobra.Command, args []string) error {
			return once(c, func(ctx context.Context) error { return lab.Attach(ctx, first(args), o) })
		},
	}
	c.Flags().StringArrayVarP(&o.Reports, "report", "r", nil, "write a `REPORT`, as for avescript test; repeatable")
	c.Flags().StringVar(&o.Artifacts, "artifacts", "", "copy artifacts into `DIR`")
	return c
}

// first is the first argument, or "".
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
