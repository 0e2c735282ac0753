package repl

import (
	"bytes"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// cursor is the terminal as the line editor sees it. The editor begins each
// line by asking the terminal where its cursor is, and would wait for ever for
// one that doesn't answer, such as a bare pseudoterminal. Here the question is
// answered at once, "in the first column", after it has been made true.
type cursor struct {
	in, out *os.File

	mu     sync.Mutex
	answer []byte
}

var (
	cursorQuery  = []byte("\x1b[6n")
	cursorAnswer = []byte("\x1b[1;1R")
)

// Write passes on everything but the question.
func (c *cursor) Write(p []byte) (int, error) {
	if !bytes.Equal(p, cursorQuery) {
		return c.out.Write(p)
	}
	c.mu.Lock()
	c.answer = cursorAnswer
	c.mu.Unlock()
	// A line of blanks ends where it begins, at the margin of this line; but
	// if a script has left the cursor in the middle, at that of the next.
	width, _ := terminalSize()
	_, err := c.out.WriteString(strings.Repeat(" ", width) + "\r")
	return len(p), err
}

// Read gives the answer first. The editor asks and reads in turns.
func (c *cursor) Read(p []byte) (int, error) {
	c.mu.Lock()
	n := copy(p, c.answer)
	c.answer = c.answer[n:]
	c.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	return c.in.Read(p)
}

// terminalSize is never zero, as that of a pseudoterminal is which nobody has
// given a size.
func terminalSize() (width, height int) {
	size, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 || size.Row == 0 {
		return 80, 24
	}
	return int(size.Col), int(size.Row)
}
