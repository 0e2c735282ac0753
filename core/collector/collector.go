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
	debug.SetGCPercent(percent(0))
	watch(percent(0))
}

// watch adapts the setting after each collection, to what it has left. A collection is
// noticed because it frees an object.
func watch(current int) {
	object := new([64]byte) // too large to share its memory with others
	runtime.AddCleanup(object, func(current int) {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		// What is allocated by now says nothing, because this may run late.
		left := stats.NextGC * 100 / uint64(100+current)
		wanted := percent(left)
		if wanted != current {
			debug.SetGCPercent(wanted)
		}
		watch(wanted)
	}, current)
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
