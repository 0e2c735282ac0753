package ps

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sequences for a terminal that replace the old list by a new one without flicker.
const (
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
	clearScreen = "\x1b[2J"
)

// Watch writes the list repeatedly until ctx ends; on a terminal it replaces the previous
// one. It continues if a service does not answer for a while.
func Watch(ctx context.Context, out *os.File, interval time.Duration, asJSON bool, get func(context.Context) ([]Process, error)) error {
	begin := clearScreen
	for {
		list, failed := get(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed != nil {
			list = []Process{{Ports: []int{}, Error: failed.Error()}}
		}
		size, terminal := windowSize(out)
		var text bytes.Buffer
		if asJSON {
			_ = WriteJSON(&text, list, false) // into memory
		} else {
			_ = WriteTable(&text, list, int(size.Col))
		}
		shown := text.String()
		if terminal && !asJSON {
			shown, begin = begin+frame(shown, int(size.Row)), ""
		}
		if _, err := io.WriteString(out, shown); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

// frame is a text in the form that replaces the previous one on a terminal with this number
// of rows.
func frame(text string, rows int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if rows == 0 { // unknown
		rows = len(lines) + 1
	}
	lines = lines[:min(len(lines), rows)]
	var b strings.Builder
	b.WriteString(toTop)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		// Before the line: after a line as wide as the terminal it would erase the last
		// character.
		b.WriteString(clearLine + line)
	}
	if len(lines) < rows {
		b.WriteString("\r\n" + clearBelow)
	}
	return b.String()
}

// WriteJSON writes the list on one line, or indented.
func WriteJSON(out io.Writer, list []Process, indented bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if indented {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(list)
}

// Width is the width of a terminal, and 0 if the file is not a terminal.
func Width(out *os.File) int {
	size, _ := windowSize(out)
	return int(size.Col)
}

func windowSize(out *os.File) (unix.Winsize, bool) {
	size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return unix.Winsize{}, false
	}
	return *size, true
}
