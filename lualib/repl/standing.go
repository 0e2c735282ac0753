package repl

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Standing returns a function for [vm.VM.Prompt]: it opens a prompt in the code that has
// called a Go function. ctx ends by signals other than that of Ctrl-C, which is for the
// prompt: see [script.Notify].
func Standing(ctx context.Context, v *vm.VM, config Config) func(L *lua.LState) error {
	return func(L *lua.LState) error {
		config := config
		config.Stack = vm.StackOf(L)
		defer config.Stack.Close()
		defer script.Prompting(ctx)()
		var err error
		vm.Unlocked(L, func(ctx context.Context) { err = Run(ctx, v, config) })
		return err
	}
}

// StackOf is the stack of a script that was ended by an error or by the end of a context,
// for the prompt after the script. v must keep stacks.
func StackOf(v *vm.VM, err error) (stack *vm.Stack) {
	if raised, ok := errors.AsType[*vm.Error](err); ok || err == nil {
		if ok {
			stack = raised.Stack
		}
		return stack
	}
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		stack = vm.Stopped(L)
		return nil
	})
	return stack
}
