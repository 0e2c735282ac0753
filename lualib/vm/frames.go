package vm

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
)

// Frame is one function call of a Lua stack.
type Frame struct {
	Source string // the chunk's name; "" for a Go function
	Line   int    // the line that is being executed; 0 for a Go function
	Name   string // the name of the function, if it is known
	Main   bool   // the chunk itself, not a function in it
	Tail   bool   // tail calls between it and the next frame are lost
	Begin  int    // the first line of the function's definition; 0 for a chunk or a Go function

	chunk *Chunk
}

// Text returns the source line that is being executed, without indentation; "" if
// it is not known.
func (f Frame) Text() string {
	if f.chunk == nil {
		return ""
	}
	line := 0
	for text := range bytes.Lines(f.chunk.Source) {
		if line++; line == f.Line {
			return string(bytes.TrimSpace(text))
		}
	}
	return ""
}

// Around are the source lines around the one that is being executed, so many on each
// side, and the number of the first. There are none when the source isn't known.
func (f Frame) Around(n int) (first int, lines []string) {
	if f.chunk == nil || f.Line == 0 {
		return 0, nil
	}
	all := strings.Split(strings.TrimSuffix(string(f.chunk.Source), "\n"), "\n")
	first = max(1, f.Line-n)
	last := min(len(all), f.Line+n)
	if first > last {
		return 0, nil
	}
	return first, all[first-1 : last]
}

// Internal reports whether the function is part of the program, not of a script.
func (f Frame) Internal() bool { return f.chunk != nil && f.chunk.program }

// String returns the frame as a line of a traceback.
func (f Frame) String() string {
	where, name := "[Go]:", printable.Line(f.Name)
	if f.Source != "" {
		where = fmt.Sprintf("%s:%d:", printable.Line(f.Source), f.Line)
	}
	switch {
	case f.Main:
		return where + " in main chunk"
	case f.Name == "" && f.Source == "":
		return where + " in ?"
	case f.Name == "":
		return where + " in function ?"
	case f.Name[0] == '<':
		return where + " in function " + name
	}
	return fmt.Sprintf("%s in function '%s'", where, name)
}

// Frames returns the stack of L across protected calls, innermost call first. It
// ends where the coroutine of L began.
func Frames(L *lua.LState) []Frame { return threadOf(L).frames() }

func (t *thread) frames() []Frame {
	var all []Frame
	for f := range t.activations() {
		all = append(all, f.describe(t.vm))
	}
	return all
}

// activation is a call on the stack of one of the threads that form one Lua stack.
type activation struct {
	L   *lua.LState
	dbg *lua.Debug
}

// activations walks the stack, innermost call first.
func (t *thread) activations() iter.Seq[activation] {
	return func(yield func(activation) bool) {
		for p := t; p != nil && p.co == t.co; p = p.parent {
			dbg, ok := p.L.GetStack(0)
			for ; ok; dbg, ok = caller(dbg) {
				if !yield(activation{L: p.L, dbg: dbg}) {
					return
				}
			}
		}
	}
}

// caller returns the call below dbg on the stack of the same thread.
func caller(dbg *lua.Debug) (*lua.Debug, bool) {
	parent := (*frameOf(dbg)).parent
	below := &lua.Debug{}
	*frameOf(below) = parent
	return below, parent != nil
}

func (a activation) frame() *callFrame { return *frameOf(a.dbg) }

// base reports whether the call is the lowest of its thread.
func (a activation) base() bool { return a.frame().parent == nil }

// function returns the function that was called.
func (a activation) function() *lua.LFunction { return a.frame().fn }

// pc returns the instruction that the call executes.
func (a activation) pc() int { return max(a.frame().pc-1, 0) }

// tail returns how many calls this call has replaced by tail calls.
func (a activation) tail() int { return a.frame().tail }

func (a activation) describe(vm *VM) Frame {
	fn, err := a.L.GetInfo("nSlf", a.dbg, lua.LNil)
	if err != nil {
		return Frame{}
	}
	f := Frame{Name: a.dbg.Name, Tail: a.tail() > 0}
	if f.Name == "?" || f.Name == "(anonymous)" || a.base() {
		f.Name = ""
	}
	if proto := fn.(*lua.LFunction).Proto; proto != nil {
		f.Source, f.Line = proto.SourceName, a.dbg.CurrentLine
		f.Main, f.Begin = proto.LineDefined == 0, proto.LineDefined
		f.chunk, _, _ = vm.Origin(proto)
		if f.Name == "" {
			f.Name = fmt.Sprintf("<%s:%d>", proto.SourceName, proto.LineDefined)
		}
	}
	return f
}

// at returns the call at a level: 0 is the calling function, 1 its caller.
func (t *thread) at(level int) (activation, bool) {
	for a := range t.activations() {
		if level == 0 {
			return a, true
		}
		level -= 1 + a.tail()
		if level < 0 {
			break // a call that was replaced by a tail call
		}
	}
	return activation{}, false
}

// where returns the position at a level as at the beginning of error messages; ""
// for a Go function.
func (t *thread) where(level int) string {
	a, ok := t.at(level)
	if !ok {
		return ""
	}
	frame := a.frame()
	if frame.fn.Proto == nil {
		return ""
	}
	return frame.fn.Proto.SourceName + ":" + strconv.Itoa(frame.line()) + ": "
}

// Caller returns the source and the line of the innermost call for whose source
// wanted is true, or "". It is much cheaper than Frames.
func Caller(L *lua.LState, wanted func(source string) bool) (source string, line int) {
	first := threadOf(L)
	for t := first; t != nil && t.co == first.co; t = t.parent {
		for f := currentFrame(t.L); f != nil; f = f.parent {
			if proto := f.fn.Proto; proto != nil && wanted(proto.SourceName) {
				return proto.SourceName, f.line()
			}
		}
	}
	return "", 0
}

// Where returns the position of the Lua code that called the current Go function,
// in the form "file:line: ", or "".
func Where(L *lua.LState) string { return threadOf(L).where(1) }
