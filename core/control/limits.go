package control

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// Limits is what a client can use up of a service at most. Zero is the default
// of each.
type Limits struct {
	// MaxFrame is the longest frame of a client, in bytes.
	MaxFrame int
	// MaxConnections is how many there may be at a time. Who comes then is told
	// so and disconnected.
	MaxConnections int
	// MaxHandshakes is how many connections may be unfinished in their
	// handshake at a time. The one that has been so for the longest makes room
	// for a new one, so that those who never finish keep nobody out. The
	// default is at most half of MaxConnections, for the same reason.
	MaxHandshakes int
	// HandshakeTimeout is how long a client has until it must be known.
	HandshakeTimeout time.Duration
	// FrameTimeout is how long a client may take to send a frame that it has
	// begun. Between two frames it may take for ever.
	FrameTimeout time.Duration
	// WriteTimeout is how long a client has at least to take an answer; it is
	// disconnected before twice of it. Until it has taken it, none of its
	// further calls is read.
	WriteTimeout time.Duration
}

// Defaults of [Limits].
const (
	DefaultMaxFrame         = 64 << 20
	DefaultMaxConnections   = 16 << 10
	DefaultMaxHandshakes    = 4 << 10
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultFrameTimeout     = 2 * time.Minute
	DefaultWriteTimeout     = 2 * time.Minute
)

// setDefaults refuses limits that are none.
func (l *Limits) setDefaults() error {
	counts := setLimits([]boundary[int]{
		{maxFrame, &l.MaxFrame, DefaultMaxFrame},
		{maxConnections, &l.MaxConnections, DefaultMaxConnections},
	})
	handshakes := setLimits([]boundary[int]{
		{maxHandshakes, &l.MaxHandshakes, min(DefaultMaxHandshakes, max(1, l.MaxConnections/2))},
	})
	times := setLimits([]boundary[time.Duration]{
		{handshakeTimeout, &l.HandshakeTimeout, DefaultHandshakeTimeout},
		{frameTimeout, &l.FrameTimeout, DefaultFrameTimeout},
		{writeTimeout, &l.WriteTimeout, DefaultWriteTimeout},
	})
	return cmp.Or(counts, handshakes, times)
}

type boundary[T int | time.Duration] struct {
	name     string
	value    *T
	standard T
}

func setLimits[T int | time.Duration](limits []boundary[T]) error {
	for _, l := range limits {
		if *l.value < 0 {
			return exceptions.TypeError.Newf("%s: wanted more than 0, got %v", l.name, *l.value)
		}
		if *l.value == 0 {
			*l.value = l.standard
		}
	}
	return nil
}

// The kinds of limits, by the names of their options.
const (
	maxFrame         = "max_frame"
	maxConnections   = "max_connections"
	maxHandshakes    = "max_handshakes"
	handshakeTimeout = "handshake_timeout"
	frameTimeout     = "frame_timeout"
	writeTimeout     = "write_timeout"
)

// No limit is logged more than hitsLogged times in a hitsPeriod, so that an
// attack doesn't fill the log.
const (
	hitsLogged = 10
	hitsPeriod = time.Second
)

// hits counts how often a limit was reached.
type hits struct {
	count atomic.Int64

	mu     sync.Mutex
	period time.Time // the beginning of the last one
	logged int       // in it
	silent int       // how many were not logged since the last that was
}

func newHits() map[string]*hits {
	return map[string]*hits{
		maxFrame: {}, maxConnections: {}, maxHandshakes: {},
		handshakeTimeout: {}, frameTimeout: {}, writeTimeout: {},
	}
}

// hit counts and logs that a client has reached a limit.
func (s *Server) hit(limit string, client connection.Address, format string, args ...any) {
	h := s.hits[limit]
	h.count.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.period) >= hitsPeriod {
		h.period, h.logged = time.Now(), 0
	}
	if h.logged == hitsLogged {
		h.silent++
		return
	}
	more := ""
	if h.silent > 0 {
		more = fmt.Sprintf(", as were %d others", h.silent)
	}
	h.silent = 0
	h.logged++
	s.log("%v was disconnected%s: %s (%s)", client, more, fmt.Sprintf(format, args...), limit)
}
