package vm

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Dump writes what every Lua thread of L's interpreter is doing: its stack,
// with the locals of each function. Of a posted function that calls it, only
// what it has interrupted is shown.
func Dump(L *lua.LState, w io.Writer) { DumpIf(L, w, func(Frame) bool { return true }) }

// DumpIf is Dump without the calls of which wanted does not hold, and without
// the threads that have no other.
func DumpIf(L *lua.LState, w io.Writer, wanted func(Frame) bool) {
	t := threadOf(L)
	number := 0
	show := func(what string, t *thread) {
		var calls strings.Builder
		for a := range t.activations() {
			if wanted(a.describe(t.vm)) {
				a.dump(t.vm, &calls)
			}
		}
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

// shown is a value in one line, without calling anything.
func shown(v lua.LValue) string {
	const most = 100
	text := v.String()
	if _, ok := v.(lua.LString); ok {
		text = strconv.Quote(text[:min(len(text), most)])
	}
	return text
}
