// Package collector sets how often Go's garbage collector runs. Nothing else in the program
// sets its percentage.
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
	"sync"
)

// Least is the size of the heap below which nothing is collected.
const Least = 64 << 20

const (
	usual    = 100 // percent; what Go has by default
	rare     = 400
	smallest = 4 << 20 // Go takes a smaller heap for one of this size
)

// setting is what the collector of this process is set to.
var setting struct {
	sync.Mutex
	watched bool
	growth  int // by how many percent a large heap may grow
	percent int // of the collector, or of the time after Resume
	stops   int // calls of Stop without a Resume
}

// Start sets up the collector of the process, for as long as it runs. It does nothing
// if GOGC is in the environment.
func Start() { allow(usual) }

// StartRarely is Start for a process of which a large part becomes garbage at once, such
// as the interpreter of a test file that has ended: there may be four times as much garbage
// as of what is in use. It can follow Start.
func StartRarely() { allow(rare) }

func allow(growth int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	setting.Lock()
	defer setting.Unlock()
	setting.growth = growth
	if !setting.watched {
		setting.watched = true
		adapt(0)
		Notice(follow)
	} else if setting.stops == 0 {
		adapt(left())
	}
}

// follow adapts the setting to what a collection has left.
func follow() (again bool) {
	setting.Lock()
	defer setting.Unlock()
	if setting.stops == 0 {
		adapt(left())
	}
	return true
}

// left returns how much was in use after the last collection. What is allocated by now
// says nothing, because this may run late. The caller has the lock, and it is not stopped.
func left() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.NextGC * 100 / uint64(100+setting.percent)
}

// adapt sets the percentage for a heap of this size. The caller has the lock.
func adapt(size uint64) {
	wanted := percent(size, setting.growth)
	if wanted == setting.percent {
		return
	}
	setting.percent = wanted
	if setting.stops == 0 {
		debug.SetGCPercent(wanted)
	}
}

// percent returns by how much a heap may grow until it is collected.
func percent(size uint64, growth int) int {
	size = max(size, smallest)
	if size >= Least {
		return growth
	}
	return max(int(Least*100/size-100), growth)
}

// Stop stops the collector until Resume has been called as often.
func Stop() {
	setting.Lock()
	defer setting.Unlock()
	if setting.stops++; setting.stops == 1 {
		setting.percent = debug.SetGCPercent(-1)
	}
}

// Resume undoes a Stop.
func Resume() {
	setting.Lock()
	defer setting.Unlock()
	if setting.stops--; setting.stops == 0 {
		debug.SetGCPercent(setting.percent)
	}
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
