package vm

import (
	"context"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// interrupt is the panic that ends Lua code whose context is done. Protected
// calls and coroutines let it through; the Do or Within whose context it is
// returns its cause.
type interrupt struct {
	ctx context.Context
}

// observe is what the hook does when the counter is not zero. Counting is the
// reason that is always there.
func (t *thread) observe() {
	reasons := t.vm.attention.Load()
	if t.vm.counting != nil {
		t.count()
		reasons--
	}
	if reasons > 0 {
		t.attend()
	}
}

// attend is the slow path of the hook: it samples the stack if that is due, runs
// what was posted, and interrupts the thread when a context that it works under
// is done.
func (t *thread) attend() {
	t.sampleIfDue()
	for fn := t.vm.posted.take(); fn != nil; fn = t.vm.posted.take() {
		t.vm.attention.Add(-1)
		t.runPosted(fn)
	}
	// The outermost context that is done decides, so that the end of a run
	// is not taken for the end of one test in it.
	var done context.Context
	for p := t; p != nil; p = p.parent {
		if p.ctx != nil && p.ctx.Err() != nil {
			done = p.ctx
		}
	}
	if done != nil {
		panic(interrupt{done})
	}
}

// runPosted runs fn above whatever the thread is doing. It has registers of
// its own, because between two instructions it isn't known which ones of the
// running function are in use.
func (t *thread) runPosted(fn func(L *lua.LState)) {
	u := t.vm.newThread(t)
	u.co = nil // a yield in fn would be taken for one of the script's
	u.posted = true
	fn(u.L)
	t.vm.release(u)
}

// Post has fn run under the lock as soon as possible: between two instructions
// of the code that is running, or at once when all of it is waiting. An error
// that fn raises goes to the code that was interrupted for it, or else to
// failed. This is how a signal reaches a script that loops.
func (vm *VM) Post(fn func(L *lua.LState), failed func(error)) {
	vm.posted.put(fn)
	vm.attention.Add(1)
	go func() {
		if err := vm.runOnePosted(); err != nil {
			failed(err)
		}
	}()
}

// runOnePosted runs what was posted, unless the script has done so already.
func (vm *VM) runOnePosted() error {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	fn := vm.posted.take()
	if fn == nil {
		return nil
	}
	vm.attention.Add(-1)
	return vm.enter(nil, context.Background(), func(L *lua.LState) error {
		threadOf(L).posted = true
		fn(L)
		return nil
	})
}

// postbox is the queue of posted functions.
type postbox struct {
	mu    sync.Mutex
	queue []func(L *lua.LState)
}

func (b *postbox) put(fn func(L *lua.LState)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, fn)
}

func (b *postbox) take() func(L *lua.LState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil
	}
	fn := b.queue[0]
	b.queue = b.queue[1:]
	return fn
}
