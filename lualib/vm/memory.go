package vm

import (
	"math"
	"runtime"
	"sync/atomic"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/collector"
)

// This file limits the memory that scripts use. Go allocates for all interpreters of a
// process together, and cannot refuse: so what a collection leaves is compared with the
// limit, and what the library is about to make if it is large.

// memory is the limit, and what is known of the heap.
type memory struct {
	limit uint64        // bytes; 0 means that there is none
	due   atomic.Bool   // a collection has left too much, or what it found is not yet free
	spare atomic.Uint64 // what is allowed instead of the limit, since the error was raised
}

// outOfMemory is the error of Lua 5.1, which has no position.
const outOfMemory = lua.LString("not enough memory")

// LimitMemory makes Lua code fail with "not enough memory" when a collection of Go's leaves
// more than so many bytes in the process, or the library would make a string with which
// there were more. The error can be caught. After it, code that handles it can use an
// eighth of the limit more, but not half of it, until a collection leaves less than seven
// eighths of the limit.
//
// Between two collections a quarter more can be in use. Call LimitMemory once, before
// anything runs.
func (vm *VM) LimitMemory(bytes uint64) {
	vm.memory.limit = bytes
	collector.Bound(bytes + bytes/4)
	to := weak.Make(vm)
	collector.Notice(func() (again bool) {
		vm := to.Value()
		if vm != nil {
			vm.collected()
		}
		return vm != nil
	})
}

// collected is called after each collection, on a goroutine of Go's. What was found is
// freed bit by bit, and counts until then.
func (vm *VM) collected() {
	m := &vm.memory
	if m.left() > m.allowed() && !m.due.Swap(true) {
		vm.attention.Add(1)
	}
}

// left returns what is in use after a collection.
func (m *memory) left() uint64 {
	heap := collector.HeapBytes()
	if heap <= m.limit-m.limit/8 { // not at the limit, which handling the error may pass again
		m.spare.Store(0)
	}
	return heap
}

func (m *memory) allowed() uint64 { return max(m.limit, m.spare.Load()) }

// fits reports whether so many bytes more are allowed. It does not need the lock.
func (m *memory) fits(more int) bool {
	const part = 64 // of the limit; the next collection notices what is less than that
	if m.limit == 0 || uint64(more) < m.limit/part {
		return true
	}
	return m.fitsNow(more)
}

func (m *memory) fitsNow(more int) bool {
	if collector.HeapBytes()+uint64(more) <= m.allowed() {
		return true
	}
	runtime.GC() // frees everything that it finds before it returns
	return m.left()+uint64(more) <= m.allowed()
}

// checkMemory raises the error if too much is in use.
func (t *thread) checkMemory() {
	m := &t.vm.memory
	if !m.due.Load() {
		return
	}
	t.vm.attention.Add(-1)
	m.due.Store(false)
	if !m.fitsNow(0) {
		m.spare.Store(min(collector.HeapBytes()+m.limit/8, m.limit+m.limit/2))
		Raise(t.L, outOfMemory)
	}
}

// needMemory raises the error if so many bytes more are not allowed.
func needMemory(L *lua.LState, bytes int) {
	if bytes < 0 {
		bytes = math.MaxInt
	}
	if !threadOf(L).vm.memory.fits(bytes) {
		Raise(L, outOfMemory)
	}
}
