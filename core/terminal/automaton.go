package terminal

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// automaton finds the end of the first match of a regular expression, and looks at
// every character only once. It is the deterministic automaton of the expression; a
// state is created when it is first reached.
//
// A state is the set of instructions at which the threads of a backtracking machine
// would wait for the next character, after they have read another one. Whether an
// assertion such as \b is true also depends on the next character, so assertions stay
// in the set until it is known.
type automaton struct {
	prog   *syntax.Prog
	states map[string]*state
	now    *state

	// The set that is being built.
	seen  []uint32 // by instruction: the number of the last set that contains it
	set   uint32
	stack []uint32
}

type state struct {
	threads  []uint32 // instructions, in order
	previous rune     // or another one that is equivalent for assertions
	matched  bool     // a match has ended before the character that led here
	idle     bool     // no match has begun
	atEnd    int8     // whether a match ends here if no more comes; 0 if not known

	next [utf8.RuneSelf]*state
	wide map[rune]*state
}

// maxStates limits the memory of an automaton. If there are more states, which takes an
// unusual expression and output, all are discarded and created again when needed.
const maxStates = 2000

// beginning is the previous character at the beginning of the text.
const beginning rune = -1

func newAutomaton(prog *syntax.Prog) *automaton {
	return &automaton{prog: prog, states: map[string]*state{}, seen: make([]uint32, len(prog.Inst))}
}

// begin makes the automaton continue after the character previous.
func (a *automaton) begin(previous rune) { a.now = a.state(nil, previous, false) }

// scan reads text, which must not end within a character. It stops when a match has
// ended, which it may notice one character later. Idle is the last position at which no
// match had begun, -1 if there is none.
func (a *automaton) scan(text []byte) (n, idle int, found bool) {
	s := a.now
	idle = -1
	if s.idle {
		idle = 0
	}
	for n < len(text) {
		width := 1
		var next *state
		if c := text[n]; c < utf8.RuneSelf {
			if next = s.next[c]; next == nil {
				next = a.step(s, rune(c))
				s.next[c] = next
			}
		} else {
			var r rune
			r, width = utf8.DecodeRune(text[n:])
			if next = s.wide[r]; next == nil {
				next = a.step(s, r)
				a.widen(s, r, next)
			}
		}
		n += width
		s = next
		if s.idle {
			idle = n
		} else if s.matched {
			a.now = s
			return n, idle, true
		}
	}
	a.now = s
	return n, idle, false
}

// widen remembers a transition for a character that is not ASCII.
func (a *automaton) widen(s *state, r rune, next *state) {
	const most = 1000
	if s.wide == nil || len(s.wide) == most {
		s.wide = map[rune]*state{}
	}
	s.wide[r] = next
}

// matchesAtEnd reports whether a match ends at the current position if the text ends
// there.
func (a *automaton) matchesAtEnd() bool {
	s := a.now
	if s.atEnd == 0 {
		s.atEnd = -1
		a.gather(s, syntax.EmptyOpContext(s.previous, -1), func(inst *syntax.Inst) {
			if inst.Op == syntax.InstMatch {
				s.atEnd = 1
			}
		})
	}
	return s.atEnd > 0
}

// step creates the state that follows s after a character.
func (a *automaton) step(s *state, r rune) *state {
	var threads []uint32
	matched := false
	a.gather(s, syntax.EmptyOpContext(s.previous, r), func(inst *syntax.Inst) {
		switch {
		case inst.Op == syntax.InstMatch:
			matched = true
		case reads(inst, r):
			threads = append(threads, inst.Out)
		}
	})
	slices.Sort(threads)
	return a.state(slices.Compact(threads), r, matched)
}

func reads(inst *syntax.Inst, r rune) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1:
		return inst.MatchRune(r)
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return false
}

// gather calls visit for the instructions that the threads of s, and a new one for a
// match that begins here, reach without reading.
func (a *automaton) gather(s *state, allowed syntax.EmptyOp, visit func(inst *syntax.Inst)) {
	a.set++
	a.stack = append(append(a.stack[:0], uint32(a.prog.Start)), s.threads...)
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc] == a.set {
			continue
		}
		a.seen[pc] = a.set
		inst := &a.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			a.stack = append(a.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^allowed == 0 {
				a.stack = append(a.stack, inst.Out)
			}
		default:
			visit(inst)
		}
	}
}

// state returns the state for this set, and creates it if needed.
func (a *automaton) state(threads []uint32, previous rune, matched bool) *state {
	switch {
	case previous == beginning, previous == '\n':
	case syntax.IsWordChar(previous):
		previous = 'a'
	default:
		previous = ' '
	}
	key := append(identify(threads), byte(previous))
	if matched {
		key = append(key, 1)
	}
	s, ok := a.states[string(key)]
	if !ok {
		if len(a.states) >= maxStates {
			clear(a.states)
		}
		s = &state{threads: threads, previous: previous, matched: matched, idle: len(threads) == 0 && !matched}
		a.states[string(key)] = s
	}
	return s
}

func identify(threads []uint32) []byte {
	var key []byte
	for _, pc := range threads {
		key = append(key, byte(pc), byte(pc>>8), byte(pc>>16), byte(pc>>24))
	}
	return key
}
