package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ergochat/readline"

	"avescript/lualib/script"
)

// lineReader is where the lines come from.
type lineReader interface {
	// Read returns a line without its end. At the end of the input it is
	// io.EOF, after Ctrl-C errDropped.
	Read(prompt string) (string, error)
	Interactive() bool
	Close() error
}

// errDropped is that Ctrl-C was typed: what there is of the input is dropped.
var errDropped = errors.New("dropped")

// openLines gives a line editor on a terminal, and plain lines from anything
// else and from a terminal that cannot move its cursor.
func openLines(ctx context.Context, config Config, interrupts interrupts) (lineReader, error) {
	terminal := script.IsTerminal(os.Stdin)
	if !terminal || !script.IsTerminal(os.Stdout) || os.Getenv("TERM") == "dumb" {
		return &plainLines{ctx, interrupts, config.Stdin, bufio.NewReader(config.Stdin), config.Out, terminal}, nil
	}
	return newEditor(ctx, config)
}

// plainLines reads lines as they come. It prompts on a terminal only.
type plainLines struct {
	ctx        context.Context
	interrupts interrupts
	in         *os.File
	buffered   *bufio.Reader
	out        io.Writer
	terminal   bool
}

func (p *plainLines) Read(prompt string) (string, error) {
	if p.terminal {
		fmt.Fprint(p.out, prompt)
	}
	ctx, stop := p.interrupts.end(p.ctx)
	defer stop()
	defer script.InterruptReads(ctx, p.in)()
	line, err := p.buffered.ReadString('\n')
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(p.out)
		return "", errDropped
	case err != nil && p.terminal:
		fmt.Fprintln(p.out)
	}
	return strings.TrimRight(line, "\r\n"), err
}

func (p *plainLines) Interactive() bool { return p.terminal }
func (p *plainLines) Close() error      { return nil }

// editor reads lines that are edited on a terminal, and keeps them.
type editor struct {
	*readline.Instance
	detach func() bool
}

func newEditor(ctx context.Context, config Config) (*editor, error) {
	history := config.History
	if history != "" && prepareHistory(history) != nil {
		history = "" // a home that can't be written is no reason not to start
	}
	cursor := &cursor{in: os.Stdin, out: os.Stdout}
	instance, err := readline.NewFromConfig(&readline.Config{
		HistoryFile:       history,
		HistoryLimit:      historyLimit,
		HistorySearchFold: true,
		EOFPrompt:         "\n",
		Stdin:             cursor,
		Stdout:            cursor,
		FuncGetSize:       terminalSize,
	})
	if err != nil {
		return nil, err
	}
	return &editor{instance, context.AfterFunc(ctx, func() { instance.Close() })}, nil
}

func (e *editor) Read(prompt string) (string, error) {
	e.SetPrompt(prompt)
	line, err := e.ReadLine()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", errDropped
	}
	return line, err
}

func (e *editor) Interactive() bool { return true }

func (e *editor) Close() error {
	e.detach()
	return e.Instance.Close()
}
