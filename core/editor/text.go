package editor

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// text is the text that is being edited, and the cursor as a byte offset, which is
// always between two grapheme clusters.
type text struct {
	s    string
	at   int
	goal int // the column that Up and Down keep; -1 for that of the cursor

	killed  string // what Ctrl-Y inserts
	undo    []state
	merging bool // the next character belongs to the last step of undo
}

type state struct {
	s  string
	at int
}

// mostUndo is how many steps can be undone.
const mostUndo = 1000

// cluster is the first grapheme cluster of s.
func cluster(s string) (first string, width int) {
	return ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
}

func (t *text) set(s string, at int) { t.s, t.at, t.goal = s, at, -1 }

// keep saves the text for undo.
func (t *text) keep() {
	t.merging = false
	if n := len(t.undo); n > 0 && t.undo[n-1].s == t.s {
		return
	}
	if len(t.undo) == mostUndo {
		t.undo = t.undo[1:]
	}
	t.undo = append(t.undo, state{t.s, t.at})
}

func (t *text) undoStep() {
	for n := len(t.undo); n > 0; n-- {
		last := t.undo[n-1]
		t.undo = t.undo[:n-1]
		if last.s != t.s {
			t.set(last.s, last.at)
			break
		}
	}
	t.merging = false
}

// insert inserts s at the cursor. Typed words are undone as words.
func (t *text) insert(s string) {
	typed := !strings.ContainsAny(s, " \t\n") && utf8.RuneCountInString(s) == 1
	if !typed || !t.merging {
		t.keep()
	}
	t.merging = typed
	t.replace(t.at, t.at, s)
}

// replace replaces a part, and leaves the cursor after it.
func (t *text) replace(from, to int, s string) {
	t.s = t.s[:from] + s + t.s[to:]
	t.at, t.goal = from+len(s), -1
}

// cut removes a part. What several keys remove in sequence can be inserted again as
// one.
func (t *text) cut(from, to int, kill bool) {
	if from >= to {
		return
	}
	t.keep()
	if kill {
		t.killed = t.s[from:to]
	}
	t.replace(from, to, "")
}

// before and after are the positions one character away.
func (t *text) before(at int) int {
	start := t.lineStart(at)
	if start == at {
		return max(0, at-1)
	}
	last := start
	for i := start; i < at; {
		c, _ := cluster(t.s[i:at])
		last, i = i, i+len(c)
	}
	return last
}

func (t *text) after(at int) int {
	if at >= len(t.s) {
		return len(t.s)
	}
	if t.s[at] == '\n' {
		return at + 1
	}
	c, _ := cluster(t.s[at:t.lineEnd(at)])
	return at + len(c)
}

func (t *text) lineStart(at int) int { return strings.LastIndexByte(t.s[:at], '\n') + 1 }

func (t *text) lineEnd(at int) int {
	if i := strings.IndexByte(t.s[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(t.s)
}

func (t *text) onFirstLine() bool { return t.lineStart(t.at) == 0 }
func (t *text) onLastLine() bool  { return t.lineEnd(t.at) == len(t.s) }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (t *text) wordBefore(at int) int {
	skip := func(in bool) {
		for at > 0 {
			r, size := utf8.DecodeLastRuneInString(t.s[:at])
			if isWord(r) != in {
				return
			}
			at -= size
		}
	}
	skip(false)
	skip(true)
	return at
}

func (t *text) wordAfter(at int) int {
	skip := func(in bool) {
		for at < len(t.s) {
			r, size := utf8.DecodeRuneInString(t.s[at:])
			if isWord(r) != in {
				return
			}
			at += size
		}
	}
	skip(false)
	skip(true)
	return at
}

// spaceBefore is the beginning of the word before the cursor; words are separated by
// blanks.
func (t *text) spaceBefore(at int) int {
	word := strings.TrimRightFunc(t.s[:at], unicode.IsSpace)
	return len(strings.TrimRightFunc(word, func(r rune) bool { return !unicode.IsSpace(r) }))
}

// vertical moves the cursor a line up (-1) or down (1), and keeps its column.
func (t *text) vertical(direction int) {
	start := t.lineStart(t.at)
	if t.goal < 0 {
		t.goal = column(t.s[start:t.at])
	}
	goal := t.goal
	if direction < 0 {
		start = t.lineStart(start - 1)
	} else {
		start = t.lineEnd(t.at) + 1
	}
	line := t.s[start:t.lineEnd(start)]
	at, col := 0, 0
	for at < len(line) {
		c, width := measure(line[at:], col)
		if col+width > goal {
			break
		}
		at, col = at+len(c), col+width
	}
	t.at = start + at
	t.goal = goal
}

// column is the width of a part of a line.
func column(line string) (col int) {
	for len(line) > 0 {
		c, width := measure(line, col)
		line, col = line[len(c):], col+width
	}
	return col
}

// tabWidth is the distance between tab stops.
const tabWidth = 4

// measure returns the first character of a line, and its width at a column.
func measure(line string, col int) (c string, width int) {
	if line[0] == '\t' {
		return "\t", tabWidth - col%tabWidth
	}
	c, width = cluster(line)
	if other := substitute(c); other != "" {
		return c, utf8.RuneCountInString(other)
	}
	return c, max(width, 1)
}

// substitute is what is shown for a character that is invisible or would move the
// cursor: ^A for an ASCII control character. For all other characters it is empty.
func substitute(c string) string {
	r, _ := utf8.DecodeRuneInString(c)
	switch {
	case r < ' ' || r == 0x7f:
		return "^" + string(r^'@')
	case !unicode.IsGraphic(r) || unicode.Is(unicode.M, r) || r == utf8.RuneError:
		return string(utf8.RuneError)
	}
	return ""
}
