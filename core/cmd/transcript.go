package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"avescript/core/asciicast"
	"avescript/core/exceptions"
	"avescript/core/pty"
)

// transcript is what a command wrote, with those who want to see it as it
// comes.
type transcript struct {
	kept   tail
	output io.Writer         // nil, or one whose errors count
	debug  io.Writer         // nil, or one whose errors don't
	record *asciicast.Writer // nil, or one that has its own error
	buf    [4096]byte
}

func newTranscript(opts *Options) *transcript {
	keep := opts.Keep
	switch {
	case keep == 0 && opts.Output != nil:
		keep = KeepSome
	case keep == 0:
		keep = KeepAll
	}
	return &transcript{kept: tail{most: max(keep, 0)}, output: opts.Output, debug: opts.Debug}
}

// announce writes the command before its output.
func (t *transcript) announce(argv []string) {
	if t.debug != nil {
		_, _ = io.WriteString(t.debug, strings.Join(argv, " ")+"\n")
	}
}

func (t *transcript) add(data []byte) error {
	t.kept.add(data)
	if t.debug != nil {
		_, _ = t.debug.Write(data)
	}
	if t.record != nil {
		_ = t.record.Output(data) // Close has the error
	}
	if t.output == nil {
		return nil
	}
	if _, err := t.output.Write(data); err != nil {
		return fmt.Errorf("write the command's output: %w", err)
	}
	return nil
}

// begin begins the recording, if there is one.
func (t *transcript) begin(w io.Writer, p *pty.Program) error {
	if w == nil {
		return nil
	}
	size, err := p.Size()
	if err != nil {
		return err
	}
	t.record, err = asciicast.NewWriter(w, asciicast.Header{
		Width: size.Cols, Height: size.Rows, Command: strings.Join(p.Argv, " "),
	})
	return err
}

// finish ends the recording.
func (t *transcript) finish(status int) error {
	if t.record == nil {
		return nil
	}
	_ = t.record.Exit(status)
	return t.record.Close()
}

// follow adds what comes from the terminal, until the program has ended or
// reading is interrupted.
func (t *transcript) follow(p *pty.Program) error {
	for {
		n, err := p.Read(t.buf[:])
		if n > 0 {
			if err := t.add(t.buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the command's output: %w", err)
		}
	}
}

// drain adds what the terminal holds by now.
func (t *transcript) drain(p *pty.Program) error {
	var failure error
	err := p.Drain(func(data []byte) error {
		failure = t.add(data)
		return failure
	})
	if err != nil && failure == nil {
		return fmt.Errorf("read the command's output: %w", err)
	}
	return err
}

// tail is the end of what was added to it.
type tail struct {
	most int // bytes
	data []byte
}

func (t *tail) add(data []byte) {
	t.data = append(t.data, data...)
	// Dropping as much as is kept has every byte moved once at most.
	if t.most < KeepAll/2 && len(t.data) > 2*t.most {
		t.data = append(t.data[:0], t.end()...)
	}
}

func (t *tail) end() []byte { return t.data[max(0, len(t.data)-t.most):] }

func (t *tail) text() string { return string(t.end()) }

// statusError says that a command did not end as Options.Check wants it.
func statusError(argv []string, status int, output string) error {
	e := exceptions.RunError.Newf("command exited with status %d", status)
	if status < 0 {
		signal := syscall.Signal(-status)
		e = exceptions.RunError.Newf("command was ended by signal %d (%v)", -status, signal)
	}
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": output, "ptyout": output, "status": status}
	return e
}
