package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"avescript/core/harness"
	"avescript/core/printable"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// lookBy makes what opens a prompt in a test that is held. ctx is that of the signals, and
// the streams are those of the tests.
func lookBy(ctx context.Context, stdin *os.File, streams []*repl.Stream) suite.Look {
	return func(within context.Context, held suite.Held) (quit bool) {
		defer script.Prompting(ctx)()
		config := repl.Config{
			Stdin: stdin, Streams: streams, HasAve: true, Terminal: held.Terminal, Stack: held.Stack,
			Out: os.Stdout, Color: script.HasColor(os.Stdout), Quits: true, History: repl.HistoryFile(),
			Banner: describe(held), Leaving: "goes on, :quit ends the run",
		}
		if held.Terminal != nil {
			config.Suspend = suspendParent
			config.Stdin, config.Out, config.Color = held.Terminal, held.Terminal, script.HasColor(held.Terminal)
		}
		return errors.Is(repl.Run(within, held.VM, config), repl.ErrQuit)
	}
}

// suspendParent stops the process that the terminal belongs to, which has this one stop and
// go on with it: see lender.
func suspendParent() error { return syscall.Kill(os.Getppid(), syscall.SIGTSTP) }

// describe says what is held, and why.
func describe(held suite.Held) string {
	e, p := held.Event, held.Problem
	name := e.FullName()
	if name == "" {
		name = "the test file"
	}
	var b strings.Builder
	for _, text := range []string{p.Message, p.Diff} {
		if text != "" {
			fmt.Fprintf(&b, "%s\n", printable.Lines(text, ""))
		}
	}
	what := "held"
	if p.Message == "" {
		what = "ave.repl"
	}
	if p.Hook != "" {
		what += " in " + p.Hook
	}
	at := printable.Line(e.File)
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, e.Line)
	}
	fmt.Fprintf(&b, "%s: %s (%s)", what, printable.Line(name), at)
	return b.String()
}

// standing gives interpreters a prompt for ave.repl, in a process that has no workers.
func (o *Options) standing(ctx context.Context) func() *vm.VM {
	return func() *vm.VM {
		v := o.New()
		v.Prompt = repl.Standing(ctx, v, repl.Config{
			Stdin: o.Stdin, Streams: o.Streams, HasAve: true, Out: os.Stdout, Color: script.HasColor(os.Stdout),
			Banner: "the test stands here", Leaving: "goes on with it", History: repl.HistoryFile(),
		})
		return v
	}
}

// debug has tests held that fail. The clock of the run stands still meanwhile.
func (o *Options) debug(ctx context.Context, opts *suite.Options, reports pausing, clock *harness.Clock) (close func(), err error) {
	l := &lender{ctx: ctx, reports: reports, clock: clock}
	if err := l.open(); err != nil {
		return nil, err
	}
	opts.Debug, opts.Terminal = true, l
	opts.Look = lookBy(ctx, o.Stdin, o.Streams)
	return l.close, nil
}
