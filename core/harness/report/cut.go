package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// This file makes long things short for the screen. What was left out is
// counted, so that nobody takes the rest for the whole.

const (
	widest     = 400 // bytes of a line
	mostLines  = 60  // of a message or a diff
	mostOutput = 20  // lines of what a test has written
)

// shorten cuts lines that are too long, and takes out the middle if there are
// too many. Of two long lines that follow each other, such as the expected
// and the actual value, it shows where they begin to differ.
func shorten(lines []line) []line {
	at := 0 // where the line before differs from this one
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

// difference is where two lines begin to differ. What stands before the values
// differs always: "-" and "+", or "expected: " and "actual: ".
func difference(a, b string) int {
	const label = len("expected: ")
	at := label
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return at
}

// window is a line that isn't too long, or its beginning and what is around a
// byte of it.
func window(text string, at int) string {
	const head, before = 40, 80
	if len(text) <= widest {
		return text
	}
	first := boundary(text, head)
	from := boundary(text, at-before)
	if from <= first {
		from = first
	}
	to := boundary(text, min(from+widest-head, len(text)))
	return text[:first] + gap(from-first) + text[from:to] + gap(len(text)-to)
}

// gap stands for bytes that were left out.
func gap(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" ...(%d bytes)... ", n)
}

// boundary is the beginning of the character that a byte belongs to.
func boundary(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// lastLines is the end of what a test has written.
func lastLines(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if left := len(lines) - mostOutput; left > 0 {
		lines = append([]string{fmt.Sprintf("... %d lines before", left)}, lines[left:]...)
	}
	for i := range lines {
		lines[i] = window(lines[i], 0)
	}
	return lines
}

// clip is the beginning of a text that has more columns than there are.
func clip(text string, columns int) string { return ansi.Truncate(text, columns, "…") }
