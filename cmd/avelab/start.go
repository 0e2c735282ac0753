package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"avescript/core/flags"
	"avescript/core/fleet/lab"
)

func newStart() *cobra.Command {
	o := lab.StartOptions{Out: os.Stdout}
	var open bool
	c := &cobra.Command{
		Use:   "start",
		Short: "Start the hub of a lab on this host",
		Long: `Runs the hub of a lab until Ctrl-C: the server, the scheduler and the page. It
prints how hosts and users join, and a link to the page. Everything that was
answered is still there when it is started again in the same directory.

Everybody in the lab has a key. Without keys, the hub can be used from this
host only.`,
		Example: `  avelab start
  avelab start --name lab.example.org --dir /var/lib/avelab
  avelab start --no-keys`,
		Args: arguments(),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			o.Keys = !open
			if o.Dir == "" {
				if o.Dir, err = lab.DefaultDir(); err != nil {
					return err
				}
			}
			if o.Dir, err = filepath.Abs(o.Dir); err != nil {
				return err
			}
			return once(c, func(ctx context.Context) error { return lab.Start(ctx, o) })
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.Dir, "dir", "", "keep everything in `DIR` (default ~/.ave/lab/hub)")
	f.StringVar(&o.Name, "name", "", "`NAME` or address by which others reach this host (default: its host name)")
	f.StringVar(&o.Listen, "listen", "", "listen at `ADDRESS` (default: all addresses of this host; without keys 127.0.0.1)")
	f.Var(flags.CountFrom(-1, &o.Port), "port", "`PORT` of the hub; 0 is 4222, and -1 any free one")
	f.Var(flags.CountFrom(-1, &o.PagePort), "page-port", "`PORT` of the page, which also has /metrics for Prometheus; 0 is 4280, and -1 any free one")
	f.BoolVar(&o.NoPage, "no-page", false, "serve no page")
	f.BoolVar(&open, "no-keys", false, "let all accounts of this host do everything, and nobody else")
	return c
}
