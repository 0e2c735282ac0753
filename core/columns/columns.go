// Package columns writes lists for people: lines with aligned columns, cut to the width of
// the terminal, and written again in place while what they show changes.
//
// Cells must be safe to print: see package printable.
package columns

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Row is a line, followed by indented lines with details.
type Row struct {
	Cells   []string
	Details []string
}

// Write writes rows, which have the same number of cells. Lines are cut to the width, unless
// it is 0.
func Write(out io.Writer, rows []Row, width int) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row.Cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row.Cells {
			line += cell + strings.Repeat(" ", widths[i]-ansi.StringWidth(cell)+2)
		}
		writeLine(&text, line, width)
		for _, detail := range row.Details {
			writeLine(&text, "  "+detail, width)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func writeLine(text *strings.Builder, line string, width int) {
	line = strings.TrimRight(line, " ")
	if width > 0 {
		line = ansi.Truncate(line, width, "…")
	}
	text.WriteString(line + "\n")
}

// Seconds is a number of seconds as a duration.
func Seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// Duration formats a duration with at most two units.
func Duration(d time.Duration) string {
	d = max(d, 0)
	const day = 24 * time.Hour
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}

// Size formats a number of bytes in the largest unit that fits.
func Size(bytes int64) string {
	const unit = 1024
	n, units := float64(bytes), "BKMGT"
	for n >= unit && len(units) > 1 {
		n, units = n/unit, units[1:]
	}
	return fmt.Sprintf("%.0f%c", n, units[0])
}
