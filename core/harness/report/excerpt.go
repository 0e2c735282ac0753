package report

import (
	"io"
	"os"
	"strings"

	"avescript/core/harness"
)

// sourceTexts caches the lines of scripts in which failures happened. The zero value is
// ready to use.
type sourceTexts map[string][]string

// around adds the surrounding source lines to a frame. There are none if the script
// cannot be read, or has changed since it ran.
func (s *sourceTexts) around(f harness.Frame) pageFrame {
	const before, after = 4, 3
	shown := pageFrame{Frame: f}
	if f.Source == "" {
		return shown
	}
	lines := s.lines(f.File)
	if f.Line < 1 || f.Line > len(lines) || strings.TrimSpace(lines[f.Line-1]) != strings.TrimSpace(f.Source) {
		return shown
	}
	first := max(1, f.Line-before)
	shown.First, shown.Lines = first, lines[first-1:min(len(lines), f.Line+after)]
	return shown
}

func (s *sourceTexts) lines(file string) []string {
	if *s == nil {
		*s = sourceTexts{}
	}
	lines, ok := (*s)[file]
	if !ok {
		lines = strings.Split(escape(string(readSmall(file))), "\n")
		(*s)[file] = lines
	}
	return lines
}

// readSmall reads a file. It returns nil if the file cannot be read or is too large for
// a page.
func readSmall(file string) []byte {
	const largest = 2 << 20
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > largest {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, largest))
	if err != nil {
		return nil
	}
	return data
}
