package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"avescript/lualib/measure"
	"avescript/lualib/script"
)

const runName = "run"

// newRun is the command that a command line without one stands for: a script,
// or the REPL.
func newRun() *cobra.Command {
	var code []string
	var interactive bool
	var measuring measuring
	c := &cobra.Command{
		Use:    runName + " [FILE.lua | -e CODE | -] [ARGS...]",
		Short:  "Run a script, or read Lua from the terminal",
		Hidden: true,
	}
	c.Flags().SetInterspersed(false)
	c.Flags().StringArrayVarP(&code, "execute", "e", nil, "run `CODE` instead of a file")
	c.Flags().BoolVarP(&interactive, "interactive", "i", false, "type Lua when the script is done, or without one")
	measuring.flags(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		return measuring.around(func(m *measure.Measurement) error {
			p := newProgram()
			m.FinishAtExit(p.v, os.Stderr)
			source, args := chooseSource(code, args, p)
			if source == nil && (interactive || p.onTerminal()) {
				return p.converse(c.Context())
			}
			if source == nil {
				source = new(script.Reader(p.stdin))
			}
			err := p.run(c.Context(), *source, args, len(code) > 0)
			if interactive && (err == nil || hasFailed(err)) {
				return p.converse(c.Context())
			}
			return explain(c.Root(), err)
		})
	}
	return c
}

// chooseSource tells what the script is, and which arguments are its own. It
// is nil when the command line names none.
func chooseSource(code, args []string, p *program) (*script.Source, []string) {
	switch {
	case len(code) > 0:
		return new(script.Code(strings.Join(code, "\n"))), args
	case len(args) == 0:
		return nil, nil
	case args[0] == "-":
		return new(script.Reader(p.stdin)), args[1:]
	}
	return new(script.File(args[0])), args[1:]
}

// explain adds what helps to the error of a script that could not be read.
func explain(root *cobra.Command, err error) error {
	var unread *script.ReadError
	if !errors.As(err, &unread) {
		return err
	}
	mistake := &usageError{err: err}
	switch {
	case errors.Is(err, syscall.EISDIR):
		mistake.hint = fmt.Sprintf("To run the tests in it: avescript test %s", unread.Path)
	case errors.Is(err, fs.ErrNotExist):
		if similar := root.SuggestionsFor(unread.Path); len(similar) > 0 {
			mistake.err = fmt.Errorf("there is no command or file %q", unread.Path)
			mistake.hint = didYouMean(similar)
		}
	}
	return mistake
}
