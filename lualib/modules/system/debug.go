package system

import (
	"errors"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// DebugModule is ave.debug: looking into a script that runs.
var DebugModule = bind.Module{
	Name: "ave.debug",
	Funcs: []bind.Fn{
		bind.Func("repl", "", debugREPL),
	},
}

// debugREPL opens the prompt where its caller is.
func debugREPL(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	open := vm.Of(c.L).Prompt
	if open == nil {
		return errors.New("ave.repl: this process has no terminal: call it in the script itself, not in a service or another process " +
			"that the script has started; in tests, use --debug-on-failure or -j 0")
	}
	return open(c.L)
}
