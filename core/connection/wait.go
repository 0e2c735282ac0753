package connection

import (
	"context"
	"time"

	"avescript/core/exceptions"
)

// pastDeadline ends a wait that is going on.
var pastDeadline = time.Unix(1, 0)

// A limiter puts a timeout and a context on the waits of one direction of a
// descriptor.
type limiter struct {
	setDeadline func(time.Time) error
	armed       bool // a deadline of an earlier wait is set
}

// run calls op, which reads or writes, and makes it return
// os.ErrDeadlineExceeded when the timeout has passed or ctx is done.
func (l *limiter) run(ctx context.Context, timeout time.Duration, op func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if timeout < 0 && ctx.Done() == nil {
		if l.armed {
			_ = l.setDeadline(time.Time{})
			l.armed = false
		}
		return op()
	}
	var deadline time.Time
	if timeout >= 0 {
		// A deadline in the past fails without looking at what is there, so
		// that no wait at all needs one just ahead.
		deadline = time.Now().Add(max(timeout, time.Millisecond))
	}
	l.armed = true
	if err := l.setDeadline(deadline); err != nil {
		return err
	}
	if ctx.Done() != nil {
		fired := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			_ = l.setDeadline(pastDeadline)
			close(fired)
		})
		// The deadline must not be moved once a later wait has set its own.
		defer func() {
			if !stop() {
				<-fired
			}
		}()
	}
	return op()
}

// expire has the next operation find only what it need not wait for.
func (l *limiter) expire() {
	l.armed = true
	_ = l.setDeadline(pastDeadline) // fails if it is closed, which the operation will tell
}

// A Turn lets one goroutine at a time use a connection, or one direction of
// it. The others wait no longer than their own timeout says.
type Turn chan struct{}

// NewTurn makes a turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn and gives back how much of the timeout is left. The
// error is ConnectionTimeout, or the context's own.
func (t Turn) Take(ctx context.Context, timeout time.Duration) (time.Duration, error) {
	if t.TryTake() {
		return timeout, nil
	}
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	began := time.Now()
	select {
	case t <- struct{}{}:
		if timeout >= 0 {
			timeout = max(0, timeout-time.Since(began))
		}
		return timeout, nil
	case <-expired:
		return 0, exceptions.ConnectionTimeout.Newf("timed out")
	case <-ctx.Done():
		return 0, named(ctx, ctx.Err())
	}
}

// TryTake takes the turn if nobody has it.
func (t Turn) TryTake() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

// Give lets the next one have the turn.
func (t Turn) Give() { <-t }
