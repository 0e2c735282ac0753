package control

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// The memory that a service uses for its clients is sometimes large, and garbage soon
// after. By default, Go's collector allows as much garbage as there is memory in use,
// so a peak would cost twice its size, and it would take minutes until the system gets
// the memory back. So during a peak a soft limit allows the process twice its own
// memory, but the memory for clients only once, plus some room for work. After the peak
// the memory is given back once.

const (
	// peakSize is how many bytes must be kept for clients to count as a peak.
	peakSize = 4 << 20

	// peakRoom is for the garbage of the work itself, for example while an answer is
	// encoded.
	peakRoom = 32 << 20

	// peakPause is how long it must be quiet until a peak is over.
	peakPause = time.Second

	// leastHeap is what Go's collector always allows a process.
	leastHeap = 4 << 20
)

// kept is the memory that all services of this process keep for clients. There is one
// collector for all of them.
var kept memory

type memory struct {
	mu       sync.Mutex
	bytes    int64
	highest  int64 // since the last check
	atPeak   bool
	usual    int64 // what the process used for itself before the peak
	own      int64 // what it uses for itself now
	limited  int64 // the bytes for which the limit was last set
	foreign  bool  // the limit was set by somebody else, for example by GOMEMLIMIT
	lastLook *time.Timer
}

// add records that n more bytes are kept, or fewer if n is negative.
func (m *memory) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes += int64(n)
	m.highest = max(m.highest, m.bytes)
	switch {
	case !m.atPeak && m.bytes >= peakSize:
		m.atPeak = true
		m.foreign = debug.SetMemoryLimit(-1) != math.MaxInt64
		m.usual = max(liveHeap()-m.bytes, leastHeap)
		m.own = m.usual
		m.limit()
		m.lastLook = time.AfterFunc(peakPause, m.look)
	case m.atPeak && max(m.bytes-m.limited, m.limited-m.bytes) >= peakSize:
		m.limit()
	}
}

// limit sets the limit. The caller has memory.mu.
func (m *memory) limit() {
	m.limited = m.bytes
	if !m.foreign {
		debug.SetMemoryLimit(2*m.own + m.bytes + m.bytes/8 + peakRoom)
	}
}

// look checks whether the peak is over. If it is not, the process may need more memory
// for itself by now, and the limit is raised accordingly.
func (m *memory) look() {
	m.mu.Lock()
	highest := m.highest
	m.highest = m.bytes
	over := highest < peakSize
	if over {
		m.atPeak = false
		if !m.foreign {
			debug.SetMemoryLimit(math.MaxInt64)
		}
	} else {
		m.own = max(liveHeap()-highest, m.usual)
		m.limit()
		m.lastLook.Reset(peakPause)
	}
	m.mu.Unlock()
	if over {
		debug.FreeOSMemory()
	}
}

// liveHeap is the memory that was in use at the last collection.
func liveHeap() int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(live[0].Value.Uint64())
}
