package control

import (
	"cmp"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// Limits is what a client can use of a service. Zero means the default.
type Limits struct {
	// MaxFrame is the longest frame of a client, in bytes.
	MaxFrame int
	// MaxIncoming is the total size of frames that are arriving or waiting for their
	// turn, in bytes. A client waits until there is room for its frame. The default is
	// at least twice MaxFrame.
	MaxIncoming int
	// MaxValues is how much memory the values of one call may use, and those of all
	// calls together, in bytes as computed by Options.Weigh.
	MaxValues int
	// MaxUnread is how many bytes of answers the service keeps until clients read them.
	MaxUnread int
	// MaxConnections is the number of connections at a time. A further client is
	// refused with an exception. The default is lower if the process cannot open that
	// many descriptors.
	MaxConnections int
	// MaxHandshakes is the number of connections that may be in their handshake at a
	// time. If there are more, the oldest of them is closed, so that clients that never
	// finish do not keep others out. For the same reason it is at most half of
	// MaxConnections.
	MaxHandshakes int
	// HandshakeTimeout is how long a client may take for the handshake.
	HandshakeTimeout time.Duration
	// FrameTimeout is how long a client may take to send a frame once it has begun.
	// There is no limit for the time between two frames.
	FrameTimeout time.Duration
	// WriteTimeout is how long a client may take to read an answer. It is disconnected
	// at the latest after twice this time. Until then none of its further calls is
	// read.
	WriteTimeout time.Duration
}

// Defaults of [Limits].
const (
	DefaultMaxFrame         = 16 << 20
	DefaultMaxIncoming      = 32 << 20
	DefaultMaxValues        = 128 << 20
	DefaultMaxUnread        = 48 << 20
	DefaultMaxConnections   = 16 << 10
	DefaultMaxHandshakes    = 4 << 10
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultFrameTimeout     = 2 * time.Minute
	DefaultWriteTimeout     = 2 * time.Minute
)

// setDefaults sets missing limits, and refuses invalid ones.
func (l *Limits) setDefaults() error {
	frame := setLimits([]boundary[int]{{maxFrame, &l.MaxFrame, DefaultMaxFrame}})
	counts := setLimits([]boundary[int]{
		{maxIncoming, &l.MaxIncoming, max(DefaultMaxIncoming, 2*l.MaxFrame)},
		{maxValues, &l.MaxValues, DefaultMaxValues},
		{maxUnread, &l.MaxUnread, DefaultMaxUnread},
		{maxConnections, &l.MaxConnections, min(DefaultMaxConnections, freeDescriptors())},
		{maxHandshakes, &l.MaxHandshakes, DefaultMaxHandshakes},
	})
	l.MaxHandshakes = min(l.MaxHandshakes, max(1, l.MaxConnections/2))
	times := setLimits([]boundary[time.Duration]{
		{handshakeTimeout, &l.HandshakeTimeout, DefaultHandshakeTimeout},
		{frameTimeout, &l.FrameTimeout, DefaultFrameTimeout},
		{writeTimeout, &l.WriteTimeout, DefaultWriteTimeout},
	})
	return cmp.Or(frame, counts, times)
}

// reservedDescriptors are for everything except clients: files of the service, pipes of
// its commands, connections to other services.
const reservedDescriptors = 256

// freeDescriptors is the number of clients for which the process has descriptors.
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

// The names of the limits, which are also the names of their options.
const (
	maxFrame         = "max_frame"
	maxIncoming      = "max_incoming"
	maxValues        = "max_values"
	maxUnread        = "max_unread"
	maxConnections   = "max_connections"
	maxHandshakes    = "max_handshakes"
	handshakeTimeout = "handshake_timeout"
	frameTimeout     = "frame_timeout"
	writeTimeout     = "write_timeout"
)

var limitNames = []string{maxFrame, maxIncoming, maxValues, maxUnread, maxConnections, maxHandshakes, handshakeTimeout, frameTimeout, writeTimeout}
