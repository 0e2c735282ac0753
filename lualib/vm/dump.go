package vm

import (
	"fmt"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Dump writes what every Lua thread of L's interpreter is doing: its stack,
// with the locals of each function. Of a posted function that calls it, only
// what it has interrupted is shown.
func Dump(L *lua.LState, w io.Writer) { DumpIf(L, w, func(Frame) bool { return true }) }

// DumpIf is Dump without the calls of which wanted does not hold, and without
// the threads that have no other. The Go function that a thread waits in is shown
// with the call of it.
func DumpIf(L *lua.LState, w io.Writer, wanted func(Frame) bool) {
	t := threadOf(L)
	number := 0
	show := func(what string, t *thread) {
		var calls strings.Builder
		t.dump(&calls, wanted)
		if calls.Len() > 0 {
			number++
			fmt.Fprintf(w, "Lua thread %d (%s):\n%s\n", number, what, &calls)
		}
	}
	if running := interrupted(t); running != nil {
		show("running", running)
	}
	for other := range t.vm.waiting {
		show("waiting", other)
	}
	for co := range t.vm.coroutines {
		if co.state == suspended && co.top != nil {
			show("suspended coroutine", co.top)
		}
	}
}

// interrupted is the thread that runs, or the one that a posted function has
// interrupted; nil if that had none to interrupt.
func interrupted(t *thread) *thread {
	running := t
	for p := t; p != nil; p = p.parent {
		if p.posted {
			running = p.parent
		}
	}
	return running
}

// Stacks are the stacks of the threads that [Dump] shows as running or waiting.
func Stacks(L *lua.LState) (stacks [][]Frame) {
	t := threadOf(L)
	if running := interrupted(t); running != nil {
		stacks = append(stacks, running.frames())
	}
	for other := range t.vm.waiting {
		stacks = append(stacks, other.frames())
	}
	return stacks
}

// dump writes the calls of which wanted holds, and the one of a Go function that the
// innermost of all calls has made.
func (t *thread) dump(w io.Writer, wanted func(Frame) bool) {
	var waiting *activation
	innermost := true
	for a := range t.activations() {
		f := a.describe(t.vm)
		isWanted := wanted(f)
		if isWanted {
			if waiting != nil {
				waiting.dump(t.vm, w)
			}
			a.dump(t.vm, w)
		}
		waiting = nil
		if innermost && !isWanted && f.Source == "" {
			waiting = &a
		}
		innermost = false
	}
}

func (a activation) dump(vm *VM, w io.Writer) {
	f := a.describe(vm)
	fmt.Fprintf(w, "  %s\n", f)
	if text := f.Text(); text != "" {
		fmt.Fprintf(w, "      %s\n", text)
	}
	for i := 1; f.Source != ""; i++ {
		name, value := a.L.GetLocal(a.dbg, i)
		if name == "" {
			return
		}
		if !strings.HasPrefix(name, "(") {
			fmt.Fprintf(w, "        %s = %s\n", name, shown(value))
		}
	}
}
