package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/completion"
	"avescript/core/hickup"
	"avescript/core/printable"
	"avescript/lualib/script"
)

// hickupFlags are the flags of the command hickup.
type hickupFlags struct {
	home          string
	seconds       float64
	goroutines    bool
	listProcesses bool
}

func newHickup() *cobra.Command {
	flags := &hickupFlags{}
	c := &cobra.Command{
		Use:   "hickup [PID|NAME...]",
		Short: "Show what services and scripts are doing",
		Long: `Sends SIGUSR1 to processes, which pass it on to their child processes, and shows
the reports that they write to ~/.ave/hickup: the stacks of the Lua threads with
their local variables, and the connections of services. Without PID or NAME, all
services of this user are asked. To ask a script, give its PID.`,
		Example: `  avescript hickup --list
  avescript hickup ave-Broker
  avescript hickup 4711 --go`,
		ValidArgsFunction: func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return completion.Names(prefix), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	f := c.Flags()
	f.BoolVar(&flags.goroutines, "go", false, "also show the goroutines of the Go runtime")
	f.StringVar(&flags.home, "home", "", "look for .ave/hickup in `DIR` instead of your home directory")
	f.BoolVar(&flags.listProcesses, "list", false, "only list the processes, do not ask them")
	f.Float64Var(&flags.seconds, "timeout", 10, "wait at most `SECONDS` for all reports")
	return c
}

func (f *hickupFlags) run(c *cobra.Command, args []string) error {
	targets, err := hickup.Targets(args)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return &usageError{errors.New("found no matching process of this user"), "To list all services: avescript ps"}
	}
	if f.listProcesses {
		hickup.List(os.Stdout, targets)
		return nil
	}
	ctx, stop := untilSignal(c.Context(), os.Stdin)
	defer stop()
	missing, err := hickup.Ask(ctx, os.Stdout, f.home, targets, f.goroutines, time.Duration(f.seconds*float64(time.Second)))
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		fmt.Fprintln(os.Stderr, "avescript: "+printable.Line(err.Error()))
		return script.ErrFailed
	case missing > 0:
		return script.ErrFailed
	}
	return nil
}
