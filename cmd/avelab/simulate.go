package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/flags"
	"avescript/core/fleet/simulate"
)

const serveName = "simulate-hub"

func newSimulate() *cobra.Command {
	var o simulate.Options
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Measure a hub with simulated hosts and jobs",
		Long: `Starts a real hub in a process of its own, and puts a load on it: simulated
hosts, each with a connection, and jobs that only wait. It prints how many jobs
a second the hub manages, how long they wait, how fast dead hosts are noticed,
and how much memory that takes; then it checks the whole ledger.`,
		Example: `  avelab simulate --hosts 1000 --jobs 100000
  avelab simulate --hosts 200 --jobs 5000 --work 1s --kill 0.5`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			o.Command = []string{"/proc/self/exe", serveName}
			return once(c, func(ctx context.Context) error {
				r, err := simulate.Run(ctx, o, os.Stdout)
				if err == nil {
					err = r.Checked
				}
				return err
			})
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.Var(flags.CountFrom(0, &o.Hosts), "hosts", "simulate `N` hosts; 0 is 100")
	f.Var(flags.CountFrom(0, &o.Jobs), "jobs", "submit `N` jobs; 0 is 10,000")
	f.Var(flags.CountFrom(0, &o.Users), "users", "submit them as `N` users; 0 is 4")
	f.Var(flags.CountFrom(0, &o.Cores), "cores", "`N` cores of each host; 0 is 1")
	f.Var(flags.CountFrom(0, &o.Pieces), "pieces", "`N` pieces of equipment of each host")
	f.Var(flags.CountFrom(0, &o.Wide), "wide", "each `N`th job needs equipment, if hosts have some; 0 is 10")
	f.DurationVar(&o.Work, "work", 0*time.Second, "each job takes this `TIME`")
	f.Var(flags.CountFrom(0, &o.Output), "output", "each job prints `N` messages of 1,000 bytes, spread over its time")
	f.Float64Var(&o.Kill, "kill", 0, "`N` hosts die in each second, and come back")
	f.Var(flags.CountFrom(-1, &o.Idle), "idle", "run `N` jobs one after the other first; 0 is 200, and -1 none")
	f.StringVar(&o.Dir, "dir", "", "`DIR` of the hub (default: a temporary one)")
	return c
}

// newServe is the hidden command that runs the hub of a simulation.
func newServe() *cobra.Command {
	return &cobra.Command{
		Use:    serveName + " DIR",
		Short:  "Run the hub of a simulation",
		Hidden: true,
		Args:   arguments("DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			err := simulate.Serve(c.Context(), args[0], os.Stdin, os.Stdout)
			return failed(c.Context(), err)
		},
	}
}
