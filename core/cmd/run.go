// Package cmd runs external programs on pseudoterminals.
//
// A program on a terminal writes as it would for a person: what it says on
// stdout and stderr is one stream, in order, unbuffered, and its lines end in
// "\r\n". Its input is the terminal too. Nothing is typed there but
// Options.Input: without it a program that reads waits until its time is over.
//
// When [Run] returns, nothing of the command is left, background jobs included.
// Only a daemon survives, that is a process that has lost its parent and leads
// a session of its own; see [avescript/core/process.KillTree].
package cmd

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"time"

	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/core/pty"
)

// Options are how a command is run. The zero value is good.
type Options struct {
	// Timeout ends the command and its tree. Zero waits for ever.
	Timeout time.Duration

	// These are those of pty.Options.
	Dir      string
	Env      []string
	ClearEnv bool
	Size     pty.Size
	User     string

	// Input is typed, and then what ends the input. The terminal echoes it, so
	// it is part of the output, unless the command turns that off. Control
	// characters are what they are at a keyboard: "\x03" interrupts. A command
	// that throws away what was typed before it asked, as for a password, does
	// so here too. One that takes the terminal out of line mode gets "\x04" as
	// any other key.
	Input *string

	// Output gets what the command writes, as it comes. Its failure ends the
	// command. A Write that blocks delays the timeout.
	Output io.Writer

	// Record gets a recording of what the command writes, as asciicast.
	Record io.Writer
	// Keep is how many bytes of the output's end are kept in memory and
	// returned. Zero is KeepAll, or, with an Output, KeepSome.
	Keep int

	// Debug gets the command, in one line, and then what it writes.
	Debug io.Writer

	// Check makes a status other than 0 a RunError.
	Check bool

	// Ladder are the signals that the tree gets before SIGKILL, nil for
	// process.HangUp.
	Ladder []process.Step
}

// Values of Options.Keep.
const (
	KeepAll  = math.MaxInt
	KeepSome = 1 << 20
	KeepNone = -1
)

func (o *Options) terminal() pty.Options {
	return pty.Options{Dir: o.Dir, Env: o.Env, ClearEnv: o.ClearEnv, Size: o.Size, User: o.User}
}

func (o *Options) ladder() []process.Step {
	if o.Ladder == nil {
		return process.HangUp
	}
	return o.Ladder
}

// errTimedOut tells Options.Timeout from a deadline of the caller's context.
var errTimedOut = errors.New("command timed out")

// Split takes a command line apart at white space, as the ave.cmd functions do
// with a command that is a string. There is no quoting.
func Split(command string) []string { return strings.Fields(command) }

// Run runs a command to its end. The status is 0 to 255 as the command chose,
// or the negative number of the signal that ended it. The output is all that
// was written on the terminal, byte for byte, or its end: see Options.Keep.
//
// A command that cannot be started gives a RunError, one that takes longer than
// opts.Timeout a Timeout, with the output so far in its details. When ctx ends
// the command is killed and ctx.Err() returned.
func Run(ctx context.Context, argv []string, opts Options) (status int, output string, err error) {
	if err := ctx.Err(); err != nil {
		return 0, "", err
	}
	if err := checkInput(opts.Input); err != nil {
		return 0, "", err
	}
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opts.Timeout, errTimedOut)
		defer cancel()
	}
	out := newTranscript(&opts)
	out.announce(argv)
	start := pty.Start
	if opts.Output == nil { // whose code might not bear to be on a locked thread
		start = pty.StartHere
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	p, err := start(argv, opts.terminal())
	if err != nil {
		return 0, "", err
	}
	defer p.Close()
	if err := out.begin(opts.Record, p); err != nil {
		_, killErr := p.Kill(opts.ladder())
		return 0, "", errors.Join(err, killErr)
	}
	ended, status, err := supervise(ctx, p, out, &opts)
	err = errors.Join(err, out.finish(status))
	output = out.kept.text()
	switch {
	case err != nil:
		return 0, output, err
	case ended && opts.Check && status != 0:
		return status, output, statusError(argv, status, output)
	case ended:
		return status, output, nil
	case errors.Is(context.Cause(ctx), errTimedOut):
		return 0, output, timeoutError(argv, output)
	}
	return 0, output, ctx.Err()
}

// supervise types the input and reads the output until the program ends or ctx
// does, and kills and reaps what is left. It reports whether the program ended
// by itself.
func supervise(ctx context.Context, p *pty.Program, out *transcript, opts *Options) (ended bool, status int, err error) {
	typed := startTyping(p, opts.Input)
	defer context.AfterFunc(ctx, p.Interrupt)()

	failure := out.follow(p)
	if failure == nil {
		_ = p.AwaitEnd()
	}
	ended = p.HasEnded()
	p.Interrupt() // the typing
	// First the tree, then what it wrote: the output of a job that never
	// stops writing would have no end.
	status, err = p.Kill(opts.ladder())
	if failure == nil {
		failure = out.drain(p)
	}
	return ended, status, errors.Join(failure, err, <-typed)
}

func timeoutError(argv []string, output string) error {
	e := exceptions.Timeout.Newf("%w", errTimedOut)
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": output}
	return e
}

// KillAll kills all commands that run, and everything else that is on a
// pseudoterminal of this program's: see [pty.KillAll].
func KillAll() { pty.KillAll() }
