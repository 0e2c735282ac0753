// Command avelab has everything of a lab with several hosts: the hub, the hosts that work
// for it, and what people do with them. "avescript lab" and "avescript test --fleet" execute
// it. It is a program of its own, so that avescript stays small and starts fast.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"avescript/core/flags"
	"avescript/core/fleet/client"
	"avescript/core/fleet/lab"
	"avescript/core/printable"
)

// Exit statuses. Other statuses are 128 plus the number of the signal that has ended a
// command.
const (
	statusFailed = 1 // it could not be done, or a test failed
	statusUsage  = 2 // the command line was wrong
	statusSignal = 128
)

func main() { os.Exit(execute(os.Args[1:], os.Stderr)) }

// execute runs the command line and returns the exit status.
func execute(args []string, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(context.Background())
	var failure *failure
	var interrupted *interrupted
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted):
		fmt.Fprintln(stderr, "avelab: "+interrupted.Error())
		return statusSignal + int(interrupted.signal)
	case errors.As(err, &failure):
		if !errors.Is(err, client.ErrFailed) && !errors.Is(err, lab.ErrUnwell) { // they have been told
			fmt.Fprintf(stderr, "avelab: %s\n", printable.Lines(err.Error(), ""))
		}
		return statusFailed
	}
	// All other errors are mistakes in the command line, found by cobra or by a command.
	if command.Hidden {
		command = root
	}
	fmt.Fprintf(stderr, "avelab: %s\nRun '%s --help' for usage.\n", printable.Lines(err.Error(), ""), command.CommandPath())
	return statusUsage
}

// failure is an error of something that was tried. It is no mistake in the command line.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// failed makes an error a [failure], unless a signal is the reason.
func failed(ctx context.Context, err error) error {
	var interrupted *interrupted
	switch {
	case errors.As(context.Cause(ctx), &interrupted):
		return interrupted
	case err == nil:
		return nil
	}
	return &failure{err}
}

const rootHelp = `%[1]s shows a lab of several hosts, and operates it.

Usage:
  %[1]s [--json] [--watch]
  %[1]s COMMAND

Without a command it lists hosts, equipment with who has it, since when and
why, the queue, and runs.

Examples:
  %[1]s start                     this host becomes the hub of a lab
  %[1]s join tls://hub:4222#...   this host works for the lab
  avescript test --fleet tests/          tests run on the hosts of the lab

Commands:
%[2]s
Flags:
%[3]s
Exit status: 0 for success, 1 if something failed, 2 if the command line is
wrong, 130 after Ctrl-C.
Use "%[1]s help COMMAND" for more about a command.
`

func showRootHelp(root *cobra.Command) {
	var commands strings.Builder
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			fmt.Fprintf(&commands, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
		}
	}
	fmt.Fprintf(root.OutOrStdout(), rootHelp, lab.CommandName(), &commands, flags.Usages(root.LocalFlags()))
}

func newRoot() *cobra.Command {
	root := newLab()
	root.AddCommand(newAside(), newAttach(), newBackup(), newCancel(), newCluster(), newCompletion(), newDoctor(), newDrain(), newForget(),
		newHold(), newInvite(), newJoin(), newLeave(), newLog(), newPage(), newQuota(), newRestore(), newRevoke(), newRun(),
		newServe(), newSimulate(), newStart(), newSubmit(), newVersion())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flags.Error(err) })
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	plainHelp := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c == root {
			showRootHelp(root)
		} else {
			plainHelp(c, args)
		}
	})
	return root
}

// arguments checks how many arguments a command has, and names them.
func arguments(names ...string) cobra.PositionalArgs {
	least := 0
	for _, name := range names {
		if !strings.HasPrefix(name, "[") {
			least++
		}
	}
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s is missing", names[len(args)])
		case len(args) > len(names):
			return fmt.Errorf("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}
