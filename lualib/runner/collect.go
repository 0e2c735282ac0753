package runner

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage is collected less often than by Go's default: the interpreter of a finished file
// is garbage as a whole, and there is little else. So there may be four times as much of it
// as of what is in use, and always some.
const (
	gcPercent  = 400
	leastWaste = 48 << 20 // bytes
)

// collectLess sets this, unless the user has chosen something else.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		afterCollections(setPercent)
	}
}

// setPercent sets the garbage for the heap that the last collection has left. It is all
// that Go knows about the next one, so a heap that grows is not mistaken for a small one.
func setPercent() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	const smallest = 4 << 20 // Go takes a smaller heap for one of this size
	debug.SetGCPercent(max(gcPercent, leastWaste*100/int(max(live[0].Value.Uint64(), smallest))))
}

// afterCollections calls fn now and after each collection: the one that finds out that an
// object is not used any more.
func afterCollections(fn func()) {
	fn()
	unused := new([64]byte)
	runtime.AddCleanup(unused, func(fn func()) { afterCollections(fn) }, fn)
}
