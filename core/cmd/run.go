// Package cmd runs external programs on pseudoterminals.
//
// A program on a terminal writes as it would for a person: stdout and stderr are one
// stream, in order, unbuffered, and lines end in "\r\n". Its input is the terminal,
// too. Nothing is typed there except Options.Input; without it, a program that reads
// waits until the timeout.
//
// When [Run] returns, all processes of the command have ended, including background
// jobs. Only a daemon survives, a process that has lost its parent and leads a session
// of its own; see [avescript/core/process.KillTree].
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
	"avescript/core/posix"
	"avescript/core/process"
	"avescript/core/pty"
)

// Options says how a command runs. The zero value is ready to use.
type Options struct {
	pty.Options

	// Timeout ends the command and its tree. Zero means no limit.
	Timeout time.Duration

	// Input is typed, followed by the end of input. The terminal echoes it, so it is
	// part of the output, unless the command turns that off. Control characters work as
	// on a keyboard: "\x03" interrupts. If a command discards what was typed before it
	// asks, as for a password, the input is lost. A command that turns off the editing
	// of lines gets "\x04" like any other character.
	Input *string

	// Output receives what the command writes, as it comes. If it fails, the command is
	// ended. A Write that blocks delays the timeout.
	Output io.Writer

	// Record receives a recording of the output, in the asciicast format.
	Record io.Writer
	// Keep is how many bytes of the end of the output are kept in memory and returned.
	// Zero means KeepAll.
	Keep int

	// Debug receives the command, on one line, and then its output.
	Debug io.Writer

	// Check makes every status except 0 a RunError.
	Check bool

	// Ladder are the signals that the tree gets before SIGKILL; nil means
	// process.HangUp.
	Ladder []process.Step
}

// Values of Options.Keep.
const (
	KeepAll  = math.MaxInt
	KeepNone = -1
)

func (o *Options) ladder() []process.Step {
	if o.Ladder == nil {
		return process.HangUp
	}
	return o.Ladder
}

// errTimedOut distinguishes Options.Timeout from a deadline of the caller's context.
var errTimedOut = errors.New("command timed out")

// Split splits a command line at white space. There is no quoting.
func Split(command string) []string { return strings.Fields(command) }

// Run runs a command to its end. The status is 0 to 255 as the command chose, or the
// negative number of the signal that ended it. The output is everything that was
// written on the terminal, byte for byte, or the end of it: see Options.Keep. What a
// command writes after the timeout is not part of it.
//
// If the command cannot be started, the error is a RunError; if it takes longer than
// opts.Timeout, it is a Timeout with the output so far in its details. When ctx ends,
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
	announce(opts.Debug, argv)
	out := newTranscript(&opts)
	start := pty.Start
	if opts.Output == nil { // its code may not be suitable for a locked thread
		if release, ok := posix.TryThread(); ok {
			defer release()
			start = pty.StartHere
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
	}
	p, err := start(argv, opts.Options)
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

// supervise types the input and reads the output until the program or ctx ends, then
// kills and reaps what is left. It reports whether the program ended by itself.
func supervise(ctx context.Context, p *pty.Program, out *transcript, opts *Options) (ended bool, status int, err error) {
	typed := startTyping(p, opts.Input)
	defer context.AfterFunc(ctx, p.Interrupt)()

	failure := out.follow(p)
	if failure == nil {
		_ = p.AwaitEnd()
	}
	ended = p.HasEnded()
	p.Interrupt() // the typing
	if !ended && failure == nil {
		failure = out.drain(p) // output after this point is too late
	}
	// First the tree, then its output: a job that never stops writing would produce
	// output without end.
	status, err = p.Kill(opts.ladder())
	if ended && failure == nil {
		failure = out.drain(p)
	}
	return ended, status, errors.Join(failure, err, <-typed)
}

func timeoutError(argv []string, output string) error {
	e := exceptions.Timeout.Newf("%w", errTimedOut)
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": output}
	return e
}

// KillAll kills all running commands, and everything else on a pseudoterminal of this
// program: see [pty.KillAll].
func KillAll() { pty.KillAll() }
