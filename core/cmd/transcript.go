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

// transcript collects what a command writes, and passes it on as it comes.
type transcript struct {
	kept   tail
	output io.Writer         // nil, or a writer whose errors count
	debug  io.Writer         // nil, or a writer whose errors are ignored
	record *asciicast.Writer // nil, or a writer that keeps its own error
	buf    [4096]byte
}

func newTranscript(opts *Options) *transcript {
	keep := opts.Keep
	if keep == 0 {
		keep = KeepAll
	}
	return &transcript{kept: tail{most: max(keep, 0)}, output: opts.Output, debug: opts.Debug}
}

// announce writes the command to debug, unless that is nil.
func announce(debug io.Writer, argv []string) {
	if debug != nil {
		_, _ = io.WriteString(debug, strings.Join(argv, " ")+"\n")
	}
}

func (t *transcript) add(data []byte) error {
	t.kept.add(data)
	if t.debug != nil {
		_, _ = t.debug.Write(data)
	}
	if t.record != nil {
		_ = t.record.Output(data) // Close returns the error
	}
	if t.output == nil {
		return nil
	}
	if _, err := t.output.Write(data); err != nil {
		return fmt.Errorf("write the command's output: %w", err)
	}
	return nil
}

// begin begins the recording, if one is wanted.
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

// follow reads the terminal until the program has ended or reading is interrupted.
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

// drain reads what the terminal holds now.
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

// statusError is the error for a status that Options.Check does not accept.
func statusError(argv []string, status int, output string) error {
	e := exceptions.RunError.Newf("command exited with status %d", status)
	if status < 0 {
		signal := syscall.Signal(-status)
		e = exceptions.RunError.Newf("command was ended by signal %d (%v)", -status, signal)
	}
	e.Details = map[string]any{"cmd": append([]string{}, argv...), "out": output, "ptyout": output, "status": status}
	return e
}
