package vm

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// thread is one gopher-lua thread that executes code, and the context that
// gopher-lua sees in it.
type thread struct {
	vm     *VM
	L      *lua.LState
	parent *thread         // the thread that called or resumed it; nil for the outermost
	co     *coroutine      // the coroutine that it works for, if any
	ctx    context.Context // set where a Do or Within begins
	depth  int             // the number of threads below it
	calls  callStack       // of L
	small  bool            // has a small call stack, and is not used again
	ending *Ending         // of the code in ctx, until it was told to end
	posted bool            // runs a posted function, above whatever its parent is doing

	counted counted    // used by count alone
	hook    *debugHook // see debugHookOf
}

func threadOf(L *lua.LState) *thread { return L.Context().(*thread) }

// newThread returns a thread with an empty stack. If the parent is nested too
// deeply, an error is raised in it instead.
func (vm *VM) newThread(parent *thread) *thread {
	depth := 0
	var co *coroutine
	if parent != nil {
		depth, co = parent.depth+1, parent.co
		if depth > maxDepth {
			parent.L.RaiseError("stack overflow (too many nested protected calls or coroutines)")
		}
	}
	t := vm.takeThread(depth)
	t.parent, t.co, t.depth, t.posted = parent, co, depth, false
	return t
}

// takeThread takes a thread from the pool, or makes one.
func (vm *VM) takeThread(depth int) *thread {
	if depth <= shallowDepth {
		if t, _ := vm.free.Get().(*thread); t != nil {
			return t
		}
	}
	return vm.makeThread(depth)
}

func (vm *VM) makeThread(depth int) *thread {
	template := vm.main
	if depth > shallowDepth {
		template = vm.deep
	}
	L, _ := template.NewThread()
	L.Panic = raised
	t := &thread{vm: vm, L: L, calls: callStackOf(L), small: depth > shallowDepth}
	L.SetContext(t)
	if vm.loop != nil {
		vm.loop.Install(L) // after SetContext, which installs gopher-lua's own
	}
	return t
}

// release returns a thread to the pool when all its calls have returned. One that has
// failed must be emptied before: see [VM.recycle].
func (vm *VM) release(t *thread) {
	vm.setHook(&t.hook, nil)
	if t.small {
		return
	}
	t.L.SetTop(0)
	t.parent, t.co, t.ctx, t.ending = nil, nil, nil, nil
	vm.free.Put(t)
}

// call runs fn with the arguments on L's stack from index first on, and returns the
// number of results on t's stack.
func (t *thread) call(fn lua.LValue, L *lua.LState, first int) int {
	if !callable(t.L, fn) {
		Raise(t.L, lua.LString("attempt to call a "+fn.Type().String()+" value"))
	}
	t.L.Push(fn)
	top := L.GetTop()
	for i := first; i <= top; i++ {
		t.L.Push(L.Get(i))
	}
	t.L.Call(max(top-first+1, 0), lua.MultRet)
	return t.L.GetTop()
}

func callable(L *lua.LState, v lua.LValue) bool {
	if _, ok := v.(*lua.LFunction); ok {
		return true
	}
	_, ok := L.GetMetaField(v, "__call").(*lua.LFunction)
	return ok
}

// context returns the context of the innermost Do or Within. A posted function
// keeps waiting even if the code below it is told to end.
func (t *thread) context() context.Context {
	posted := false
	for ; t != nil; t = t.parent {
		if t.ending != nil && !posted {
			return t.ending.context(t.ctx)
		}
		if t.ctx != nil {
			return t.ctx
		}
		posted = posted || t.posted
	}
	return context.Background()
}

// The four methods of a context.Context. gopher-lua's own loop uses Done alone: before
// every instruction, on the goroutine that executes it. A nil channel means that it
// may go on. Our main loop checks the counter itself.

func (t *thread) Done() <-chan struct{} {
	if t.vm.attention.Load() != 0 {
		t.observe()
	}
	return nil
}

func (t *thread) Deadline() (time.Time, bool) { return time.Time{}, false }
func (t *thread) Err() error                  { return nil }
func (t *thread) Value(any) any               { return nil }
