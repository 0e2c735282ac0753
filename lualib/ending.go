package lualib

import (
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// ending is what must not outlive a script: its tasks, and then the temporary
// directories that those may be using.
type ending struct {
	tasks       map[*task]struct{}
	failed      []*task
	directories []string
}

type endingKey struct{}

func endingOf(L *lua.LState) *ending {
	attached := vm.Of(L).Attached
	if e, ok := attached[endingKey{}].(*ending); ok {
		return e
	}
	e := &ending{tasks: map[*task]struct{}{}}
	attached[endingKey{}] = e
	stdlib.OnExit(L, e.end)
	return e
}

// end is called when the script has returned or was ended; or, with abrupt, in
// the middle of it by os.exit, where the tasks end with the process.
func (e *ending) end(L *lua.LState, abrupt bool) {
	if !abrupt {
		e.endTasks(L)
	}
	for _, dir := range e.directories {
		_ = os.RemoveAll(dir) // nobody is left to be told
	}
	e.directories = nil
}
