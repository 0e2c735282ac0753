package workers

import (
	"errors"
	"os"
	"time"

	"avescript/core/process"
)

// patience is how long a worker may be silent before it is asked to say something,
// and may take for that.
const (
	patience = 5 * time.Second
	pings    = 2 // one could get lost on the clock when this process is stopped for a while
)

// listener reads what a worker says. Deadlines of tests are the worker's business;
// but one that is stopped or stuck as a whole keeps none.
type listener struct {
	*worker
	patience time.Duration
}

// silence is that a worker does not answer.
type silence struct{ stopped bool }

func (s silence) Error() string {
	if s.stopped {
		return "the worker was stopped by a signal, and killed"
	}
	return "the worker did not answer, and was killed"
}

// Read waits without end for a worker that answers, or that a debugger has stopped.
// Only the time of the wait itself counts, not what the caller does between two.
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
