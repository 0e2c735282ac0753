// Package vm is the Lua interpreter of avescript: gopher-lua with
// its bugs worked around from outside, one lock, and a hook.
//
// # Threads
//
// A [VM] is one Lua state. Lua code runs only while it holds the VM's lock;
// a Go function that can block releases the lock around the wait with
// [Unlocked]. So several goroutines can be inside one state, taking turns at
// the places where they wait, and a script never sees two things happen at
// once. [VM.Do] is the way in from Go.
//
// Every gopher-lua thread that executes code here has a [thread] as its
// context. It names its caller, so that a stack trace can continue
// across protected calls, and the coroutine that it works for, so that a deadline
// can interrupt it.
//
// # Protected calls
//
// gopher-lua's pcall detaches the captured locals of every function on the
// stack when the call fails (upstream #448). Here a protected call runs on a
// thread of its own, taken from a pool, so that unwinding it does not touch other
// locals. Then the thread is used again: one that failed gives the captured
// locals in its registers values of their own, and forgets its calls.
//
// # Coroutines
//
// A coroutine runs on a goroutine that is switched to and from with iter.Pull, and
// runs the next coroutine when it has ended. It can therefore yield from anywhere: inside pcall, a metamethod,
// an iterator, or the comparison function of table.sort, where gopher-lua's
// own coroutines crash (upstream #45, #306).
//
// # The hook
//
// Code is executed by our own loop, package mainloop, which checks one atomic counter
// before every instruction. If it is not zero, something needs attention: a
// deadline has passed, a function waits to be run in the middle of the script,
// as a signal handler does, a sample of the stack is due for a profile, or
// instructions are counted for coverage.
package vm

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/process"
	"avescript/core/secret"
	"avescript/lualib/mainloop"
	"avescript/lualib/stdlib"
)

// The sizes of a state. The registry of a thread grows as needed; its call stack is
// made of segments that are added and removed.
const (
	registrySize    = 1024
	registryMaxSize = 1 << 20
	registryGrow    = 4096

	// A Lua function that calls a Go function that calls Lua also nests Go's stack,
	// whose overflow ends the process (the limit is 1 GB). The sizes below keep the
	// deepest nesting far below that: shallowDepth full stacks, and then small ones
	// up to maxDepth.
	callStackSize      = 16384
	smallCallStackSize = 1024
	shallowDepth       = 8
	maxDepth           = 200
)

// VM is a Lua state with its lock.
type VM struct {
	mu    sync.Mutex
	turns uint64      // see Turns
	main  *lua.LState // holds the globals; executes nothing itself
	deep  *lua.LState // the template for deeply nested threads

	loop       *mainloop.Loop // executes the code; nil for gopher-lua's own loop
	attention  atomic.Int32   // the number of reasons to leave the fast path
	memory     memory
	posted     postbox
	free       sync.Pool                    // of *thread
	coroutines map[*coroutine]struct{}      // those that have started and not ended
	abandoned  abandonedList                // suspended ones that nobody can resume
	fibers     []*fiber                     // that run nothing
	watched    map[<-chan struct{}]struct{} // the contexts of Watch, by their Done
	waiting    map[*thread]struct{}         // threads in Unlocked
	chunks     chunkIndex
	modules    map[string]*Chunk // what require has found, by name; nil for one in Go
	counting   *counting         // nil unless Count was called
	sampling   *sampling         // nil unless Sample was called
	hooks      int32             // the hooks of debug.sethook that can cause events

	// environment has the global variables of chunks that are loaded outside of
	// coroutines; nil for the usual ones.
	environment *lua.LTable

	closing []func()

	// Resumed, if set, is called when a thread has the lock again after a wait
	// in which others had it.
	Resumed func(L *lua.LState)

	// TestRun, if set, is told what scripts do that matters for tests.
	TestRun TestRun

	// ChildOutput, if set, replaces the standard output and error of processes that
	// scripts start as copies of themselves, except daemons.
	ChildOutput *os.File

	// KeepStacks has errors that leave a Do or Within keep their [Stack], and what the end
	// of a context has ended: see [Stopped]. It costs memory as long as the error is kept.
	KeepStacks bool
	stopped    *Stack

	// Prompt, if set, opens a prompt in the code that has called the Go function in which L
	// is, and returns when that is left. It gives up the lock meanwhile.
	Prompt func(L *lua.LState) error

	kept   []any     // see Keep
	stderr io.Writer // nil for the process's own
}

