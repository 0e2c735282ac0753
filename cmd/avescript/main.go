// Command avescript runs Lua scripts and tests that use the ave modules.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"avescript/core/bundle"
	"avescript/core/collector"
	"avescript/core/flags"
	"avescript/core/printable"
	"avescript/lualib/child"
	"avescript/lualib/script"
)

// Exit statuses. Other statuses are 128 plus the number of the signal that ended the
// script, and whatever a script passes to os.exit.
const (
	statusFailed = 1 // the script raised an error, or a test failed
	statusUsage  = 2 // the command line was wrong
	statusSignal = 128
)

func main() {
	collector.Start()
	tool, err := bundle.Self() // which the processes that a script starts need, too
	if err != nil {
		os.Exit(damaged(err))
	}
	child.Main() // does not return in a process that was started by a script
	if tool != nil {
		os.Exit(runBundle(tool))
	}
	os.Exit(execute(os.Args[1:], os.Stderr))
}

// execute runs the command line and returns the exit status.
func execute(args []string, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(withRun(root, args))
	command, err := root.ExecuteContextC(context.Background())
	if status, known := statusOf(err, stderr); known {
		return status
	}
	// All other errors are mistakes in the command line, found by cobra or by a
	// command.
	if command.Hidden {
		command = root
	}
	hint := fmt.Sprintf("Run '%s --help' for usage.", command.CommandPath())
	var usage *usageError
	if errors.As(err, &usage) && usage.hint != "" {
		hint = usage.hint
	}
	fmt.Fprintf(stderr, "avescript: %s\n%s\n", printable.Lines(err.Error(), ""), hint)
	return statusUsage
}

// statusOf is the exit status after an error that the user knows of, or nil. It is not
// known for others, which are mistakes in the command line.
func statusOf(err error, stderr io.Writer) (status int, known bool) {
	var interrupted *script.Interrupted
	switch {
	case err == nil:
		return 0, true
	case errors.Is(err, script.ErrFailed):
		return statusFailed, true
	case errors.As(err, &interrupted):
		fmt.Fprintln(stderr, "avescript: "+interrupted.Error())
		return statusSignal + int(interrupted.Signal), true
	}
	return statusUsage, false
}

// usageError is a mistake in the command line, with a hint how to correct it.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

const rootHelp = `avescript runs Lua scripts that drive programs, services and test equipment.

Usage:
  avescript FILE.lua [ARGS...]    run a script with the arguments ARGS
  avescript -e CODE [ARGS...]     run a piece of Lua code with the arguments ARGS
  avescript - [ARGS...]           run a script from standard input
  avescript test [PATHS...]       run test files, or all test files in directories
  avescript                       start an interactive Lua prompt

If a script registers tests, they are run when the script ends. A script may
begin with the line #!/usr/bin/env avescript.

Examples:
  avescript hello.lua
  avescript -e 'print(ave.cmd.run("uname -r"))'
  avescript test tests/
  avescript test tests/ --filter broker

Commands:
%s
Flags:
%s
Exit status: 0 for success, 1 if the script raised an error or a test failed,
2 if the command line is wrong, 130 after Ctrl-C.
Use "avescript help COMMAND" for more about a command.
`

// showRootHelp and [withRun] do not use cobra's templates. As long as nothing uses
// text/template, the linker can remove all methods that are never called. That is a
// seventh of the program, and it starts faster without them.
func showRootHelp(root *cobra.Command) {
	var commands strings.Builder
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			fmt.Fprintf(&commands, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
		}
	}
	fmt.Fprintf(root.OutOrStdout(), rootHelp, &commands, flags.Usages(root.LocalFlags()))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "avescript",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,

		ValidArgsFunction: completeScript,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // newCompletion is ours

		SuggestionsMinimumDistance: 2,
	}
	run := newRun()
	root.AddCommand(run, newBundle(), newCall(), newCheck(), newCompletion(), newConnect(), newDoc(), newHickup(), newInit(), newLab(),
		newPs(), newRepl(), newStubs(), newTest(), newTestJob(), newTestWorker(), newVersion())
	root.Flags().AddFlagSet(run.Flags())
	root.SetFlagErrorFunc(flagError)
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

// withRun adds the hidden command run if the command line names no command. So the
// arguments of a script are never mistaken for commands, and flags after the script are
// passed to it.
func withRun(root *cobra.Command, args []string) []string {
	if len(args) > 0 {
		switch first := args[0]; {
		case first == "-v", first == "--version":
			return []string{"version"}
		case first == cobra.ShellCompRequestCmd, first == cobra.ShellCompNoDescRequestCmd:
			return forCompletion(root, args)
		case first == "-h", first == "--help", isCommand(root, first):
			return args
		}
	}
	return append([]string{runName}, args...)
}

func isCommand(root *cobra.Command, name string) bool {
	return slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
}
