// Command avescript runs Lua scripts and tests with the ave modules at hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"avescript/lualib/child"
	"avescript/lualib/script"
)

// Exit statuses. Beside them there are 128 plus the number of the signal that
// ended the script, and what a script gives to os.exit.
const (
	statusFailed = 1 // the script raised an error, or a test failed
	statusUsage  = 2 // the command line was wrong
	statusSignal = 128
)

func main() {
	child.Main() // doesn't return in a process that a script has started
	os.Exit(execute(os.Args[1:], os.Stderr))
}

// execute runs the command line and returns the exit status.
func execute(args []string, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(withRun(root, args))
	command, err := root.ExecuteContextC(context.Background())
	var interrupted *script.Interrupted
	switch {
	case err == nil:
		return 0
	case hasFailed(err):
		return statusFailed
	case errors.As(err, &interrupted):
		fmt.Fprintln(stderr, "avescript: "+interrupted.Error())
		return statusSignal + int(interrupted.Signal)
	}
	// What is left are mistakes that cobra or a command has found.
	if command.Hidden {
		command = root
	}
	hint := fmt.Sprintf("Run '%s --help' for usage.", command.CommandPath())
	var usage *usageError
	if errors.As(err, &usage) && usage.hint != "" {
		hint = usage.hint
	}
	fmt.Fprintf(stderr, "avescript: %v\n%s\n", err, hint)
	return statusUsage
}

// errShown is that a script has failed, which the user has been told.
var errShown = errors.New("the script failed")

// hasFailed reports whether the command line was right and a script or test
// has failed, about which nothing is left to say.
func hasFailed(err error) bool {
	return errors.Is(err, errShown) || errors.Is(err, script.ErrTestsFailed)
}

// usageError is a mistake in the command line, and a hint that helps.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

const rootHelp = `avescript runs Lua scripts that drive programs, services and test equipment.

Usage:
  avescript FILE.lua [ARGS...]    run a script; what follows FILE is the script's
  avescript -e CODE [ARGS...]     run a piece of Lua
  avescript - [ARGS...]           run a script from standard input
  avescript test [PATHS...]       run test files, and those in directories
  avescript                       type Lua and see what it does

A script that registers tests has them run at its end. Scripts may begin with
the line #!/usr/bin/env avescript.

Examples:
  avescript hello.lua
  avescript -e 'print(ave.cmd.run("uname -r"))'
  avescript test tests/
  avescript test tests/ --filter broker

Commands:
%s
Flags:
%s
Exit status: 0 when all went well, 1 when the script raised an error or a test
failed, 2 when the command line was wrong, 130 when Ctrl-C ended it.
Use "avescript help COMMAND" for more about a command.
`

// showRootHelp and [withRun] do without cobra's templates. As long as nothing
// uses text/template, the linker leaves out every method that nobody calls: a
// seventh of the program, which starts the faster for it.
func showRootHelp(root *cobra.Command) {
	var commands strings.Builder
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			fmt.Fprintf(&commands, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
		}
	}
	fmt.Fprintf(root.OutOrStdout(), rootHelp, &commands, flagUsages(root.LocalFlags()))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "avescript",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	run := newRun()
	root.AddCommand(run, newCall(), newStubs(), newTest(), newTestWorker(), newVersion())
	root.Flags().AddFlagSet(run.Flags())
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
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

// withRun puts the hidden command run in front of a command line that names no
// command. So a script is never taken for one by what follows it, and flags
// after it are its own.
func withRun(root *cobra.Command, args []string) []string {
	if len(args) > 0 {
		if args[0] == "-v" || args[0] == "--version" {
			return []string{"version"}
		}
		if args[0] == "-h" || args[0] == "--help" || strings.HasPrefix(args[0], "__complete") {
			return args
		}
		for _, command := range root.Commands() {
			if command.Name() == args[0] {
				return args
			}
		}
	}
	return append([]string{runName}, args...)
}
