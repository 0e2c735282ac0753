package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newLeave() *cobra.Command {
	var dir string
	var forget bool
	c := &cobra.Command{
		Use:   "leave",
		Short: "End the work of this host for the lab, after its jobs",
		Long: `Tells the process of 'join' on this host to take no more jobs and to end when
it has none, and waits for that. Ctrl-C ends the waiting only. The host can
join again without a line, unless its key was removed with --forget.`,
		Example: `  avelab leave
  avelab leave --forget`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if dir == "" {
				if dir, err = lab.DefaultHostDir(); err != nil {
					return err
				}
			}
			return once(c, func(ctx context.Context) error { return lab.LeaveAndForget(ctx, os.Stdout, dir, forget) })
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `DIR` of the host, as for join")
	c.Flags().BoolVar(&forget, "forget", false, "remove the key of this host, too")
	return c
}
