package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"avescript/lualib/script"
)

// inputs is where the inputs come from.
type inputs interface {
	// Read returns a whole input. At the end of the inputs the error is io.EOF, together
	// with the unfinished input; after Ctrl-C it is errDropped.
	Read() (string, error)
	Interactive() bool
	Close() error
}

// errDropped is returned when Ctrl-C was typed: the unfinished input is dropped.
var errDropped = errors.New("dropped")

// openInputs returns an editor on a terminal. It returns plain lines for other inputs, and
// for a terminal that cannot move its cursor.
func (r *repl) openInputs(ctx context.Context) (inputs, error) {
	in, out := r.terminal()
	terminal := script.IsTerminal(in)
	if !terminal || !script.IsTerminal(out) || os.Getenv("TERM") == "dumb" {
		return &plainLines{ctx, r, terminal, r.attach(nil)}, nil
	}
	return r.newTyping(ctx)
}

// plainLines reads one line at a time and nothing after it, because the rest may be input
// of the script. It prompts on a terminal only.
type plainLines struct {
	ctx      context.Context
	r        *repl
	terminal bool
	detach   func() // of the streams
}

func (p *plainLines) Read() (string, error) {
	text, err := p.line(p.r.prompt(p.r.width()))
	for err == nil && p.r.incomplete(text) {
		var line string
		line, err = p.line(continuation)
		text += "\n" + line
	}
	return text, err
}

func (p *plainLines) line(prompt string) (string, error) {
	if p.terminal {
		fmt.Fprint(p.r.Out, prompt)
	}
	ctx, stop := p.r.interrupts.end(p.ctx)
	defer stop()
	defer script.InterruptReads(ctx, p.r.Stdin)()
	line, err := readLine(p.r.Stdin)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(p.r.Out)
		return "", errDropped
	case errors.Is(err, io.EOF) && p.terminal:
		fmt.Fprintln(p.r.Out)
	}
	return strings.TrimRight(line, "\r\n"), err
}

func (p *plainLines) Interactive() bool { return p.terminal }

func (p *plainLines) Close() error {
	p.detach()
	return nil
}

// readLine reads a line with its end.
func readLine(from io.Reader) (string, error) {
	var line strings.Builder
	var next [1]byte
	for {
		n, err := from.Read(next[:])
		line.Write(next[:n])
		if err != nil || n > 0 && next[0] == '\n' {
			return line.String(), err
		}
	}
}
