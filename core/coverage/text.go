package coverage

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteLCOV writes the tracefile format of lcov and genhtml, which most tools read.
// Paths are absolute.
func (r *Result) WriteLCOV(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, f := range r.Files {
		// A line break in a path would start a new line of the file.
		fmt.Fprintf(out, "TN:\nSF:%s\n", strings.ReplaceAll(filepath.Join(r.Root, f.Name), "\n", "?"))
		for _, line := range f.Lines {
			fmt.Fprintf(out, "DA:%d,%d\n", line.Number, line.Count)
		}
		share := f.Share()
		fmt.Fprintf(out, "LF:%d\nLH:%d\nend_of_record\n", share.Lines, share.Covered)
	}
	return out.Flush()
}

// longestMissed is the limit for the missed lines of a file in the summary, in
// characters.
const longestMissed = 40

// WriteSummary writes a table for people: a line for each file, and the total.
func (r *Result) WriteSummary(w io.Writer) error {
	const total = "total"
	width := len(total)
	for _, f := range r.Files {
		width = max(width, utf8.RuneCountInString(quoteName(f.Name)))
	}
	out := bufio.NewWriter(w)
	row := func(name string, s Share, missed string) {
		padded := name + strings.Repeat(" ", width-utf8.RuneCountInString(name))
		line := fmt.Sprintf("%s  %7s  %6d of %d", padded, s, s.Covered, s.Lines)
		if missed != "" {
			line = fmt.Sprintf("%-*s  missed: %s", width+26, line, missed)
		}
		fmt.Fprintln(out, line)
	}
	for _, f := range r.Files {
		row(quoteName(f.Name), f.Share(), missedText(f.Missed()))
	}
	row(total, r.Share(), "")
	return out.Flush()
}

// missedText lists ranges of lines, and ends with dots if there are too many.
func missedText(ranges [][2]int) string {
	var b strings.Builder
	for i, lines := range ranges {
		text := strconv.Itoa(lines[0])
		if lines[1] > lines[0] {
			text += "-" + strconv.Itoa(lines[1])
		}
		if i > 0 {
			text = ", " + text
		}
		if b.Len()+len(text) > longestMissed {
			return b.String() + ", ..."
		}
		b.WriteString(text)
	}
	return b.String()
}

// quoteName escapes the name of a file for a terminal.
func quoteName(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// Minimum is the required coverage, in per cent; 0 means none.
type Minimum struct {
	Total float64 // of all lines together
	File  float64 // of the lines of each file
}

// Check lists what is below the minimum, one line each.
func (r *Result) Check(want Minimum) (short []string) {
	if (want.Total > 0 || want.File > 0) && r.Share().Lines == 0 {
		return []string{"no line was counted"}
	}
	for _, f := range r.Files {
		if share := f.Share(); share.Percent() < want.File {
			short = append(short, fmt.Sprintf("%s: %s of the lines were executed, wanted %v%%", quoteName(f.Name), share, want.File))
		}
	}
	if share := r.Share(); share.Percent() < want.Total {
		short = append(short, fmt.Sprintf("%s of all lines were executed, wanted %v%%", share, want.Total))
	}
	return short
}
