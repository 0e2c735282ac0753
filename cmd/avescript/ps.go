package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/columns"
	"avescript/core/completion"
	"avescript/core/control"
	"avescript/core/probe"
	"avescript/core/ps"
	"avescript/lualib/script"
)

// watchInterval is the time between two lists.
const watchInterval = 2 * time.Second

// psFlags are the flags of the command ps.
type psFlags struct {
	watch, json, end bool
	service          string
	clientFlags
}

func newPs() *cobra.Command {
	flags := &psFlags{}
	c := &cobra.Command{
		Use:   "ps [--service [HOST:]PORT] | ps --end SERVICE CALL",
		Short: "List services and scripts, and what services are doing",
		Long: `Lists the services and scripts on this host. For a service it shows the calls
in progress, who has made them, and how long they have taken; for a broker also
the leases. With --end it ends a call by its number: an error is raised in the
method, which can catch it, and the client gets Terminated. SERVICE is
[HOST:]PORT, or the pid or name of a process on this host.

Services with keys show this only to the account admin. Its key is taken from
the environment variable AVE_AUTHKEY, or else from ~/.ave/config/authkeys.json.`,
		Example: `  avescript ps --watch
  avescript ps --json | jq '.[] | select(.name == "ave-broker") | .service.leases'
  avescript ps --service lab:4000
  avescript ps --end ave-broker 12`,
		ValidArgsFunction: flags.complete,
		RunE:              func(c *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	f := c.Flags()
	f.BoolVarP(&flags.watch, "watch", "w", false, "repeat the list every 2 seconds, until Ctrl-C")
	f.BoolVar(&flags.json, "json", false, "write JSON: one list, or one per line with --watch")
	f.StringVar(&flags.service, "service", "", "show only the service at `[HOST:]PORT`, which may be on another host")
	f.BoolVar(&flags.end, "end", false, "end a call of a service")
	flags.add(f, 2)
	_ = c.RegisterFlagCompletionFunc("service", completeService)
	return c
}

func (f *psFlags) run(c *cobra.Command, args []string) error {
	options, err := f.options()
	if err != nil {
		return &usageError{err: err}
	}
	options.Authkey = cmp.Or(options.Authkey, ps.AdminKey())
	var do func(ctx context.Context) error
	switch {
	case !f.end && len(args) > 0:
		return fmt.Errorf("unexpected argument %q: to ask one service, use --service %s", args[0], args[0])
	case !f.end:
		do, err = f.list(options)
	case f.watch || f.json || f.service != "":
		return errors.New("--end cannot be used with --watch, --json or --service: remove one of them")
	default:
		do, err = f.ending(options, args)
	}
	if err != nil {
		return &usageError{err: err}
	}
	ctx, stop := untilSignal(c.Context(), os.Stdin)
	defer stop()
	err = do(ctx)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "avescript: "+probe.Explain(err))
		return script.ErrFailed
	}
	return context.Cause(ctx)
}

func (f *psFlags) ending(options control.ClientOptions, args []string) (func(context.Context) error, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("wanted a SERVICE and the number of a CALL with --end, got %d arguments", len(args))
	}
	number, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("wanted a number from the list as CALL, got %q", args[1])
	}
	return func(ctx context.Context) error {
		address, err := ps.Find(ctx, options, args[0])
		if err != nil {
			return err
		}
		text, err := ps.End(ctx, options, address, number)
		if err == nil {
			fmt.Println(text)
		}
		return err
	}, nil
}

func (f *psFlags) list(options control.ClientOptions) (func(context.Context) error, error) {
	get := func(ctx context.Context) ([]ps.Process, error) { return ps.Local(ctx, options) }
	if f.service != "" {
		address, err := probe.ParseAddress(f.service)
		if err != nil {
			return nil, err
		}
		get = func(ctx context.Context) ([]ps.Process, error) {
			p, err := ps.Remote(ctx, options, address)
			return []ps.Process{p}, err
		}
	}
	if f.watch {
		return func(ctx context.Context) error {
			return ps.Watch(ctx, os.Stdout, watchInterval, f.json, get)
		}, nil
	}
	return func(ctx context.Context) error {
		list, err := get(ctx)
		if err != nil {
			return err
		}
		if f.json {
			return ps.WriteJSON(os.Stdout, list, true)
		}
		return ps.WriteTable(os.Stdout, list, columns.Width(os.Stdout))
	}, nil
}

// calls are those that a service is serving, for completion.
func (f *psFlags) calls(ctx context.Context, service string) (candidates []string) {
	options, err := f.options()
	if err != nil {
		return nil
	}
	options.Authkey = cmp.Or(options.Authkey, ps.AdminKey())
	address, err := ps.Find(ctx, options, service)
	if err != nil {
		return nil
	}
	p, err := ps.Remote(ctx, options, address)
	if err != nil {
		return nil
	}
	for _, call := range p.Service.Ongoing {
		candidates = append(candidates, completion.Candidate(strconv.FormatUint(call.Number, 10), call.Method))
	}
	return candidates
}
