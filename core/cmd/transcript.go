package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// maxPending is more than a pseudoterminal can hold, the kernel's buffers being
// 64 KiB and a line discipline's 4 KiB. It ends the reading of what a daemon
// writes that has kept the terminal.
const maxPending = 256 << 10

// transcript is what a command wrote, with those who want to see it as it
// comes.
type transcript struct {
	text   strings.Builder
	output io.Writer // nil, or one whose errors count
	debug  io.Writer // nil, or one whose errors don't
	buf    [4096]byte
}

// announce writes the command before its output.
func (t *transcript) announce(argv []string) {
	if t.debug != nil {
		_, _ = io.WriteString(t.debug, strings.Join(argv, " ")+"\n")
	}
}

func (t *transcript) add(data []byte) error {
	t.text.Write(data)
	if t.debug != nil {
		_, _ = t.debug.Write(data)
	}
	if t.output == nil {
		return nil
	}
	if _, err := t.output.Write(data); err != nil {
		return fmt.Errorf("write the command's output: %w", err)
	}
	return nil
}

// follow adds what comes from the terminal, until reading it is interrupted or
// nobody has it open any more.
func (t *transcript) follow(master *os.File) error {
	for {
		n, err := master.Read(t.buf[:])
		if n > 0 {
			if err := t.add(t.buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.EIO), errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the command's output: %w", err)
		}
	}
}

// drain adds what the terminal holds by now.
func (t *transcript) drain(master *os.File) error {
	for total := 0; total < maxPending; {
		n, err := readPending(master, t.buf[:])
		if err != nil {
			return fmt.Errorf("read the command's output: %w", err)
		}
		if n == 0 {
			return nil
		}
		if err := t.add(t.buf[:n]); err != nil {
			return err
		}
		total += n
	}
	return nil
}
