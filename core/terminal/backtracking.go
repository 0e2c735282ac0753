package terminal

import (
	"regexp/syntax"
	"unicode/utf8"
)

// threads are the threads of a backtracking machine that looks for the first match of a
// regular expression, in order of preference. The automaton has no order, so it does
// not know which match would be preferred.
type threads struct {
	prog  *syntax.Prog
	list  []uint32 // instructions
	seen  []uint32 // by instruction: the last round in which it was reached
	round uint32
}

// isSettled reports whether the first match in a text stays the same, whatever follows.
// The text follows the character previous, and contains a match.
func isSettled(prog *syntax.Prog, text []byte, previous rune) bool {
	t := &threads{prog: prog, seen: make([]uint32, len(prog.Inst))}
	matched := false
	for at := 0; at < len(text); {
		c, width := utf8.DecodeRune(text[at:])
		matched = t.step(matched, previous, c)
		if matched && len(t.list) == 0 {
			return true
		}
		previous = c
		at += width
	}
	return t.isSettledAtEnd(matched, previous)
}

// step makes all threads read c, and starts a new one unless there is a match. It
// reports whether there is a match now; threads of lower preference are discarded.
func (t *threads) step(matched bool, previous, c rune) bool {
	allowed := syntax.EmptyOpContext(previous, c)
	var next []uint32
	t.walk(matched, func(inst *syntax.Inst) (pass, done bool) {
		switch {
		case inst.Op == syntax.InstMatch:
			matched = true
			return false, true
		case inst.Op == syntax.InstEmptyWidth:
			return syntax.EmptyOp(inst.Arg)&^allowed == 0, false
		case reads(inst, c):
			next = append(next, inst.Out)
		}
		return false, false
	})
	t.list = next
	return matched
}

// isSettledAtEnd reports whether the first thread that can continue has matched.
func (t *threads) isSettledAtEnd(matched bool, previous rune) bool {
	const known = syntax.EmptyBeginLine | syntax.EmptyBeginText
	allowed := syntax.EmptyOpContext(previous, -1) & known
	settled := matched
	t.walk(matched, func(inst *syntax.Inst) (pass, done bool) {
		if op := syntax.EmptyOp(inst.Arg); inst.Op == syntax.InstEmptyWidth && op&^known == 0 {
			return op&^allowed == 0, false
		}
		if inst.Op == syntax.InstFail {
			return false, false
		}
		settled = inst.Op == syntax.InstMatch
		return false, true
	})
	return settled
}

// walk visits the instructions that the threads, and a new one unless there is a match,
// reach without reading, in order, until visit is done. It continues after an assertion
// if that passes.
func (t *threads) walk(matched bool, visit func(inst *syntax.Inst) (pass, done bool)) {
	t.round++
	heads := t.list
	if !matched {
		heads = append(heads, uint32(t.prog.Start))
	}
	var stack []uint32
	for _, head := range heads {
		for stack = append(stack[:0], head); len(stack) > 0; {
			pc := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if t.seen[pc] == t.round {
				continue
			}
			t.seen[pc] = t.round
			switch inst := &t.prog.Inst[pc]; inst.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				stack = append(stack, inst.Arg, inst.Out)
			case syntax.InstCapture, syntax.InstNop:
				stack = append(stack, inst.Out)
			default:
				pass, done := visit(inst)
				if done {
					return
				}
				if pass {
					stack = append(stack, inst.Out)
				}
			}
		}
	}
}
