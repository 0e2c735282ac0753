package connection

import (
	"context"
	"time"

	"avescript/core/exceptions"
)

// pastDeadline ends a wait that is in progress.
var pastDeadline = time.Unix(1, 0)

// A limiter applies a timeout and a context to the waits for one direction of a
// descriptor.
type limiter struct {
	setDeadline func(time.Time) error
	armed       bool // the deadline of an earlier wait is set
}

// run calls op, which reads or writes, and makes it return os.ErrDeadlineExceeded after
// the timeout or when ctx is done.
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
		// With a deadline in the past, an operation fails even if data is available. So
		// a wait without time needs a deadline in the near future.
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
		// The deadline must not change any more once a later wait has set its own.
		defer func() {
			if !stop() {
				<-fired
			}
		}()
	}
	return op()
}

// expire makes the next operation fail unless it need not wait.
func (l *limiter) expire() {
	l.armed = true
	_ = l.setDeadline(pastDeadline) // fails if it is closed, which the operation will report
}

// A Turn lets only one goroutine at a time use a connection, or one direction of it.
// The others wait within their own timeouts.
type Turn chan struct{}

// NewTurn creates a free turn.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn and returns what is left of the timeout. The error is
// ConnectionTimeout, or that of the context.
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

// TryTake takes the turn if it is free.
func (t Turn) TryTake() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

// Give releases the turn.
func (t Turn) Give() { <-t }
