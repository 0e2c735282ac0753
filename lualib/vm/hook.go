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
	ctx   context.Context
	stack *Stack // of the code, nil if nobody looks at it
}

// observe is called by the hook when the counter is not zero. Counting instructions
// and the hooks of the debug library are reasons that stay.
func (t *thread) observe() {
	reasons := t.vm.attention.Load()
	if t.vm.counting != nil {
		t.count()
		reasons--
	}
	hooks := t.vm.hooks
	if reasons > hooks {
		t.attend(false)
	}
	if hooks > 0 {
		t.debugHooks()
	}
}

// attend is the slow path of the hook: it takes a sample if one is due, runs posted
// functions, and ends the running code when a context above it is done: by an
// interrupt, or by an error if there is an [Ending]. An error about memory is for code
// between instructions: after a wait, it would lose what was waited for.
func (t *thread) attend(waited bool) {
	t.sampleIfDue()
	for fn := t.vm.posted.take(); fn != nil; fn = t.vm.posted.take() {
		t.vm.attention.Add(-1)
		t.runPosted(fn)
	}
	// The outermost context that is done decides, so that the end of a run is not
	// mistaken for the end of one of its tests.
	var done context.Context
	var told *thread
	posted := false
	for p := t; p != nil; p = p.parent {
		switch {
		case p.ctx != nil && p.ctx.Err() != nil:
			done, told = p.ctx, nil
		case p.ending != nil && !posted: // posted functions are not told to end
			switch ended, due := p.ending.state(waited); {
			case due:
				done, told = nil, p
			case ended:
				done = nil // the contexts made from it end later
			}
		}
		posted = posted || p.posted
	}
	if told != nil {
		ending := told.ending
		told.ending = nil
		ending.finish()
		ending.raise(t.L, ending.err)
	}
	if done != nil {
		panic(interrupt{done, t.stackIfKept()})
	}
	if !waited {
		t.checkMemory()
	}
}

// runPosted runs fn above whatever the thread is doing. It has its own registers,
// because between two instructions it is not known which registers of the running
// function are in use.
func (t *thread) runPosted(fn func(L *lua.LState)) {
	u := t.vm.newThread(t)
	u.co = nil // otherwise a yield in fn would count as one of the script
	u.posted = true
	fn(u.L)
	t.vm.release(u)
}

// Post makes fn run under the lock as soon as possible: between two instructions of
// the running code, or at once if all code is waiting. An error in fn is raised in
// the code that it interrupted; if there is none, it goes to failed. This is how a
// signal reaches a script that loops.
func (vm *VM) Post(fn func(L *lua.LState), failed func(error)) {
	vm.posted.put(fn)
	vm.attention.Add(1)
	go func() {
		for {
			ran, err := vm.runOnePosted()
			if err != nil {
				failed(err)
			}
			if !ran {
				return
			}
		}
	}()
}

// Later is Post for what can wait: fn runs between two instructions, and not at all while
// no code runs, or after Close.
func (vm *VM) Later(fn func(L *lua.LState)) {
	vm.posted.put(fn)
	vm.attention.Add(1)
}

// runOnePosted runs a posted function. It returns false if the script has run all.
func (vm *VM) runOnePosted() (ran bool, err error) {
	vm.lock()
	defer vm.mu.Unlock()
	fn := vm.posted.take()
	if fn == nil {
		return false, nil
	}
	vm.attention.Add(-1)
	return true, vm.enter(nil, context.Background(), func(L *lua.LState) error {
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
