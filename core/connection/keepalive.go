package connection

import (
	"math"
	"net"
	"time"
)

// DefaultKeepAlive is how long it takes until a peer whose host has vanished is
// considered gone, as in the earlier system: after 5 seconds of silence, 5 probes are
// sent at intervals of 5 seconds.
const DefaultKeepAlive = 30 * time.Second

// keepAliveProbes is how many probes are sent.
const keepAliveProbes = 5

// KeepAlive makes the system detect within the time whether the peer of a TCP
// connection has vanished. The resolution is seconds, and the minimum is 6. A time that
// is too long for the system means no limit.
func KeepAlive(conn net.Conn, within time.Duration) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	step := max(time.Second, (within / (keepAliveProbes + 1)).Round(time.Second))
	// An error means that the connection has ended; its user will notice that.
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: step < math.MaxInt16*time.Second,
		Idle:   step, Interval: step, Count: keepAliveProbes,
	})
}
