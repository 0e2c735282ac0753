package vm

import (
	"fmt"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/secret"
)

// Dump writes what every Lua thread of L's interpreter is doing: its stack, with
// the locals of each function, except what mask hides. If a posted function calls
// it, only the code that it has interrupted is shown.
func Dump(L *lua.LState, w io.Writer, mask *secret.Mask) {
	var text strings.Builder
	dump(L, &text, mask, func(Frame) bool { return true })
	fmt.Fprint(w, mask.Text(text.String())) // source lines may contain keys
}

// DumpIf is Dump without a mask, and only with calls for which wanted is true.
// Threads without such calls are left out. The Go function that a thread waits in
// is shown with its caller.
func DumpIf(L *lua.LState, w io.Writer, wanted func(Frame) bool) { dump(L, w, nil, wanted) }

func dump(L *lua.LState, w io.Writer, mask *secret.Mask, wanted func(Frame) bool) {
	t := threadOf(L)
	number := 0
	show := func(what string, t *thread) {
		var calls strings.Builder
		t.dump(&calls, mask, wanted)
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

// interrupted returns the running thread, or the thread that a posted function has
// interrupted; nil if there was none.
func interrupted(t *thread) *thread {
	running := t
	for p := t; p != nil; p = p.parent {
		if p.posted {
			running = p.parent
		}
	}
	return running
}

// Stacks returns the stacks of the threads that [Dump] shows as running or waiting.
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

// dump writes the calls for which wanted is true, and the Go function that the
// innermost call has called.
func (t *thread) dump(w io.Writer, mask *secret.Mask, wanted func(Frame) bool) {
	var waiting *activation
	innermost := true
	for a := range t.activations() {
		f := a.describe(t.vm)
		isWanted := wanted(f)
		if isWanted {
			if waiting != nil {
				waiting.dump(t.vm, w, mask)
			}
			a.dump(t.vm, w, mask)
		}
		waiting = nil
		if innermost && !isWanted && f.Source == "" {
			waiting = &a
		}
		innermost = false
	}
}

func (a activation) dump(vm *VM, w io.Writer, mask *secret.Mask) {
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
			fmt.Fprintf(w, "        %s = %s\n", name, shown(name, value, mask))
		}
	}
}
