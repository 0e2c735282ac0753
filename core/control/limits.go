package control

import (
	"cmp"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// Limits is what a client can use up of a service at most. Zero is the default
// of each.
type Limits struct {
	// MaxFrame is the longest frame of a client, in bytes.
	MaxFrame int
	// MaxConnections is how many there may be at a time. Who comes then is told
	// so and disconnected. The default is lower where the process may not open
	// so many descriptors.
	MaxConnections int
	// MaxHandshakes is how many connections may be unfinished in their
	// handshake at a time. The one that has been so for the longest makes room
	// for a new one, so that those who never finish keep nobody out. For the
	// same reason it is never more than half of MaxConnections.
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
		{maxConnections, &l.MaxConnections, min(DefaultMaxConnections, freeDescriptors())},
		{maxHandshakes, &l.MaxHandshakes, DefaultMaxHandshakes},
	})
	l.MaxHandshakes = min(l.MaxHandshakes, max(1, l.MaxConnections/2))
	times := setLimits([]boundary[time.Duration]{
		{handshakeTimeout, &l.HandshakeTimeout, DefaultHandshakeTimeout},
		{frameTimeout, &l.FrameTimeout, DefaultFrameTimeout},
		{writeTimeout, &l.WriteTimeout, DefaultWriteTimeout},
	})
	return cmp.Or(counts, times)
}

// reservedDescriptors are for what a service does beside its clients: its own
// files, the pipes of its commands, connections to other services.
const reservedDescriptors = 256

// freeDescriptors is how many clients the process has descriptors for.
func freeDescriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return DefaultMaxConnections
	}
	descriptors := int(min(limit.Cur, 1<<30))
	return max(1, descriptors-min(reservedDescriptors, descriptors/2))
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

// The limits, by the names of their options.
const (
	maxFrame         = "max_frame"
	maxConnections   = "max_connections"
	maxHandshakes    = "max_handshakes"
	handshakeTimeout = "handshake_timeout"
	frameTimeout     = "frame_timeout"
	writeTimeout     = "write_timeout"
)

var limitNames = []string{maxFrame, maxConnections, maxHandshakes, handshakeTimeout, frameTimeout, writeTimeout}

// limitHits are what becomes of the hits of one limit.
type limitHits struct {
	count atomic.Int64
	log   throttle
}

func (s *Server) newHits() map[string]*limitHits {
	hits := map[string]*limitHits{}
	for _, limit := range limitNames {
		hits[limit] = &limitHits{log: throttle{log: s.log, more: "%d more clients were disconnected (" + limit + ")"}}
	}
	return hits
}

// hit counts and logs that a client has reached a limit.
func (s *Server) hit(limit string, client connection.Address, format string, args ...any) {
	h := s.hits[limit]
	h.count.Add(1)
	h.log.printf("%v was disconnected: %s (%s)", client, fmt.Sprintf(format, args...), limit)
}
