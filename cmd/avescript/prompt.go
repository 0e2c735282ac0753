package main

import (
	"time"

	"github.com/spf13/cobra"

	"avescript/core/probe"
	"avescript/lualib/repl"
)

// connectTime is how many seconds connecting may take unless --timeout says otherwise.
const connectTime = 10

func newRepl() *cobra.Command {
	return &cobra.Command{
		Use:   "repl",
		Short: "Type Lua and see what it does",
		Long: `Opens the prompt. If standard input is not a terminal, the inputs are read from there,
and only their values are written: no prompt, no colours. All inputs are run;
the exit status is 1 if one of them has failed.`,
		Example: `  avescript repl
  echo 'ave.fs.list("/etc/apt")' | avescript repl`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return newProgram().converse(c.Context()) },
	}
}

// connectFlags are those of the command connect.
type connectFlags struct {
	account string
	clientFlags
}

func newConnect() *cobra.Command {
	flags := &connectFlags{}
	c := &cobra.Command{
		Use:   "connect [HOST:]PORT",
		Short: "Open the prompt with a service as its target",
		Long: `Opens the prompt with a service as its target: the variable service calls its methods.
The prompt shows whether it is connected, and connects again after a restart of the service.
The key is taken from the environment variable AVE_AUTHKEY or, with --account, from
~/.ave/config/authkeys.json. Without a terminal, inputs are read as by the command repl.

--timeout limits connecting, and also each call. Without it, connecting may take 10
seconds, and calls have no limit: Ctrl-C stops waiting for a call.`,
		Example: `  avescript connect 4000
  avescript connect lab-3:4000 --account admin
  echo 'service:list()' | avescript connect 4000`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return flags.run(c, args[0]) },
	}
	c.Flags().StringVar(&flags.account, "account", "", "use the key of the account `NAME` in authkeys.json")
	flags.add(c.Flags(), connectTime)
	return c
}

func (f *connectFlags) run(c *cobra.Command, service string) error {
	if _, err := probe.ParseAddress(service); err != nil {
		return &usageError{err: err}
	}
	options, err := f.options()
	if err != nil {
		return &usageError{err: err}
	}
	var limit time.Duration
	if c.Flags().Changed("timeout") {
		limit = f.timeout()
	}
	return newProgram().converseWith(c.Context(), func(config *repl.Config) {
		config.Service = &repl.Service{Address: service, Account: f.account}
		config.Client, config.CallTimeout = options, limit
	})
}
