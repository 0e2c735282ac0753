package vm

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// failure is how a call ended that did not return.
type failure struct {
	value     lua.LValue // what was raised; nil when interrupted
	interrupt error      // the cause, if a context ended the call
	stack     *Stack     // of the code that it ended, if stacks are kept
	bug       string     // Go's stack, if the panic was not from Lua
}

// try runs fn, which executes code on t. Interrupts of an enclosing context pass
// through it, and so does the end of an abandoned coroutine. own is the context
// whose interrupt is caught here; nil if there is none.
func (t *thread) try(fn func(), own context.Context) (f *failure) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *lua.ApiError:
			f = &failure{value: p.Object}
		case interrupt:
			if p.ctx != own {
				panic(p)
			}
			f = &failure{interrupt: context.Cause(own), stack: p.stack}
		case abandoned:
			panic(p)
		default:
			f = t.goPanic(p)
		}
	}()
	fn()
	return nil
}

// goPanic makes a Lua error from a panic that did not come from Lua. A full call
// stack is reported by gopher-lua; all others are bugs in Go code.
func (t *thread) goPanic(p any) *failure {
	if p == "lua callstack overflow" {
		return &failure{value: lua.LString(t.where(0) + "stack overflow")}
	}
	f := &failure{value: lua.LString(fmt.Sprintf("internal error: %v", p)), bug: string(debug.Stack())}
	if err, ok := p.(runtime.Error); ok {
		f.value = lua.LString("internal error: " + err.Error())
	}
	return f
}

// raised is the Panic function of every thread. gopher-lua's own would format a
// stack trace for every error, even for those that are caught.
func raised(L *lua.LState) {
	value := L.Get(-1)
	switch v := value.(type) {
	case *lua.LUserData:
		if exact, ok := v.Value.(exactMessage); ok {
			value = lua.LString(exact)
		}
	case lua.LString:
		// gopher-lua puts a blank between position and message, even if there is no
		// position.
		text := strings.TrimPrefix(string(v), " ")
		if at, full := strings.CutSuffix(text, "registry overflow"); full {
			text = at + "stack overflow"
		}
		value = lua.LString(text)
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: value})
}

// exactMessage marks a string that is raised unchanged.
type exactMessage string

// Raise raises value in the code that L runs. It does not return.
func Raise(L *lua.LState, value lua.LValue) {
	if s, ok := value.(lua.LString); ok {
		value = &lua.LUserData{Value: exactMessage(s)}
	}
	L.Error(value, 0)
}

func (vm *VM) openProtect() {
	for name, fn := range map[string]lua.LGFunction{
		"assert": luaAssert,
		"error":  luaError,
		"pcall":  luaPcall,
		"xpcall": luaXpcall,
	} {
		vm.Globals().RawSetString(name, vm.main.NewFunction(fn))
	}
}

func luaPcall(L *lua.LState) int {
	if L.GetTop() == 0 {
		L.RaiseError("bad argument #1 to 'pcall' (value expected)")
	}
	return protected(L, L.Get(1), 2, nil)
}

func luaXpcall(L *lua.LState) int {
	if L.GetTop() < 2 {
		L.RaiseError("bad argument #2 to 'xpcall' (value expected)")
	}
	// Lua 5.1 passes no arguments; in 5.2 and LuaJIT they follow the handler.
	return protected(L, L.Get(1), 3, L.Get(2))
}

// protected calls fn with L's arguments from first on. The handler, if any, is
// called with the error while the stack of the failed call still exists.
func protected(L *lua.LState, fn lua.LValue, first int, handler lua.LValue) int {
	t := threadOf(L).callee()
	n := 0
	f := t.try(func() { n = t.call(fn, L, first) }, nil)
	if f != nil {
		L.Push(lua.LFalse)
		if handler == nil {
			L.Push(f.value)
		} else {
			L.Push(t.handle(handler, f.value))
		}
		t.vm.recycle(t)
		return 2
	}
	L.Push(lua.LTrue)
	for i := 1; i <= n; i++ {
		L.Push(t.L.Get(i))
	}
	t.vm.release(t)
	return n + 1
}

func (t *thread) callee() *thread { return t.vm.newThread(t) }

// handle calls an error handler with value. The handler sees t's stack below its
// own.
func (t *thread) handle(handler, value lua.LValue) (result lua.LValue) {
	if t.depth == maxDepth {
		return value
	}
	u := t.callee()
	f := u.try(func() {
		u.L.Push(handler)
		u.L.Push(value)
		u.L.Call(1, 1)
		result = u.L.Get(-1)
	}, nil)
	if f != nil {
		t.vm.recycle(u)
		return lua.LString("error in error handling")
	}
	t.vm.release(u)
	return result
}

// luaError is error(message, level).
func luaError(L *lua.LState) int {
	value := L.Get(1)
	level := 1
	if L.Get(2) != lua.LNil {
		level = checkInt(L, 2, "error")
	}
	if text, ok := message(value); ok && level > 0 {
		value = lua.LString(threadOf(L).where(level) + text)
	}
	Raise(L, value)
	return 0
}

// luaAssert is assert(value, message, ...). Unlike Lua 5.1 it raises a message that
// is not a string unchanged, so that assert(connect()) keeps the error object.
func luaAssert(L *lua.LState) int {
	if L.GetTop() == 0 {
		L.RaiseError("bad argument #1 to 'assert' (value expected)")
	}
	if L.ToBool(1) {
		return L.GetTop()
	}
	value := L.Get(2)
	if value == lua.LNil {
		value = lua.LString("assertion failed!")
	}
	if text, ok := message(value); ok {
		value = lua.LString(threadOf(L).where(1) + text)
	}
	Raise(L, value)
	return 0
}

// message returns a raised value as a string, if a position can be put before it.
func message(v lua.LValue) (string, bool) {
	switch v.(type) {
	case lua.LString, lua.LNumber:
		return v.String(), true
	}
	return "", false
}
