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
	parent *thread         // who called or resumed it; nil for the outermost
	co     *coroutine      // the coroutine that it works for, if any
	ctx    context.Context // set where a Do or Within begins
	depth  int             // how many threads are below it
	posted bool            // runs what was posted, above whatever its parent is doing

	counted counted // used by count alone
}

func threadOf(L *lua.LState) *thread { return L.Context().(*thread) }

// newThread gives a thread that has nothing on its stack. A parent that is
// nested too deeply gets an error instead, raised in it.
func (vm *VM) newThread(parent *thread) *thread {
	depth := 0
	var co *coroutine
	if parent != nil {
		depth, co = parent.depth+1, parent.co
		if depth > maxDepth {
			parent.L.RaiseError("stack overflow (too many nested protected calls or coroutines)")
		}
	}
	var t *thread
	if depth <= shallowDepth {
		t, _ = vm.free.Get().(*thread)
	}
	if t == nil {
		t = vm.makeThread(depth)
	}
	t.parent, t.co, t.depth, t.posted = parent, co, depth, false
	return t
}

func (vm *VM) makeThread(depth int) *thread {
	template := vm.main
	if depth > shallowDepth {
		template = vm.deep
	}
	L, _ := template.NewThread()
	L.Panic = raised
	t := &thread{vm: vm, L: L}
	L.SetContext(t)
	return t
}

// release takes back a thread whose calls have all returned. One that failed
// is never released: closures may still read their captured locals from its
// registers.
func (vm *VM) release(t *thread) {
	if t.depth > shallowDepth {
		return
	}
	t.L.SetTop(0)
	t.parent, t.co, t.ctx = nil, nil, nil
	vm.free.Put(t)
}

// call runs fn with the arguments that are on L's stack from index first on,
// and returns how many results it has left on t's.
func (t *thread) call(fn lua.LValue, L *lua.LState, first int) int {
	t.L.Push(fn)
	top := L.GetTop()
	for i := first; i <= top; i++ {
		t.L.Push(L.Get(i))
	}
	t.L.Call(max(top-first+1, 0), lua.MultRet)
	return t.L.GetTop()
}

// context is that of the innermost Do or Within.
func (t *thread) context() context.Context {
	for ; t != nil; t = t.parent {
		if t.ctx != nil {
			return t.ctx
		}
	}
	return context.Background()
}

// The four methods of a context.Context. gopher-lua uses Done alone: before
// every instruction, on the goroutine that executes it. A nil channel means
// that it may go on.

func (t *thread) Done() <-chan struct{} {
	if t.vm.attention.Load() != 0 {
		t.observe()
	}
	return nil
}

func (t *thread) Deadline() (time.Time, bool) { return time.Time{}, false }
func (t *thread) Err() error                  { return nil }
func (t *thread) Value(any) any               { return nil }
