package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/harness"
)

// This file shortens long things for the screen. The shortened text says how much was
// left out.

const (
	widest     = 400 // bytes of a line
	mostLines  = 60  // of a message or a diff
	mostOutput = 20  // lines of a test's output
)

// shorten cuts lines that are too long, and removes the middle if there are too many.
// Of two consecutive long lines, such as the expected and the actual value, it shows
// the place where they begin to differ.
func shorten(lines []line) []line {
	at := 0 // where this line differs from the one before
	for i := range lines {
		text := lines[i].text
		if len(text) <= widest {
			at = 0
			continue
		}
		if at == 0 && i+1 < len(lines) && len(lines[i+1].text) > widest {
			at = difference(text, lines[i+1].text)
		}
		lines[i].text = window(text, at)
	}
	if len(lines) <= mostLines {
		return lines
	}
	const head = mostLines * 2 / 3
	const tail = mostLines - head - 1
	gap := line{callerLine, fmt.Sprintf("... %d more lines ...", len(lines)-head-tail)}
	return slices.Concat(lines[:head], []line{gap}, lines[len(lines)-tail:])
}

// difference returns where two lines begin to differ, without their prefixes: "-" and
// "+", or "expected: " and "actual: ".
func difference(a, b string) int {
	const label = len("expected: ")
	at := label
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return at
}

// window returns a line if it is short enough; otherwise its beginning, the part around
// a byte, and its end.
func window(text string, at int) string {
	const head, before, tail = 40, 80, 60
	if len(text) <= widest {
		return text
	}
	first := harness.Boundary(text, head)
	from := harness.Boundary(text, max(at-before, 0))
	if from <= first {
		from = first
	}
	to := harness.Boundary(text, min(from+widest-head-tail, len(text)))
	last := max(to, harness.Boundary(text, len(text)-tail))
	return text[:first] + gap(from-first) + text[from:to] + gap(last-to) + text[last:]
}

// gap is the text that replaces bytes that were left out.
func gap(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" ...(%d bytes)... ", n)
}

// someLines returns the first and the last lines of an output.
func someLines(text string) []string {
	const first = 5
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if left := len(lines) - mostOutput; left > 0 {
		gap := fmt.Sprintf("... %d lines left out ...", left)
		lines = slices.Concat(lines[:first], []string{gap}, lines[first+left:])
	}
	for i := range lines {
		lines[i] = window(lines[i], 0)
	}
	return lines
}

// clip cuts a text to a number of columns.
func clip(text string, columns int) string { return ansi.Truncate(text, columns, "…") }
