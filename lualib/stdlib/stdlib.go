// Package stdlib is the standard library of Lua 5.1, corrected.
//
// gopher-lua's own string, table, math, os, io and basic functions differ from
// the reference interpreter in results, in error messages and in cost.
// [Open] replaces them by our own; it is called after
// [lua.LState.OpenLibs]. Errors, coroutines, loading of chunks, packages
// and debug are not changed.
//
// Intended differences from the reference:
//
//   - pairs honours a __pairs metamethod, as Lua 5.2 does;
//   - an argument error names the function as the library does, where the
//     reference has the name at the place of the call, or '?' under pcall;
//   - zero bytes are kept by print, by reading a line, by %s and %c of
//     string.format, and in patterns: the reference cuts the text there;
//   - numbers too large for an integer argument count as the largest
//     integer, not, as on x86, as the smallest;
//   - tonumber("-ff", 16) is -255, as the reference's own test suite has it;
//     its code wraps the number around;
//   - files are written without a buffer unless setvbuf asks for one, so that
//     nothing is lost when a process is killed;
//   - os.tmpname makes its file in TMPDIR, if that is set;
//   - strings and results of more than 2 GiB are refused with an error,
//     because running out of memory cannot be caught in Go;
//   - next, pairs and table.foreach skip the key [Hidden];
//   - garbage collection is Go's: collectgarbage remembers the parameters it
//     is given, and does not apply them; weak tables lose their entries, and
//     finalizers are called, at collections that the script asks for.
//
// All functions run with the VM's lock held, as any Go function does. Code that can
// block runs in [Host.Unlocked] and touches no Lua values there.
package stdlib

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// Host is what the library needs from the interpreter around it. The zero value is
// for a process that has one Lua thread and its own standard streams.
type Host struct {
	// Unlocked runs wait with the VM's lock released. wait returns soon after its
	// context is done.
	Unlocked func(L *lua.LState, wait func(ctx context.Context))

	// Opened and Started are called with the descriptors that a script opens, and
	// the processes that it starts. They may be nil.
	Opened, Started func(L *lua.LState, number int)

	// Start calls start, which starts a process. If it is nil, start is called
	// directly.
	Start func(start func() error) error

	// The standard streams; nil means the process's own. Each is used by one thread
	// at a time. Children of os.execute and io.popen get them too, except a Stdin
	// that is not a file.
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// Dump makes the string for string.dump, or tells that it cannot. If it is nil, no
	// function can be dumped.
	Dump func(L *lua.LState, fn *lua.LFunction) (dumped string, ok bool)

	// Exit ends the process for os.exit, after the files were flushed. The default
	// is [os.Exit].
	Exit func(code int)

	// Own tells the host that the library waits for a child that it has started,
	// until release. It may be nil if the program waits for no other children.
	Own func(pid int) (release func())

	// Forget removes values from L's stack, and from those below it, that the running
	// functions do not use any more. It may be nil.
	Forget func(L *lua.LState)

	// Later makes fn run on a Lua thread, between two instructions of code that runs. It
	// may be nil.
	Later func(fn func(L *lua.LState))

	// Try runs fn, and discards an error of Lua code in it.
	Try func(L *lua.LState, fn func(L *lua.LState))

	// Fits reports whether a value of so many bytes may be made, and NoMemory raises the
	// error if it may not. Fits is called without the lock, too. They may be nil.
	Fits     func(bytes int) bool
	NoMemory func(L *lua.LState)

	// Await waits for the end of a child, before it is reaped. It may be nil if
	// every wait may use a thread of its own.
	Await func(pid int)
}

// library is the state that one Lua state and all its threads share.
type library struct {
	host                  Host
	stdin, stdout, stderr *lua.LUserData
	input, output         *lua.LUserData // the defaults of io.read and io.write
	fileMeta              *lua.LTable
	unflushed             map[*file]struct{} // open files that setvbuf gave a buffer
	endings               []ending
	random                *rand.Rand
	gcPause, gcStepMul    int
	stepsLeft             float64 // bytes, of a collection in steps
	stopped               bool    // by collectgarbage("stop")
	weak                  weakTables
	proxies               []proxy // userdata of newproxy that have a metatable
	proxyMetatables       map[weak.Pointer[lua.LTable]]struct{}
	tostring, next        *lua.LFunction
}

