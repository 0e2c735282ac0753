package vm

import (
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/mainloop"
)

// loopVariable is an environment variable for work on the interpreter itself: with the
// value "stock", code is executed by gopher-lua's own loop. Its messages and some of its
// results are not those of Lua 5.1.
const loopVariable = "AVESCRIPT_LOOP"

// newLoop makes the loop that executes the code of a VM; nil if gopher-lua's own does.
func (vm *VM) newLoop() *mainloop.Loop {
	if os.Getenv(loopVariable) == "stock" {
		return nil
	}
	loop, err := mainloop.New(vm.main, mainloop.Hooks{
		Attention: &vm.attention,
		Observe:   func(L *lua.LState) { threadOf(L).observe() },
		Hint:      hintFor,
		Need:      needMemory,
	})
	if err != nil {
		panic(err)
	}
	return loop
}
