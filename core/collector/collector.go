// Package collector sets how often Go's garbage collector runs.
//
// By default Go collects when the heap has doubled, and a small heap already at 4 MB.
// An interpreter makes an object for nearly each result of a calculation, so a script
// with hardly any data would be collected hundreds of times in a second, and storing
// pointers takes longer meanwhile. Here the heap may always grow to [Least] first.
package collector

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Least is the size of the heap below which nothing is collected.
const Least = 64 << 20

const (
	usual    = 100 // percent; what Go has by default
	smallest = 4 << 20
)

// Start sets up the collector of the process, for as long as it runs. It does nothing
// if GOGC is in the environment.
func Start() {
	if os.Getenv("GOGC") != "" {
		return
	}
	current := percent(0)
	debug.SetGCPercent(current)
	Notice(func() (again bool) {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		// What is allocated by now says nothing, because this may run late.
		left := stats.NextGC * 100 / uint64(100+current)
		if wanted := percent(left); wanted != current {
			debug.SetGCPercent(wanted)
			current = wanted
		}
		return true
	})
}

// Notice calls call soon after each collection, on a goroutine of Go's, as long as it wants
// to be called again. A collection is noticed because it frees an object.
func Notice(call func() (again bool)) {
	object := new([64]byte) // too large to share its memory with others
	runtime.AddCleanup(object, func(call func() (again bool)) {
		if call() {
			Notice(call)
		}
	}, call)
}

// HeapBytes returns the size of the objects on the heap, also of those that the last
// collection has found and not yet freed. Package runtime/metrics would be cheaper to call,
// but its initialization takes a thirtieth of every start.
func HeapBytes() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Bound makes the collector run more often when the process uses about so many bytes,
// unless it is to do so earlier, as by GOMEMLIMIT. The process can use more than that.
func Bound(bytes uint64) {
	bytes = min(bytes, uint64(debug.SetMemoryLimit(-1)))
	debug.SetMemoryLimit(int64(bytes))
}

// percent returns by how much a heap may grow until it is collected.
func percent(size uint64) int {
	if size < smallest {
		size = smallest // Go's own limits are for this size
	}
	if 2*size >= Least {
		return usual
	}
	return int(Least*100/size - 100)
}
