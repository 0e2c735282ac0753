package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newCancel() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run: running tests are ended with their teardown",
		Long: `Ends a run. Running jobs are stopped, with the teardown of their tests, and
others do not start. Users can cancel their own runs, administrators all. RUN
can be the end of the name if it is unique.`,
		Example:           `  avelab cancel X7K2PQ --reason "wrong branch"`,
		Args:              arguments("RUN"),
		ValidArgsFunction: completeRuns,
		RunE: func(c *cobra.Command, args []string) error {
			return once(c, func(ctx context.Context) error {
				run, err := lab.Cancel(ctx, args[0], reason)
				if err == nil {
					fmt.Printf("%s is cancelled.\n", run)
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` for those who wonder")
	return c
}
