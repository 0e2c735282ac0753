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
func Dump(L *lua.LState, w io.Writer) {
	t := threadOf(L)
	number := 0
	show := func(what string, t *thread) {
		number++
		fmt.Fprintf(w, "Lua thread %d (%s):\n", number, what)
		for a := range t.activations() {
			a.dump(t.vm, w)
		}
		fmt.Fprintln(w)
	}
	running := t
	for p := t; p != nil; p = p.parent {
		if p.posted {
			running = p.parent
		}
	}
	if running != nil {
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