// New makes a state with the libraries of Lua 5.1. Its print and io functions use
// stdio.
func New(stdio Stdio) *VM {
	options := lua.Options{
		CallStackSize:       callStackSize,
		RegistrySize:        registrySize,
		RegistryMaxSize:     registryMaxSize,
		RegistryGrowStep:    registryGrow,
		MinimizeStackMemory: true,
	}
	vm := &VM{main: lua.NewState(options), coroutines: map[*coroutine]struct{}{}, watched: map[<-chan struct{}]struct{}{}, waiting: map[*thread]struct{}{}, modules: map[string]*Chunk{}, kept: make([]any, kinds), stderr: stdio.Err}
	vm.main.G.MainThread = vm.main
	vm.main.G.CurrentThread = vm.main
	vm.main.Panic = raised
	vm.loop = vm.newLoop()

	vm.deep, _ = vm.main.NewThread()
	vm.deep.Options.CallStackSize = smallCallStackSize

	stdlib.Open(vm.main, stdlib.Host{
		Unlocked: Unlocked,
		Opened:   func(L *lua.LState, fd int) { Made(L, MadeDescriptor, fd) },
		Started:  func(L *lua.LState, pid int) { Made(L, MadeProcess, pid) },
		Start:    process.WithInheritedSignals,
		Stdin:    stdio.In,
		Stdout:   stdio.Out,
		Stderr:   stdio.Err,
		Dump:     dumpFunction,
		Own:      process.Own,
		Await:    process.Await,
		Fits:     vm.memory.fits,
		NoMemory: func(L *lua.LState) { Raise(L, outOfMemory) },
		Forget:   forget,
		Later:    vm.Later,
		Try:      try,
	})
	vm.openProtect()
	vm.openCoroutine()
	vm.openDebug()
	vm.openEnvironment()
	vm.openLoad()
	return vm
}

// OnClose registers fn, which is called when the VM is closed, after everything in
// it has ended.
func (vm *VM) OnClose(fn func()) { vm.closing = append(vm.closing, fn) }

// Close ends every coroutine that is still suspended. Nothing may be running in the
// VM, and it must not be used afterwards.
func (vm *VM) Close() {
	defer func() { // without the lock
		for _, fn := range vm.closing {
			fn()
		}
	}()
	vm.mu.Lock()
	defer vm.mu.Unlock()
	for co := range vm.coroutines {
		co.kill()
	}
	vm.stopFibers()
	vm.main.Close()
}

// Finish is called when the script has ended: it ends what the script would leave
// behind, and flushes the files that it has left open. It is not ended by whatever
// has ended the script.
func (vm *VM) Finish() {
	_ = vm.Do(context.Background(), func(L *lua.LState) error {
		stdlib.Flush(L)
		return nil
	})
}

// Do takes the lock and runs fn with a thread of its own. It returns the error of
// fn or of the Lua code that fn calls, as *[Error] if it came from Lua. When ctx
// ends, the Lua code that fn has started is interrupted, wherever it is, and Do
// returns [context.Cause]. A pcall cannot prevent that.
func (vm *VM) Do(ctx context.Context, fn func(L *lua.LState) error) error {
	vm.lock()
	defer vm.mu.Unlock()
	return vm.enter(nil, ctx, fn)
}

// Within is Do for Go code that is called from Lua and so holds the lock already:
// it runs fn under a context of its own, for instance one with a deadline. Make ctx
// from [Context](L).
func Within(L *lua.LState, ctx context.Context, fn func(L *lua.LState) error) error {
	t := threadOf(L)
	return t.vm.enter(t, ctx, fn)
}

func (vm *VM) enter(parent *thread, ctx context.Context, fn func(L *lua.LState) error) error {
	var failed error
	t, f := vm.attempt(parent, ctx, func(L *lua.LState) { failed = fn(L) })
	switch {
	case f == nil:
		return failed
	case f.interrupt != nil:
		vm.stopped = f.stack
		return f.interrupt
	}
	err := &Error{Value: f.value, Text: vm.text(t, f.value), Frames: t.frames(), Stack: t.stackIfKept(), Bug: f.bug}
	vm.recycle(t)
	return err
}

