// Package vm is the Lua interpreter as avescript ships it: gopher-lua with
// its faults repaired from outside, one lock, and a hook.
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
// context. It says who called it, which is how a stack trace finds its way
// across protected calls, and whom it works for, which is how a deadline finds
// its victim.
//
// # Protected calls
//
// gopher-lua's pcall detaches the captured locals of every function on the
// stack when the call fails (upstream #448). Here a protected call runs on a
// thread of its own, taken from a pool, so that unwinding it touches nobody
// else's locals. A thread that failed is dropped; one that returned is used
// again.
//
// # Coroutines
//
// A coroutine runs on a goroutine of its own that is switched to and from with
// iter.Pull. It can therefore yield from anywhere: inside pcall, a metamethod,
// an iterator, or the comparison function of table.sort, where gopher-lua's
// own coroutines crash (upstream #45, #306).
//
// # The hook
//
// gopher-lua calls Done of a thread's context before every instruction. Ours
// looks at one atomic counter. When it isn't zero somebody wants attention: a
// deadline has passed, a function waits to be run in the middle of the script,
// as a signal handler does, a sample of the stack is due for a profile, or
// instructions are counted for coverage.
package vm

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// The sizes of a state. A thread's registry grows when it must; its call stack
// is made of segments that come and go.
const (
	registrySize    = 1024
	registryMaxSize = 1 << 20
	registryGrow    = 4096

	// A Lua function that calls a Go function that calls Lua nests Go's
	// stack too, whose overflow nobody can recover from (it is limited to
	// 1 GB). The sizes below keep the deepest nesting at well under that:
	// shallowDepth full stacks, and then small ones up to maxDepth.
	callStackSize      = 16384
	smallCallStackSize = 1024
	shallowDepth       = 8
	maxDepth           = 200
)

// VM is a Lua state with its lock.
type VM struct {
	mu   sync.Mutex
	main *lua.LState // holds the globals; executes nothing itself
	deep *lua.LState // the template of threads that are nested deeply

	attention  atomic.Int32 // how many reasons there are to leave the fast path
	posted     postbox
	free       sync.Pool // of *thread; as many as were in use at once, for a while
	coroutines map[*coroutine]struct{}
	watched    map[<-chan struct{}]struct{} // the contexts of Watch, by their Done
	waiting    map[*thread]struct{}         // threads in Unlocked
	chunks     chunkIndex
	modules    map[string]*Chunk // what require has found, by name; nil for one in Go
	counting   *counting         // nil unless Count was called
	sampling   *sampling         // nil unless Sample was called

	closing []func()

	// Resumed, if set, is called when a thread has the lock again after a wait
	// in which others had it.
	Resumed func(L *lua.LState)

	// OnMade, if set, is called when a script makes what it may leave behind.
	OnMade func(L *lua.LState, kind MadeKind, number int)

	// Attached is for the packages above: what they keep for each state,
	// under keys of types of their own. The lock guards it.
	Attached map[any]any
}

// New makes a state with the libraries of Lua 5.1. stdio is what its print and
// io functions are connected to.
func New(stdio Stdio) *VM {
	options := lua.Options{
		CallStackSize:       callStackSize,
		RegistrySize:        registrySize,
		RegistryMaxSize:     registryMaxSize,
		RegistryGrowStep:    registryGrow,
		MinimizeStackMemory: true,
	}
	vm := &VM{main: lua.NewState(options), coroutines: map[*coroutine]struct{}{}, watched: map[<-chan struct{}]struct{}{}, waiting: map[*thread]struct{}{}, modules: map[string]*Chunk{}, Attached: map[any]any{}}
	vm.main.G.MainThread = vm.main
	vm.main.G.CurrentThread = vm.main
	vm.main.Panic = raised

	vm.deep, _ = vm.main.NewThread()
	vm.deep.Options.CallStackSize = smallCallStackSize

	stdlib.Open(vm.main, stdlib.Host{
		Unlocked: Unlocked,
		Opened:   func(L *lua.LState, fd int) { Made(L, MadeDescriptor, fd) },
		Started:  func(L *lua.LState, pid int) { Made(L, MadeProcess, pid) },
		Stdin:    stdio.In,
		Stdout:   stdio.Out,
		Stderr:   stdio.Err,
	})
	vm.openProtect()
	vm.openCoroutine()
	vm.openDebug()
	vm.openLoad()
	return vm
}

// OnClose has fn called when the VM is closed, after all that runs in it has
// ended.
func (vm *VM) OnClose(fn func()) { vm.closing = append(vm.closing, fn) }

