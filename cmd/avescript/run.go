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

// newRun is the hidden command for a command line without a command: it runs a script or
// the REPL.
func newRun() *cobra.Command {
	var code []string
	var interactive bool
	var measuring measuring
	var memory memoryLimit
	c := &cobra.Command{
		Use:    runName + " [FILE.lua | -e CODE | -] [ARGS...]",
		Short:  "Run a script, or read Lua from the terminal",
		Hidden: true,

		ValidArgsFunction: completeScript,
	}
	c.Flags().SetInterspersed(false)
	c.Flags().StringArrayVarP(&code, "execute", "e", nil, "run `CODE` instead of a file")
	c.Flags().BoolVarP(&interactive, "interactive", "i", false, "start an interactive prompt, after the script if one is given")
	memory.flags(c.Flags())
	measuring.flags(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		return measure.Around(measure.Options(measuring), os.Stderr, func(m *measure.Measurement) error {
			p := newProgram()
			memory.limit(p.v)
			m.FinishAtExit(p.v, os.Stderr)
			source, args := chooseSource(code, args, p)
			if source == nil && (interactive || p.onTerminal()) {
				return p.converse(c.Context())
			}
			if source == nil {
				source = new(script.Reader(p.stdin))
			}
			p.postMortem = interactive
			err := p.run(c.Context(), *source, args, len(code) > 0)
			if interactive && staysAfter(err) {
				return p.converse(c.Context())
			}
			return explain(c.Root(), err)
		})
	}
	return c
}

// staysAfter reports whether the prompt opens after a script that ended with err. After
// Ctrl-C the prompt shows where the script was.
func staysAfter(err error) bool {
	var interrupted *script.Interrupted
	if errors.As(err, &interrupted) {
		fmt.Fprintln(os.Stderr, "avescript: "+interrupted.Error())
		return interrupted.Signal == syscall.SIGINT
	}
	return err == nil || errors.Is(err, script.ErrFailed)
}

// chooseSource returns the script and its arguments. The script is nil if the command
// line does not name one.
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

// explain adds a hint to the error of a script that could not be read.
func explain(root *cobra.Command, err error) error {
	var unread *script.ReadError
	if !errors.As(err, &unread) {
		return err
	}
	mistake := &usageError{err: err}
	switch {
	case errors.Is(err, syscall.EISDIR):
		mistake.hint = fmt.Sprintf("To run the tests in this directory: avescript test %s", unread.Path)
	case errors.Is(err, fs.ErrNotExist):
		if similar := root.SuggestionsFor(unread.Path); len(similar) > 0 {
			mistake.err = fmt.Errorf("there is no command or file %q", unread.Path)
			mistake.hint = didYouMean(similar)
		}
	}
	return mistake
}
