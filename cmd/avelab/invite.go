package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

func newInvite() *cobra.Command {
	invite := wire.Invite{}
	valid := time.Hour
	c := &cobra.Command{
		Use:   "invite",
		Short: "Print a line with which a host or a user joins the lab, once",
		Long: `Prints a line for 'join'. Whoever has it can join once, in the role that is
named here: a worker is a host that runs jobs, a user submits runs, a viewer
looks, and an admin operates the lab. A name that is given here replaces the
key of the host that has it.`,
		Example: `  avelab invite
  avelab invite --role user --name alice --for 24h`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			invite.Seconds = valid.Seconds()
			return once(c, func(ctx context.Context) error {
				line, err := lab.Invite(ctx, invite)
				if err == nil {
					fmt.Println(line)
				}
				return err
			})
		},
	}
	f := c.Flags()
	f.StringVar(&invite.Role, "role", wire.Worker, "`ROLE`: worker, user, viewer or admin")
	f.StringVar(&invite.Name, "name", "", "`NAME` of the host or user (default: whoever joins chooses it)")
	f.DurationVar(&valid, "for", time.Hour, "how long the line is valid, as `TIME` such as 30m or 24h")
	_ = c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{wire.Worker, wire.User, wire.Viewer, wire.Admin}, cobra.ShellCompDirectiveNoFileComp))
	return c
}