// Close ends every coroutine that is still suspended. The VM must not be used
// afterwards, and nothing may be running in it.
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
	vm.main.Close()
}

// Finish is called when the script has ended: it ends what the script would leave
// behind, and writes out the files that it has left with a buffer. What has
// ended the script does not end this.
func (vm *VM) Finish() {
	_ = vm.Do(context.Background(), func(L *lua.LState) error {
		stdlib.Flush(L)
		return nil
	})
}

// Do takes the lock and runs fn with a thread of its own. An error that fn or
// the Lua code it calls raises is returned, as *[Error] when it came from Lua.
// When ctx ends, the Lua code that fn has started is interrupted, wherever it
// is, and Do returns [context.Cause]; no pcall can stop that.
func (vm *VM) Do(ctx context.Context, fn func(L *lua.LState) error) error {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	return vm.enter(nil, ctx, fn)
}

// Within is Do for Go code that is called from Lua and so has the lock
// already: it runs fn under a context of its own, for instance one with a
// deadline. ctx should come from [Context](L).
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
		return f.interrupt
	}
	return &Error{Value: f.value, Text: vm.text(t, f.value), Frames: t.frames(), Bug: f.bug}
}

// attempt runs fn under ctx with a thread of its own. If it fails, the thread
// still has its stack.
func (vm *VM) attempt(parent *thread, ctx context.Context, fn func(L *lua.LState)) (*thread, *failure) {
	if _, ok := vm.watched[ctx.Done()]; !ok {
		defer vm.notice(ctx)()
	}
	t := vm.newThread(parent)
	t.ctx = ctx
	f := t.try(func() { fn(t.L) }, ctx)
	if f == nil {
		vm.release(t)
	}
	return t, f
}

// Watch makes Do and Within cheaper for ctx and the contexts that are made of it
// with values alone: the VM looks after its end once instead of in every call.
// It does so until stop is called, when nothing runs under them any more.
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

// notice has the end of ctx draw attention until forget is called.
func (vm *VM) notice(ctx context.Context) (forget func()) {
	stop := context.AfterFunc(ctx, func() { vm.attention.Add(1) })
	return func() {
		if !stop() {
			vm.attention.Add(-1)
		}
	}
}

// Unlocked releases the VM's lock while wait runs. wait must not touch the
// state, and must return soon after its context is done. When the context is
// done the script is interrupted afterwards.
func Unlocked(L *lua.LState, wait func(ctx context.Context)) {
	t := threadOf(L)
	ctx := t.context()
	func() {
		t.vm.waiting[t] = struct{}{}
		t.vm.mu.Unlock()
		defer func() {
			t.vm.mu.Lock()
			delete(t.vm.waiting, t)
		}()
		wait(ctx)
	}()
	if t.vm.Resumed != nil {
		t.vm.Resumed(L)
	}
	// The counter may be a moment behind a context that has just ended.
	if t.vm.attention.Load() != 0 || ctx.Err() != nil {
		t.attend()
	}
}

// Context is the context under which L runs: that of the innermost Do or
// Within.
func Context(L *lua.LState) context.Context { return threadOf(L).context() }

// Root is the context of the outermost Do that L runs in.
func Root(L *lua.LState) context.Context {
	root := context.Background()
	for t := threadOf(L); t != nil; t = t.parent {
		if t.ctx != nil {
			root = t.ctx
		}
	}
	return root
}

// Of is the VM that L belongs to.
func Of(L *lua.LState) *VM { return threadOf(L).vm }

// Globals is the table of the global variables.
func (vm *VM) Globals() *lua.LTable { return vm.main.G.Global }

// Error is an error that a script raised and did not catch.
type Error struct {
	Value  lua.LValue // what was raised
	Text   string     // Value as text, by its __tostring if it has one
	Frames []Frame    // where it was raised, innermost call first
	Bug    string     // Go's stack, when the error is a fault of our own
}

func (e *Error) Error() string { return e.Text }

// textTime is how long the __tostring of an error may take that is on its way
// out.
const textTime = time.Second

// text is tostring(v) of what the thread has raised. A __tostring that fails
// in turn must not hide it.
func (vm *VM) text(t *thread, v lua.LValue) (text string) {
	ctx, cancel := context.WithTimeout(t.context(), textTime)
	defer cancel()
	_, f := vm.attempt(nil, ctx, func(L *lua.LState) { text = L.ToStringMeta(v).String() })
	if f != nil {
		return fmt.Sprintf("(error object is a %s value whose __tostring failed)", v.Type())
	}
	if v.Type() == lua.LTTable && strings.HasPrefix(text, "table: ") {
		return "(error object is a table value)"
	}
	return text
}