const registryKey = "avescript.stdlib"

// Open replaces the functions in the global tables of L.
func Open(L *lua.LState, host Host) {
	lib := &library{
		host:      host.withDefaults(),
		unflushed: map[*file]struct{}{},
		gcPause:   200,
		gcStepMul: 200,

		proxyMetatables: map[weak.Pointer[lua.LTable]]struct{}{},
	}
	registry := L.Get(lua.RegistryIndex).(*lua.LTable)
	registry.RawSetString(registryKey, &lua.LUserData{Value: lib, Metatable: lua.LNil})

	lib.openBase(L)
	lib.openMath(L)
	lib.openOS(L)
	lib.openIO(L)
	openString(L)
	openTable(L)
}

// Flush calls the functions of [OnExit], and writes out the buffers of files. The
// host calls it when the script has ended; os.exit does so itself.
func Flush(L *lua.LState) {
	if lib := libraryOf(L); lib != nil {
		lib.end(L, false)
	}
}

// ending is a function of [OnExit]. abrupt means that os.exit has called it, in the
// middle of a script that will not continue.
type ending func(L *lua.LState, abrupt bool)

// OnExit registers fn, which is called when the script ends.
func OnExit(L *lua.LState, fn func(L *lua.LState, abrupt bool)) {
	lib := libraryOf(L)
	lib.endings = append(lib.endings, fn)
}

// OnExitFirst is [OnExit] for something that must end before everything else,
// because it may be using what the others remove.
func OnExitFirst(L *lua.LState, fn func(L *lua.LState, abrupt bool)) {
	lib := libraryOf(L)
	lib.endings = slices.Insert(lib.endings, 0, ending(fn))
}

func libraryOf(L *lua.LState) *library {
	registry := L.Get(lua.RegistryIndex).(*lua.LTable)
	ud, ok := registry.RawGetString(registryKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	return ud.Value.(*library)
}

func (lib *library) end(L *lua.LState, abrupt bool) {
	for i := 0; i < len(lib.endings); i++ { // not a range: one may wait, and others may be added in the meantime
		lib.endings[i](L, abrupt)
	}
	lib.restart()
	if !abrupt {
		lib.finalizeAll(L)
	}
	lib.flush(L)
}

func (lib *library) flush(L *lua.LState) {
	for f := range lib.unflushed {
		// As with exit() in C, there is nobody to report an error to.
		_ = f.do(L, f.flush)
	}
}

func (h Host) withDefaults() Host {
	if h.Unlocked == nil {
		h.Unlocked = func(_ *lua.LState, wait func(context.Context)) { wait(context.Background()) }
	}
	if h.Start == nil {
		h.Start = func(start func() error) error { return start() }
	}
	if h.Stdin == nil {
		h.Stdin = os.Stdin
	}
	if h.Stdout == nil {
		h.Stdout = os.Stdout
	}
	if h.Stderr == nil {
		h.Stderr = os.Stderr
	}
	if h.Exit == nil {
		h.Exit = os.Exit
	}
	if h.Own == nil {
		h.Own = func(int) (release func()) { return func() {} }
	}
	if h.Forget == nil {
		h.Forget = func(*lua.LState) {}
	}
	if h.Later == nil {
		h.Later = func(func(*lua.LState)) {}
	}
	if h.Try == nil {
		h.Try = func(L *lua.LState, fn func(L *lua.LState)) {
			_ = L.CallByParam(lua.P{Fn: L.NewFunction(func(L *lua.LState) int { fn(L); return 0 }), Protect: true})
		}
	}
	if h.Fits == nil {
		h.Fits = func(int) bool { return true }
	}
	if h.Await == nil {
		h.Await = func(int) {}
	}
	return h
}

// function is one entry of a library table.
type function struct {
	name string
	call func(args) int
}

func (f function) bind(L *lua.LState) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int { return f.call(args{L, f.name}) })
}

func setFunctions(L *lua.LState, table *lua.LTable, functions []function) {
	for _, f := range functions {
		table.RawSetString(f.name, f.bind(L))
	}
}
