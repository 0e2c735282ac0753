package vm

import (
	"bytes"
	"fmt"
	"iter"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// Frame is one function call of a Lua stack.
type Frame struct {
	Source string // the chunk's name; "" for a Go function
	Line   int    // the line that is being executed; 0 for a Go function
	Name   string // what the function is called, as far as it's known
	Main   bool   // the chunk itself rather than a function in it
	Tail   bool   // calls between it and the one before are lost
	Begin  int    // the line that the function's definition begins with; 0 for a chunk or a Go function

	chunk *Chunk
}

// Text is the source line that is being executed, without its indentation, or
// "" when it isn't known.
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

// String is the frame as a line of a traceback shows it.
func (f Frame) String() string {
	where := "[Go]:"
	if f.Source != "" {
		where = fmt.Sprintf("%s:%d:", f.Source, f.Line)
	}
	switch {
	case f.Main:
		return where + " in main chunk"
	case f.Name == "" && f.Source == "":
		return where + " in ?"
	case f.Name == "":
		return where + " in function ?"
	case f.Name[0] == '<':
		return where + " in function " + f.Name
	}
	return fmt.Sprintf("%s in function '%s'", where, f.Name)
}

// Frames is the stack of L across protected calls, innermost call first. It
// ends where the coroutine does that L runs for.
func Frames(L *lua.LState) []Frame { return threadOf(L).frames() }

func (t *thread) frames() []Frame {
	var all []Frame
	for f := range t.activations() {
		all = append(all, f.describe(t.vm))
	}
	return all
}

// activation is a call on the stack of one of the threads that together are
// what Lua sees as one stack.
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

// frameOf is the call frame of dbg, which gopher-lua keeps to itself. Asking
// for every level anew instead would make a walk quadratic.
func frameOf(dbg *lua.Debug) reflect.Value {
	field := reflect.ValueOf(dbg).Elem().FieldByName("frame")
	return reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
}

// caller is the call below dbg on the stack of the same thread.
func caller(dbg *lua.Debug) (*lua.Debug, bool) {
	parent := frameOf(dbg).Elem().FieldByName("Parent")
	below := &lua.Debug{}
	frameOf(below).Set(parent)
	return below, !parent.IsNil()
}

// base reports whether nothing of the call's thread is below it.
func (a activation) base() bool { return frameOf(a.dbg).Elem().FieldByName("Parent").IsNil() }

// tail is how many calls the call has replaced by tail calls.
func (a activation) tail() int { return int(frameOf(a.dbg).Elem().FieldByName("TailCall").Int()) }

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

// at finds the call at a level: 0 is the function that asks, 1 its caller.
func (t *thread) at(level int) (activation, bool) {
	for a := range t.activations() {
		if level == 0 {
			return a, true
		}
		level -= 1 + a.tail()
		if level < 0 {
			break // a call that a tail call has replaced
		}
	}
	return activation{}, false
}

// where is the position at a level in the form that error messages begin with,
// or "" when a Go function is there.
func (t *thread) where(level int) string {
	a, ok := t.at(level)
	if !ok {
		return ""
	}
	f := a.describe(t.vm)
	if f.Source == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", f.Source, f.Line)
}

// Caller is the source and the line of the innermost call whose source wanted
// holds for, or "". It is much cheaper than Frames.
func Caller(L *lua.LState, wanted func(source string) bool) (source string, line int) {
	first := threadOf(L)
	for t := first; t != nil && t.co == first.co; t = t.parent {
		for f := currentFrame(t.L); f != nil; f = f.parent {
			if proto := f.fn.Proto; proto != nil && wanted(proto.SourceName) {
				return proto.SourceName, proto.DbgSourcePositions[f.pc-1]
			}
		}
	}
	return "", 0
}

// Where is the position of the Lua code that called the Go function in which L
// is, in the form "file:line: ", or "".
func Where(L *lua.LState) string { return threadOf(L).where(1) }
