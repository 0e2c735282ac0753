package control

import (
	"sync/atomic"
	"time"
)

// listening records when a client was heard of last.
type listening struct {
	heard atomic.Int64 // nanoseconds since the service has begun; speaking while a call is served
}

const speaking = -1

func (c *Conn) callBegins() { c.listening.heard.Store(speaking) }
func (c *Conn) callEnds()   { c.listening.heard.Store(int64(time.Since(c.server.activity.started))) }

// Silence is for how long the client has made no call, since the end of the last one or
// since it has connected. It is 0 while a call of the client is served. After a takeover
// it begins again.
func (c *Conn) Silence() time.Duration {
	heard := c.listening.heard.Load()
	if heard == speaking {
		return 0
	}
	return time.Since(c.server.activity.started) - time.Duration(heard)
}
