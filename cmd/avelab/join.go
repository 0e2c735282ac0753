package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/flags"
	"avescript/core/fleet/host"
	"avescript/core/fleet/lab"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// joinFlags are the flags of the command join.
type joinFlags struct {
	role, name, memory string
	onlyKey            bool
	host.Options
}

func newJoin() *cobra.Command {
	flags := &joinFlags{}
	c := &cobra.Command{
		Use:   "join [LINE]",
		Short: "Join a lab: this host works for it, or this account may use it",
		Long: `Joins a lab with the line that 'start' or 'invite' has printed there. The line
says whether this host works for the lab, or this account may use it or look
at it. It works once: the key that this account gets is kept in ~/.ave/lab.

A host then works until Ctrl-C or 'leave'. Without a LINE it works for the lab
that it has joined before. A hub without keys is joined by its address,
nats://127.0.0.1:4222.

Jobs run as this account. A host that runs as root needs --account: jobs can
do whatever that account can.`,
		Example: `  avelab join tls://hub:4222#9f86d08188...
  avelab join --account ave --tag rack=3 --cores 4`,
		Args: arguments("[LINE]"),
		RunE: func(c *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	flags.add(c)
	return c
}

func (j *joinFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&j.name, "name", "", "`NAME` of this host or user in the lab (default: as here)")
	f.BoolVar(&j.onlyKey, "only-key", false, "keep the key and end: the service ave-lab-host does the work")
	f.StringVar(&j.role, "role", "", "`ROLE` that is expected, or at a hub without keys wanted: worker, user, viewer or admin")
	f.Var(flags.CountFrom(1, &j.Cores), "cores", "use `N` cores for jobs (default: all)")
	f.StringVar(&j.memory, "memory", "", "use this `SIZE` of memory for jobs, such as 8G (default: all)")
	f.StringArrayVar(&j.Tags, "tag", nil, "tag `KEY=VALUE` of this host, which jobs can ask for; repeatable")
	f.StringVar(&j.Account, "account", "", "run jobs as `USER`; only root can do that")
	f.StringVar(&j.Broker, "broker", "", "offer the equipment of the broker of the account with this `HOME`, or of none (default: this host's broker)")
	f.StringVar(&j.Dir, "dir", "", "keep code and jobs in `DIR` (default ~/.ave/lab/host, as root /var/lib/avelab-host)")
}

func (j *joinFlags) run(c *cobra.Command, args []string) (err error) {
	j.Version = version
	if j.Memory, err = lab.ParseSize(j.memory); err != nil {
		return fmt.Errorf("--memory: %w", err)
	}
	if j.Dir == "" {
		if j.Dir, err = lab.DefaultHostDir(); err != nil {
			return err
		}
	}
	ctx, again, stop := untilSignal(c.Context())
	defer stop()
	j.AtOnce = again
	return failed(ctx, j.join(ctx, args))
}

func (j *joinFlags) join(ctx context.Context, args []string) (err error) {
	if len(args) == 0 {
		j.Link, err = link.Find(wire.Worker)
	} else if err = j.CheckAccount(); err == nil { // first: a line works once
		j.Link, err = lab.JoinAndSay(ctx, os.Stdout, args[0], j.role, j.name)
	}
	if err != nil || j.onlyKey || j.Link.Role != wire.Worker {
		return err
	}
	return lab.Work(ctx, j.Options, os.Stdout)
}