// attempt runs fn under ctx with a thread of its own. If fn fails, the thread still
// has its stack.
func (vm *VM) attempt(parent *thread, ctx context.Context, fn func(L *lua.LState)) (*thread, *failure) {
	if _, ok := vm.watched[ctx.Done()]; !ok {
		defer vm.notice(ctx)()
	}
	t := vm.newThread(parent)
	t.ctx = ctx
	f := t.try(func() { fn(t.L) }, ctx)
	if f == nil {
		vm.release(t)
	} else {
		vm.setHook(&t.hook, nil) // the thread may not be used again
	}
	return t, f
}

func (vm *VM) lock() {
	vm.mu.Lock()
	vm.turns++
}

// Turns returns how often the lock has been taken. As long as it stays the same,
// the same code is running, and all other code is waiting. The caller holds the
// lock.
func (vm *VM) Turns() uint64 { return vm.turns }

// Watch makes Do and Within cheaper for ctx and contexts made from it with values
// only: the VM watches for its end once instead of in every call, until stop is
// called. Nothing may run under these contexts by then.
func (vm *VM) Watch(ctx context.Context) (stop func()) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	forget := vm.notice(ctx)
	vm.watched[ctx.Done()] = struct{}{}
	return func() {
		vm.mu.Lock()
		defer vm.mu.Unlock()
		delete(vm.watched, ctx.Done())
		forget()
	}
}

// notice makes the end of ctx draw attention, until forget is called.
func (vm *VM) notice(ctx context.Context) (forget func()) {
	stop := context.AfterFunc(ctx, func() { vm.attention.Add(1) })
	return func() {
		if !stop() {
			vm.attention.Add(-1)
		}
	}
}

// Unlocked releases the VM's lock while wait runs. wait must not touch the state,
// and must return soon after its context is done. If the context is done, the
// script is interrupted afterwards.
func Unlocked(L *lua.LState, wait func(ctx context.Context)) {
	t := threadOf(L)
	ctx := t.context()
	func() {
		t.vm.waiting[t] = struct{}{}
		t.vm.mu.Unlock()
		defer func() {
			t.vm.lock()
			delete(t.vm.waiting, t)
		}()
		wait(ctx)
	}()
	if t.vm.Resumed != nil {
		t.vm.Resumed(L)
	}
	// The counter may lag behind a context that has just ended.
	if t.vm.attention.Load() != 0 || ctx.Err() != nil {
		t.attend(true)
	}
}

// Context returns the context under which L runs: that of the innermost Do or
// Within.
func Context(L *lua.LState) context.Context { return threadOf(L).context() }

// Root returns the context of the outermost Do that L runs in.
func Root(L *lua.LState) context.Context {
	root := context.Background()
	for t := threadOf(L); t != nil; t = t.parent {
		if t.ctx != nil {
			root = t.ctx
		}
	}
	return root
}

// Of returns the VM that L belongs to.
func Of(L *lua.LState) *VM { return threadOf(L).vm }

// Globals returns the table of global variables.
func (vm *VM) Globals() *lua.LTable { return vm.main.G.Global }

// Error is an error that a script raised and did not catch.
type Error struct {
	Value  lua.LValue // what was raised
	Text   string     // Value as text, by its __tostring if it has one
	Frames []Frame    // where it was raised, innermost call first
	Stack  *Stack     // the same with variables, if the VM keeps stacks
	Bug    string     // Go's stack, if the error is a bug in Go code
}

func (e *Error) Error() string { return e.Text }

// textTime limits the __tostring of an error that ends the script.
const textTime = time.Second

// text returns tostring(v) for an error of the thread. A __tostring that fails must
// not hide the error.
func (vm *VM) text(t *thread, v lua.LValue) (text string) {
	ctx, cancel := context.WithTimeout(t.context(), textTime)
	defer cancel()
	_, f := vm.attempt(nil, ctx, func(L *lua.LState) { text = L.ToStringMeta(v).String() })
	if f != nil {
		return fmt.Sprintf("(error object is a %s value whose __tostring failed)", v.Type())
	}
	if v.Type() == lua.LTTable && strings.HasPrefix(text, "table: ") {
		if what := shown("", v, secret.NewMask(nil)); what != "{}" {
			return "(error object is a table value: " + what + ")"
		}
		return "(error object is a table value)"
	}
	return text
}
