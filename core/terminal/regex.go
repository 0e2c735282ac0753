package terminal

import (
	"context"
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// Regex is a pattern that is a regular expression, with the syntax of package regexp.
//
// Package regexp cannot continue where it stopped, and needs tens of nanoseconds per
// byte. So an automaton reads the output first, once, and finds out whether there is a
// match and the earliest place where it can begin. The package only searches from
// there, for the match and its captures.
type Regex struct {
	expr     string
	machine  *regexp.Regexp
	shifted  *regexp.Regexp // the same after any one character
	context  bool           // it depends on the character before the match
	prog     *syntax.Prog
	automata sync.Pool // of *automaton, from searches that are over
}

// NewRegex compiles a regular expression.
func NewRegex(expr string) (*Regex, error) {
	machine, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	// The text of the tree is used because a \Q in expr may have no end.
	shifted, err := regexp.Compile(`(?s:.)(?:` + tree.String() + `)`)
	if err != nil {
		return nil, err
	}
	r := &Regex{expr: expr, machine: machine, shifted: shifted, context: looksBack(tree)}
	if r.prog, err = syntax.Compile(tree.Simplify()); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Regex) String() string { return "regex `" + r.expr + "`" }

// looksBack reports whether an expression depends on the text before a match.
func looksBack(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, sub := range re.Sub {
		if looksBack(sub) {
			return true
		}
	}
	return false
}

// Search starts a search for the expression.
func (r *Regex) Search() Search {
	a, ok := r.automata.Get().(*automaton)
	if !ok {
		a = newAutomaton(r.prog)
	}
	a.begin(beginning)
	return &regexSearch{regex: r, automaton: a}
}

// regexSearch counts positions from the beginning of the output, dropped or not.
type regexSearch struct {
	regex     *Regex
	automaton *automaton
	read      int  // how far the automaton has read
	from      int  // no match begins before it
	certain   bool // there is a match that ends in the text that was read
	thrift    Thrift
}

func (s *regexSearch) Next(_ context.Context, w Window) ([]int, bool, error) {
	text := w.Complete()
	if w.Dropped > 0 && s.from <= w.Dropped {
		s.restart(text, w.Dropped)
	}
	for {
		if !s.certain {
			s.scan(text, w.Dropped)
		}
		if !s.certain && !s.automaton.matchesAtEnd() {
			return nil, true, nil
		}
		if !s.thrift.Worthwhile(len(text)-(s.from-w.Dropped), w) {
			return nil, false, nil
		}
		match := s.regex.find(text, s.from-w.Dropped, s.from > 0)
		if match != nil {
			sure := w.Quiet || s.isSettled(text, w.Dropped)
			if sure {
				s.regex.automata.Put(s.automaton)
			}
			return match, sure, nil
		}
		if !s.certain {
			return nil, true, nil
		}
		// The match began in text that was dropped.
		s.restart(text[s.read-w.Dropped:], s.read)
	}
}

// isSettled reports whether the match that was found stays the first.
func (s *regexSearch) isSettled(text []byte, dropped int) bool {
	previous := beginning
	if s.from > 0 {
		previous, _ = utf8.DecodeLastRune(text[:s.from-dropped])
	}
	return isSettled(s.regex.prog, text[s.from-dropped:], previous)
}

// Open is where the current attempt of the automaton began.
func (s *regexSearch) Open() int { return s.from }

// scan continues reading.
func (s *regexSearch) scan(text []byte, dropped int) {
	n, idle, found := s.automaton.scan(text[s.read-dropped:])
	if idle >= 0 {
		s.from = s.read + idle
		s.thrift = Thrift{}
	}
	s.read += n
	s.certain = found
}

// restart starts the automaton again in the middle of the output. The first character
// of the text is only the context of the second.
func (s *regexSearch) restart(text []byte, at int) {
	previous, width := utf8.DecodeRune(text)
	if width == 0 {
		previous = ' '
	}
	s.automaton.begin(previous)
	s.read, s.from, s.certain, s.thrift = at+width, at+width, false, Thrift{}
}

// find looks for a match that begins at from or later.
func (r *Regex) find(text []byte, from int, middle bool) []int {
	if !middle || !r.context || from == 0 {
		return moved(r.machine.FindSubmatchIndex(text[from:]), from)
	}
	_, width := utf8.DecodeLastRune(text[:from])
	match := r.shifted.FindSubmatchIndex(text[from-width:])
	if match == nil {
		return nil
	}
	match = moved(match, from-width)
	_, width = utf8.DecodeRune(text[match[0]:])
	match[0] += width
	return match
}

func moved(match []int, by int) []int {
	for i := range match {
		if match[i] >= 0 {
			match[i] += by
		}
	}
	return match
}
