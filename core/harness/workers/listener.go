package workers

import (
	"errors"
	"os"
	"time"

	"avescript/core/process"
)

// patience is how long a worker may be silent before it gets a ping, and how long it
// may take to answer.
const (
	patience = 5 * time.Second
	pings    = 2 // one ping could be lost if this process itself was suspended for a while
)

// listener reads what a worker reports. A worker enforces the deadlines of its tests
// itself, but not if it is suspended or stuck as a whole.
type listener struct {
	*worker
	patience time.Duration
}

// silence is the error that a worker does not answer.
type silence struct{ stopped bool }

func (s silence) Error() string {
	if s.stopped {
		return "the worker was suspended by a signal and was killed"
	}
	return "the worker did not respond and was killed"
}

// Read waits without limit for a worker that answers, or that a debugger has stopped.
// Only the time in Read counts, not the time between two calls.
func (l *listener) Read(p []byte) (n int, err error) {
	for asked := 0; ; asked++ {
		_ = l.link.SetReadDeadline(time.Now().Add(l.patience))
		n, err = l.link.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		stat, _ := process.ReadStat(l.command.Process.Pid)
		if asked >= pings && stat.State != 't' {
			return 0, silence{stat.Stopped()}
		}
		l.tell(order{Ping: true})
	}
}
