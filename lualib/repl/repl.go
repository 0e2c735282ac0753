// Package repl is the interactive interpreter: it reads Lua, runs it and shows the
// values.
//
// What is typed is tried as an expression first and then as a statement. While it lacks
// an end, more lines are asked for; on a terminal they are edited as one. Each input is a
// chunk of its own, so a local variable would be gone with the next prompt; those at the
// top level are therefore copied to global variables of the same name.
package repl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/lualib/modules/service"
	"avescript/lualib/script"
	"avescript/lualib/show"
	"avescript/lualib/vm"
)

// Config is what a REPL is connected to.
type Config struct {
	// Stdin is what the scripts read from, so that reads can be interrupted:
	// see [script.OpenStdin]. An editor reads os.Stdin itself.
	Stdin *os.File

	// Streams are the standard streams of the scripts. What is written to them while
	// somebody types appears above that.
	Streams []*Stream
	// HasAve tells that the variable ave is made when it is first used.
	HasAve bool

	// Terminal is the terminal of the prompt; nil for that of os.Stdin and os.Stdout. All
	// Streams go there while the prompt is open.
	Terminal *os.File
	// Suspend is what Ctrl-Z does there: see Options of core/editor.
	Suspend func() error

	// Stack is the stack of the code that opened the prompt: its variables are looked up
	// first. Without a stack, names mean global variables.
	Stack *vm.Stack

	Out     io.Writer
	Color   bool
	Banner  string // the first line on a terminal
	Leaving string // what Ctrl-D does there, "to leave" if it is empty
	Quits   bool   // Run returns [ErrQuit] after quit or exit, and nil after Ctrl-D
	History string // the file that keeps what was typed on a terminal; "" for none

	// Service is the first target of the prompt; nil for none.
	Service *Service
	// Client says how services are called: with which key (unless an account is named),
	// whether with TLS, and how long connecting may take.
	Client control.ClientOptions
	// CallTimeout limits each call of the target; 0 means no limit.
	CallTimeout time.Duration
}

const (
	prompt       = "> "
	continuation = ">> "
)

// ErrQuit is returned when somebody has left by quit, exit or :quit, and not by the end of
// the input.
var ErrQuit = errors.New("quit")

const help = `Type a Lua expression to see its value, or a statement to run it:
  > 1 + 2
  > for i = 1, 3 do
  >>   print(i)
  >> end
Everything of avescript is in the table ave: ave.cmd.run("ls"), ave.Profile, ...
A local variable that is declared at the prompt becomes a global one, so that
the next line can use it. The last value is _, the last error err.

  Tab         complete                   Up, Down  what was typed before
  Ctrl-R      search what was typed      Ctrl-X Ctrl-E  edit in $EDITOR
  Ctrl-C      stop what is running, or drop what is typed
  Ctrl-D      leave (so do exit and quit)
  :help       the commands of the prompt
`

// repl is one session.
type repl struct {
	Config
	v          *vm.VM
	inputs     inputs
	show       *show.Printer
	results    results
	interrupts interrupts
	documented documented
	target     atomic.Pointer[target] // nil if there is none
	shadowed   lua.LValue             // what the variable of the target was before
	worked     []string               // the inputs that may be saved
	listed     listedServices
	frames     frames
}

// Run reads and runs Lua in v until the input ends, somebody leaves, or ctx ends; then it
// returns the cause. If an input opens another prompt, this one waits until that is closed.
// If the input is not a terminal and an input has failed, the error is [script.ErrFailed].
func Run(ctx context.Context, v *vm.VM, config Config) error {
	r := &repl{Config: config, v: v, show: show.New(v, widthOfPipe)}
	r.interrupts = notifyInterrupts(func() bool { return turns.isInnermost(r) })
	defer r.interrupts.stop()
	if err := turns.enter(ctx, r); err != nil {
		return err
	}
	defer turns.leave(r)
	defer r.keepStacks(ctx)()
	var err error
	if r.inputs, err = r.openInputs(ctx); err != nil {
		return err
	}
	defer r.inputs.Close()
	forget, err := r.offerResults(ctx)
	if err != nil {
		return err
	}
	defer forget()
	defer r.collect(ctx)()
	if r.inputs.Interactive() {
		fmt.Fprintf(r.Out, "%s · type help for help, Ctrl-D %s\n", r.Banner, cmp.Or(r.Leaving, "to leave"))
		r.showWhere(ctx)
	}
	defer r.keepConnections(ctx)()
	defer r.leaveTarget(ctx)
	if err := r.prepare(ctx); err != nil {
		return err
	}
	failed := false
	for {
		text, err := turns.read(ctx, r, r.inputs.Read)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errDropped):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		leaves, runErr := r.run(ctx, text)
		failed = failed || runErr != nil && !r.inputs.Interactive()
		if leaves && !failed {
			if r.Quits {
				return ErrQuit
			}
			return nil
		}
		if ctx.Err() == nil && failed && (leaves || err != nil) {
			return script.ErrFailed
		}
		if err != nil || ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// keepConnections is for the RemoteControls that are made while the prompt is open.
func (r *repl) keepConnections(ctx context.Context) (stop func()) {
	before := false
	set := func(ctx context.Context, keep bool) {
		_ = r.do(ctx, func(L *lua.LState) error {
			before = service.KeepConnections(L, keep)
			return nil
		})
	}
	set(ctx, true)
	return func() {
		ctx, cancel := brief(ctx)
		defer cancel()
		set(ctx, before)
	}
}

// prepare is what comes before the first input.
func (r *repl) prepare(ctx context.Context) error {
	if r.Service == nil {
		return nil
	}
	return r.open(ctx)
}

// notices is where messages go that are not the result of an input.
func (r *repl) notices() io.Writer {
	if n := len(r.Streams); n > 0 {
		return r.Streams[n-1]
	}
	return r.Out
}

// isWord recognizes a word that means something to the REPL, unless a
// variable has that name.
func (r *repl) isWord(ctx context.Context, text string, words ...string) bool {
	text = strings.TrimSuffix(strings.TrimSpace(text), "()")
	for _, word := range words {
		if text == word {
			return !r.hasGlobal(ctx, word)
		}
	}
	return false
}

// run runs one input. Ctrl-C ends it. leaves is true if the input asks to leave the
// prompt. The error was already shown.
func (r *repl) run(ctx context.Context, text string) (leaves bool, err error) {
	ctx, stop := r.interrupts.end(ctx)
	defer stop()
	defer script.InterruptReads(ctx, r.Stdin)()
	switch {
	case strings.TrimSpace(text) == "":
		return false, nil
	case r.isWord(ctx, text, "exit", "quit"):
		return true, nil
	case r.isWord(ctx, text, "help"):
		fmt.Fprint(r.Out, help+r.modulesHelp())
		return false, nil
	}
	run := r.evaluate
	if isCommand(text) {
		run = r.command
	}
	shown, err := run(ctx, text)
	r.keepFrames(ctx, err)
	if errors.Is(err, io.EOF) && isCommand(text) {
		return true, nil
	}
	if err != nil {
		r.report(ctx, err)
		return false, err
	}
	if shown != "" {
		fmt.Fprintln(r.Out, shown)
	}
	r.remember(ctx, text)
	return false, nil
}
