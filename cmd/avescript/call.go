package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/control"
	"avescript/core/probe"
	"avescript/lualib/script"
)

// callFlags are those of the command call.
type callFlags struct {
	keywords []string
	async    bool
	clientFlags
}

func newCall() *cobra.Command {
	flags := &callFlags{}
	c := &cobra.Command{
		Use:   "call [HOST:]PORT [METHOD [ARGS...]]",
		Short: "Call a method of a service, or list its methods",
		Long: `Calls a method of a service and prints the result as JSON. Each argument is read
as JSON, with NaN, Infinity and -Infinity for numbers; if it is not valid JSON, it is
passed as a string. @FILE is the JSON in FILE, or its text if that is not valid JSON,
and - is the JSON on standard input; the string "@x" is written as @@x. Without METHOD
it lists the methods of the service. The key is taken from the environment
variable AVE_AUTHKEY.`,
		Example: `  avescript call 4000
  avescript call lab:4000 get '{"type": "handset"}'
  avescript call lab:4000 get @wanted.json -k timeout=5
  AVE_AUTHKEY=secret avescript call 4000 '$statistics'`,
		ValidArgsFunction: flags.complete,
		RunE:              func(c *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	f := c.Flags()
	f.StringArrayVarP(&flags.keywords, "keyword", "k", nil, "give the argument `NAME=VALUE` by its name")
	f.BoolVar(&flags.async, "async", false, "do not wait for the answer: an error of the call is not shown")
	flags.add(f, 30)
	_ = c.RegisterFlagCompletionFunc("keyword", flags.completeKeyword)
	return c
}

func (f *callFlags) run(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		c.SetOut(c.ErrOrStderr())
		_ = c.Help() // fails only if the terminal is gone
		return &usageError{errors.New("wanted the [HOST:]PORT of a service"), "To see the services of this host: avescript ps"}
	case len(args) == 1 && f.async:
		return errors.New("--async needs a METHOD to call")
	case len(args) == 1 && len(f.keywords) > 0:
		return errors.New("--keyword needs a METHOD to call")
	}
	client, err := f.client(args[0])
	if err != nil {
		return &usageError{err: err}
	}
	defer client.Close()
	stdin := script.OpenStdin()
	ctx, stop := untilSignal(c.Context(), stdin)
	defer stop()
	var arguments probe.Arguments
	if len(args) > 1 {
		arguments, err = probe.ReadArguments(args[2:], f.keywords, stdin)
		if err != nil && ctx.Err() == nil {
			return &usageError{err: err}
		}
	}
	if ctx.Err() == nil {
		err = f.call(ctx, client, args, arguments)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "avescript: "+probe.Explain(err))
		return script.ErrFailed
	}
	return context.Cause(ctx)
}

func (f *callFlags) call(ctx context.Context, client *control.Client, args []string, arguments probe.Arguments) error {
	switch {
	case len(args) == 1:
		return probe.List(ctx, client, os.Stdout, f.timeout())
	case f.async:
		return probe.Send(ctx, client, args[1], arguments, f.timeout())
	}
	return probe.Call(ctx, client, os.Stdout, args[1], arguments, f.timeout())
}

func (f *callFlags) client(service string) (*control.Client, error) {
	address, err := probe.ParseAddress(service)
	if err != nil {
		return nil, err
	}
	options, err := f.options()
	options.Address = address
	return control.NewClient(options), err
}
