package vm

import (
	"iter"
	"runtime"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// coroutine is a Lua coroutine on a goroutine of its own.
//
// A script does not hold the thread that executes, but a handle: an LState that
// only has its context. When no script holds the handle any more, the coroutine can
// never be resumed, and its goroutine is ended. So an iterator that is left in the
// middle does not cost anything for long.
type coroutine struct {
	*thread // executes it; its parent is the thread that resumed it last
	handle  weak.Pointer[lua.LState]
	fn      *lua.LFunction
	state   coState

	next  func() (struct{}, bool) // switches to the goroutine
	stop  func()                  // ends it in the middle
	yield func(struct{}) bool     // switches back; false if the coroutine was abandoned

	top     *thread      // the thread that yielded: its own, or that of a protected call in it
	values  []lua.LValue // what is passed at a switch, in both directions
	failure *failure     // how it ended, if by an error
	passing any          // a panic to pass on, such as an interrupt
	hook    *debugHook   // of debug.sethook
}

type coState string

const (
	suspended coState = "suspended"
	running   coState = "running"
	normal    coState = "normal" // it has resumed another one
	dead      coState = "dead"
)

// abandoned is the panic that unwinds a coroutine nobody can resume.
type abandoned struct{}

func (vm *VM) openCoroutine() {
	module := vm.main.NewTable()
	for name, fn := range map[string]lua.LGFunction{
		"create":  coCreate,
		"resume":  coResume,
		"running": coRunning,
		"status":  coStatus,
		"wrap":    coWrap,
		"yield":   coYield,
	} {
		module.RawSetString(name, vm.main.NewFunction(fn))
	}
	vm.replaceModule("coroutine", module)
}

// newCoroutine makes a suspended coroutine. Its goroutine starts when it is
// resumed for the first time.
func newCoroutine(L *lua.LState, name string) *lua.LState {
	fn, ok := L.Get(1).(*lua.LFunction)
	if !ok {
		L.RaiseError("bad argument #1 to '%s' (function expected)", name)
	}
	handle := &lua.LState{G: L.G, Env: threadOf(L).globals()}
	co := &coroutine{
		thread: &thread{vm: threadOf(L).vm},
		handle: weak.Make(handle),
		fn:     fn,
		state:  suspended,
	}
	handle.SetContext(co)
	return handle
}

func (co *coroutine) start(depth int) {
	vm := co.vm
	co.thread = vm.makeThread(depth)
	co.co = co
	co.next, co.stop = iter.Pull(func(yield func(struct{}) bool) {
		co.yield = yield
		co.run()
	})
	vm.coroutines[co] = struct{}{}
	if handle := co.handle.Value(); handle != nil {
		runtime.AddCleanup(handle, (*coroutine).abandon, co)
	}
}

// run is the body of the goroutine. It catches every panic, because a panic that
// left the goroutine would be raised in the thread that resumed it, on the wrong
// stack.
func (co *coroutine) run() {
	defer func() { co.passing = recover() }()
	co.failure = co.try(func() {
		co.L.Push(co.fn)
		for _, v := range co.values {
			co.L.Push(v)
		}
		co.L.Call(len(co.values), lua.MultRet)
		co.values = stack(co.L, 1)
	}, nil)
}

// resume switches to the coroutine until it yields or ends.
func (co *coroutine) resume(by *thread, values []lua.LValue) {
	if co.next == nil {
		co.start(by.depth + 1)
	}
	if by.co != nil {
		by.co.state = normal
	}
	co.parent, co.depth, co.state, co.values = by, by.depth+1, running, values
	_, alive := co.next()
	co.parent = nil
	if by.co != nil {
		by.co.state = running
	}
	co.state = suspended
	if !alive {
		co.state = dead
		co.vm.forgetHook(co.hook)
		delete(co.vm.coroutines, co)
	}
	if p := co.passing; p != nil {
		co.passing = nil
		panic(p)
	}
}

// kill ends a suspended coroutine. The caller has the lock.
func (co *coroutine) kill() {
	delete(co.vm.coroutines, co)
	co.vm.forgetHook(co.hook)
	if co.state == suspended {
		co.state = dead
		co.stop()
	}
}

// abandon is called when the handle is gone.
func (co *coroutine) abandon() {
	go func() {
		co.vm.mu.Lock()
		defer co.vm.mu.Unlock()
		co.kill()
	}()
}

// stack returns the values on L's stack from index first on.
func stack(L *lua.LState, first int) []lua.LValue {
	values := make([]lua.LValue, 0, max(L.GetTop()-first+1, 0))
	for i := first; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i))
	}
	return values
}

func push(L *lua.LState, values []lua.LValue) int {
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}

func coCreate(L *lua.LState) int {
	L.Push(newCoroutine(L, "create"))
	return 1
}

func coResume(L *lua.LState) int {
	handle := checkCoroutine(L, "resume")
	L.Push(lua.LTrue)
	co := handle.Context().(*coroutine)
	err := resume(L, handle, 2, L.GetTop()-1)
	if err != nil {
		L.Push(lua.LFalse)
		L.Push(err)
		return 2
	}
	return 1 + push(L, co.values)
}

// resume resumes a coroutine with the values first to last of L's stack. It returns
// the coroutine's error, or nil.
func resume(L *lua.LState, handle *lua.LState, first, last int) lua.LValue {
	by := threadOf(L)
	co := handle.Context().(*coroutine)
	if co.state != suspended {
		return lua.LString("cannot resume " + string(co.state) + " coroutine")
	}
	if by.depth == maxDepth {
		return lua.LString("stack overflow (too many nested protected calls or coroutines)")
	}
	values := make([]lua.LValue, 0, last-first+1)
	for i := first; i <= last; i++ {
		values = append(values, L.Get(i))
	}
	co.resume(by, values)
	runtime.KeepAlive(handle) // otherwise it could be abandoned while it runs
	if co.failure != nil {
		err := co.failure.value
		co.failure = nil
		return err
	}
	return nil
}

func coYield(L *lua.LState) int {
	co := threadOf(L).co
	if co == nil {
		L.RaiseError("attempt to yield from outside a coroutine")
	}
	co.top, co.values = threadOf(L), stack(L, 1)
	if !co.yield(struct{}{}) {
		panic(abandoned{})
	}
	co.top = nil // the thread may end and be reused before the next yield
	return push(L, co.values)
}

func coWrap(L *lua.LState) int {
	handle := newCoroutine(L, "wrap")
	L.Push(L.NewClosure(func(L *lua.LState) int {
		handle := L.Get(lua.UpvalueIndex(1)).(*lua.LState)
		if err := resume(L, handle, 1, L.GetTop()); err != nil {
			if text, ok := message(err); ok {
				err = lua.LString(threadOf(L).where(1) + text)
			}
			Raise(L, err)
		}
		return push(L, handle.Context().(*coroutine).values)
	}, handle))
	return 1
}

func coStatus(L *lua.LState) int {
	co := checkCoroutine(L, "status").Context().(*coroutine)
	L.Push(lua.LString(co.state))
	return 1
}

func coRunning(L *lua.LState) int {
	if co := threadOf(L).co; co != nil {
		L.Push(co.handle.Value())
		return 1
	}
	L.Push(lua.LNil)
	return 1
}

func checkCoroutine(L *lua.LState, name string) *lua.LState {
	handle, ok := L.Get(1).(*lua.LState)
	if !ok {
		L.RaiseError("bad argument #1 to '%s' (coroutine expected)", name)
	}
	return handle
}
