// Package cmd runs external programs on pseudoterminals.
//
// A program on a terminal writes as it would for a person: what it says on
// stdout and stderr is one stream, in order, unbuffered, and its lines end in
// "\r\n". Its input is the terminal too, and nothing is ever typed: a program
// that reads waits until its time is over.
//
// When [Run] returns, nothing of the command is left, background jobs included.
// Only a daemon survives, that is a process that has lost its parent and leads
// a session of its own; see [avescript/core/process.KillTree].
package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// Options are how a command is run. The zero value is good.
type Options struct {
	// Timeout ends the command and its tree. Zero waits for ever.
	Timeout time.Duration

	// Dir is the directory to run in, the current one if empty.
	Dir string

	// Env are settings "NAME=value" above those of this program. PATH among
	// them is the command's, it does not say where the command is found.
	Env []string

	// Output gets what the command writes, as it comes. Its failure ends the
	// command. A Write that blocks delays the timeout.
	Output io.Writer

	// Debug gets the command, in one line, and then what it writes.
	Debug io.Writer
}

// errTimedOut tells Options.Timeout from a deadline of the caller's context.
var errTimedOut = errors.New("command timed out")

// Split takes a command line apart at white space, as the ave.cmd functions do
// with a command that is a string. There is no quoting.
func Split(command string) []string { return strings.Fields(command) }

// Run runs a command to its end. The status is 0 to 255 as the command chose,
// or the negative number of the signal that ended it. The output is all that
// was written on the terminal, byte for byte.
//
// A command that cannot be started gives a RunError, one that takes longer than
// opts.Timeout a Timeout, with the output so far in its details. When ctx ends
// the command is killed and ctx.Err() returned.
func Run(ctx context.Context, argv []string, opts Options) (status int, output string, err error) {
	if err := ctx.Err(); err != nil {
		return 0, "", err
	}
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opts.Timeout, errTimedOut)
		defer cancel()
	}
	out := transcript{output: opts.Output, debug: opts.Debug}
	out.announce(argv)
	c, err := running.start(argv, opts)
	if err != nil {
		return 0, "", err
	}
	defer c.close()
	ended, wait, err := c.supervise(ctx, &out)
	output = out.text.String()
	switch {
	case err != nil:
		return 0, output, err
	case ended:
		return exitStatus(wait), output, nil
	case errors.Is(context.Cause(ctx), errTimedOut):
		return 0, output, timeoutError(argv, output)
	}
	return 0, output, ctx.Err()
}

// supervise reads the child's output until it ends or ctx does, and kills and
// reaps what is left. It reports whether the child ended by itself.
func (c *child) supervise(ctx context.Context, out *transcript) (ended bool, status syscall.WaitStatus, err error) {
	exit, err := c.watchExit(c.interrupt)
	if err != nil {
		_, killErr := c.kill()
		return false, 0, errors.Join(err, killErr)
	}
	defer exit.close()
	defer context.AfterFunc(ctx, c.interrupt)()

	failure := out.follow(c.master)
	if failure == nil {
		select {
		case <-exit.ended:
		case <-ctx.Done():
		}
	}
	ended = exit.hasEnded()
	// First the tree, then what it wrote: the output of a job that never
	// stops writing would have no end.
	status, err = c.kill()
	if failure == nil {
		failure = out.drain(c.master)
	}
	return ended, status, errors.Join(failure, err)
}

// RunBackground starts a command and leaves it to the caller, who must wait for
// the pid, with wait4 or the like, and close the terminal. Closing it hangs the
// command up. The terminal gives EIO when nobody writes to it any more.
// opts.Timeout and opts.Output have no meaning here.
func RunBackground(argv []string, opts Options) (pid int, terminal *os.File, err error) {
	out := transcript{debug: opts.Debug}
	out.announce(argv)
	c, err := start(argv, opts)
	if err != nil {
		return 0, nil, err
	}
	c.replica.Close()
	return c.pid, c.master, nil
}

func exitStatus(status syscall.WaitStatus) int {
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

func timeoutError(argv []string, output string) error {
	e := exceptions.Timeout.Newf("%w", errTimedOut)
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": output}
	return e
}
