package link

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// mostStall is how long a hub, or the way to it, may take nothing of what is sent. Then the
// connection is broken. The client of NATS holds its lock while it writes: if a hub is stopped
// during a large transfer, nobody could send a heartbeat, or leave this hub, for the minute
// that a write may take.
//
// This is no limit for a whole write, which can be some MB: a slow network takes its time, and
// each acknowledged byte is progress. It is as long as pings take at the most to notice that a
// hub of a cluster is gone, so a host finds another one before it has to end its jobs. What is
// sent to a store would fail at about the same time: each part has to be answered in 5 s.
const mostStall = (mostPings + 1) * clusterPing

// dialer makes connections that break after mostStall.
func dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// Without it, for example on an old system, a connection breaks later.
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(mostStall.Milliseconds()))
		})
	}}
}
