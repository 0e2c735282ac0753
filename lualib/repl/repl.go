// Package repl is the interactive interpreter: it reads Lua line by line, runs
// it and shows the values.
//
// What is typed is tried as an expression first and then as a statement. While
// it lacks an end, more lines are asked for. Each input is a chunk of its own,
// so a local variable would be gone with the next prompt; those at the top
// level are therefore copied to global variables of the same name.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Config is what a REPL is connected to.
type Config struct {
	// Stdin is what the scripts read from, so that reads can be interrupted:
	// see [script.OpenStdin]. Lines are read from os.Stdin itself.
	Stdin *os.File

	Out     io.Writer
	Color   bool
	Banner  string // the first line on a terminal
	History string // the file that keeps what was typed; "" for none
}

const (
	prompt       = "> "
	continuation = ">> "
)

const help = `Type a Lua expression to see its value, or a statement to run it:
  > 1 + 2
  > for i = 1, 3 do
  >>   print(i)
  >> end
Everything of avescript is in the table ave: ave.cmd.run("ls"), ave.Profile, ...
A local variable that is declared at the prompt becomes a global one, so that
the next line can use it.

  Up, Down    what was typed before      Ctrl-R  search it
  Ctrl-C      stop what is running, or drop the line
  Ctrl-D      leave (so do exit and quit)
`

// repl is one session.
type repl struct {
	Config
	v          *vm.VM
	lines      lineReader
	show       *printer
	interrupts interrupts
}

// Run reads and runs Lua in v until the input ends or ctx does; then it
// returns the cause.
func Run(ctx context.Context, v *vm.VM, config Config) error {
	interrupts := notifyInterrupts()
	defer interrupts.stop()
	lines, err := openLines(ctx, config, interrupts)
	if err != nil {
		return err
	}
	defer lines.Close()
	r := &repl{Config: config, v: v, lines: lines, show: newPrinter(v), interrupts: interrupts}
	if lines.Interactive() {
		fmt.Fprintln(r.Out, r.Banner+" · type help for help, Ctrl-D to leave")
	}
	for {
		text, err := r.read()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errDropped):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		if r.isCommand(text, "exit", "quit") {
			return nil
		}
		if r.isCommand(text, "help") {
			fmt.Fprint(r.Out, help)
		} else if strings.TrimSpace(text) != "" {
			r.run(ctx, text)
		}
		if err != nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// read reads lines until they are a whole input. At the end of the input it
// returns what there is, with io.EOF.
func (r *repl) read() (string, error) {
	text, err := r.lines.Read(prompt)
	for err == nil && r.incomplete(text) {
		var line string
		line, err = r.lines.Read(continuation)
		text += "\n" + line
	}
	return text, err
}

// isCommand recognizes a word that means something to the REPL, unless the
// script has made a variable of it.
func (r *repl) isCommand(text string, words ...string) bool {
	text = strings.TrimSuffix(strings.TrimSpace(text), "()")
	for _, word := range words {
		if text == word {
			return !r.hasGlobal(word)
		}
	}
	return false
}

// run runs one input. Ctrl-C ends it.
func (r *repl) run(ctx context.Context, text string) {
	ctx, stop := r.interrupts.end(ctx)
	defer stop()
	defer script.InterruptReads(ctx, r.Stdin)()
	shown, err := r.evaluate(ctx, text)
	if err != nil {
		script.Report(r.Out, r.v, err, r.Color)
		return
	}
	if shown != "" {
		fmt.Fprintln(r.Out, shown)
	}
}
