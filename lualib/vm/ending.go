package vm

import (
	"context"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// endingGrace is how long code that was told to end may run without a wait. Most
// code comes to its next wait before that, and is not disturbed while it changes
// something.
const endingGrace = time.Second / 2

// Ending tells the code of a [VM.DoEnding] to end, by an error that it can catch.
// The error is raised in a wait, which it ends, or, after endingGrace, wherever the
// code is. After that the code can wait again.
type Ending struct {
	vm    *VM
	raise func(L *lua.LState, err error)

	mu     sync.Mutex
	err    error           // the error to raise
	at     time.Time       // when
	over   bool            // err was raised, or there is no code to raise it in
	ctx    context.Context // for waits; made by the first wait
	cancel context.CancelCauseFunc
}

// NewEnding makes an ending that calls raise to raise its error.
func (vm *VM) NewEnding(raise func(L *lua.LState, err error)) *Ending {
	return &Ending{vm: vm, raise: raise}
}

// DoEnding is Do for code that can be told to end.
func (vm *VM) DoEnding(ctx context.Context, ending *Ending, fn func(L *lua.LState) error) error {
	defer ending.finish()
	return vm.Do(ctx, func(L *lua.LState) error {
		threadOf(L).ending = ending
		return fn(L)
	})
}

// End makes the code raise err, once. It can be called from any goroutine at any
// time.
func (e *Ending) End(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over || e.err != nil {
		return
	}
	e.err, e.at = err, time.Now()
	e.vm.attention.Add(1)
	if e.cancel != nil {
		e.cancel(err)
	}
}

// context returns the context for waits, made from that of the Do.
func (e *Ending) context(parent context.Context) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx == nil {
		e.ctx, e.cancel = context.WithCancelCause(parent)
		if e.err != nil {
			e.cancel(e.err)
		}
	}
	return e.ctx
}

// state returns whether there is an error to raise, and whether to raise it now, in
// a wait or not.
func (e *Ending) state(waited bool) (ended, due bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ended = e.err != nil
	return ended, ended && (waited || time.Since(e.at) >= endingGrace)
}

func (e *Ending) finish() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return
	}
	e.over = true
	if e.err != nil {
		e.vm.attention.Add(-1)
	}
	if e.cancel != nil {
		e.cancel(nil)
	}
}
