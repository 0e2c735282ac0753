package vm

import (
	"runtime"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// coroutine is a Lua coroutine, which runs on a [fiber].
//
// A script does not hold the thread that executes, but a handle: an LState that
// only has its context. When no script holds the handle any more, the coroutine can
// never be resumed, and it is unwound. So an iterator that is left in the middle does
// not cost anything for long.
type coroutine struct {
	vm      *VM
	*thread // executes it; nil before it starts, and after it has returned. Its parent is the thread that resumed it last
	fn      *lua.LFunction
	state   coState
	fiber   *fiber
	handle  *lua.LState // only while it is running or normal, so that the handle can be freed
	cleanup runtime.Cleanup
	watched bool // cleanup is set

	top     *thread      // the thread that yielded: its own, or that of a protected call in it
	values  []lua.LValue // what is passed at a switch, in both directions; see take
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

// newCoroutine makes a suspended coroutine. It gets a thread and a fiber when it is
// resumed for the first time.
func newCoroutine(L *lua.LState, name string) *lua.LState {
	fn, ok := L.Get(1).(*lua.LFunction)
	if !ok {
		L.RaiseError("bad argument #1 to '%s' (Lua function expected)", name)
	}
	handle := &lua.LState{G: L.G, Env: threadOf(L).globals()}
	handle.SetContext(&coroutine{vm: threadOf(L).vm, fn: fn, state: suspended})
	return handle
}

func (co *coroutine) start(depth int) {
	co.thread = co.vm.takeThread(depth)
	co.co = co
	co.fiber = co.vm.takeFiber(co)
	co.vm.coroutines[co] = struct{}{}
}

// run is called on the fiber. It catches every panic, because a panic that left the
// fiber would be raised in the thread that resumed it, on the wrong stack.
func (co *coroutine) run() {
	defer func() { co.passing = recover() }()
	co.failure = co.try(func() {
		co.L.Push(co.fn)
		co.L.Call(co.take(co.L), lua.MultRet)
		co.give(co.L, 1, co.L.GetTop())
	}, nil)
}

// give sets the values that are passed to the values first to last of L's stack.
func (co *coroutine) give(L *lua.LState, first, last int) {
	for i := first; i <= last; i++ {
		co.values = append(co.values, L.Get(i))
	}
}

// take pushes the values that are passed, and returns their number. The coroutine does
// not keep them.
func (co *coroutine) take(L *lua.LState) int {
	values := co.values
	for _, v := range values {
		L.Push(v)
	}
	clear(values)
	co.values = values[:0]
	return len(values)
}

// resume switches to the coroutine until it yields or ends.
func (co *coroutine) resume(by *thread, handle *lua.LState) {
	if co.fiber == nil {
		co.start(by.depth + 1)
	}
	if by.co != nil {
		by.co.state = normal
	}
	co.parent, co.depth, co.state, co.handle = by, by.depth+1, running, handle
	ended := co.fiber.run()
	co.handle = nil
	if by.co != nil {
		by.co.state = running
	}
	if ended {
		co.end()
	} else {
		co.parent, co.state = nil, suspended
		if !co.watched {
			co.watched = true
			co.cleanup = runtime.AddCleanup(handle, (*coroutine).abandon, co)
		}
	}
	if p := co.passing; p != nil {
		co.passing = nil
		panic(p)
	}
}

// end is called when the coroutine has left its fiber. The thread of a coroutine that has
// failed is kept, because its stack can be looked at.
func (co *coroutine) end() {
	if co.watched {
		co.cleanup.Stop()
	}
	co.state, co.parent = dead, nil
	delete(co.vm.coroutines, co)
	co.vm.forgetHook(co.hook)
	co.vm.freeFiber(co.fiber)
	if co.failure == nil && co.passing == nil {
		co.vm.release(co.thread)
		co.thread = nil
	}
}

// kill unwinds a suspended coroutine. The caller has the lock.
func (co *coroutine) kill() {
	if co.state != suspended || co.fiber == nil {
		return
	}
	co.state = dead
	co.fiber.run()
	co.end()
	co.vm.recycle(co.thread)
	co.thread = nil
}

// abandon is called when the handle is gone, on a goroutine of Go's. The coroutine ends
// between two instructions, because a script that never waits would keep all of them.
func (co *coroutine) abandon() {
	if co.vm.abandoned.add(co) {
		co.vm.Post(func(*lua.LState) { co.vm.abandoned.kill() }, func(error) {})
	}
}

// abandonedList has the coroutines that are to be unwound.
type abandonedList struct {
	mu  sync.Mutex
	all []*coroutine
}

// add reports whether the coroutine is the first one.
func (a *abandonedList) add(co *coroutine) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, co)
	return len(a.all) == 1
}

// kill unwinds the coroutines. The caller has the VM's lock.
func (a *abandonedList) kill() {
	a.mu.Lock()
	all := a.all
	a.all = nil
	a.mu.Unlock()
	for _, co := range all {
		co.kill()
	}
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
	return 1 + co.take(L)
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
	co.give(L, first, last)
	co.resume(by, handle)
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
		Raise(L, lua.LString("attempt to yield across metamethod/C-call boundary"))
	}
	co.top = threadOf(L)
	co.give(L, 1, L.GetTop())
	co.fiber.leave()
	if co.state == dead {
		panic(abandoned{})
	}
	co.top = nil // the thread may end and be reused before the next yield
	return co.take(L)
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
		return handle.Context().(*coroutine).take(L)
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
		L.Push(co.handle)
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
