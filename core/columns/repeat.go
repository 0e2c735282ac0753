package columns

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sequences for a terminal that replace the old text by a new one without flicker.
const (
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBelow  = "\x1b[J"
	clearScreen = "\x1b[2J"
)

// Repeat writes a text repeatedly until ctx ends. On a terminal it replaces the previous
// one, if inPlace says so. The text is made for the width, which is 0 if there is no
// terminal.
func Repeat(ctx context.Context, out *os.File, interval time.Duration, inPlace bool, text func(ctx context.Context, width int) string) error {
	begin := clearScreen
	for {
		size, terminal := windowSize(out)
		shown := text(ctx, int(size.Col))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if terminal && inPlace {
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
