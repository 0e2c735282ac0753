package terminal

import (
	"context"
	"errors"
	"time"
)

// errTimedOut is the error of a wait that has timed out.
var errTimedOut = errors.New("timed out")

// overtime is how long a search may continue after the timeout because it began before.
// Without this limit, a pattern that backtracks could continue without limit.
const overtime = time.Second

// look is called with the output. over says that the time is over and this is the last
// call. If it is not done, it may ask to be called again after some time, even without
// new output.
type look func(ctx context.Context, v view, over bool) (done bool, again time.Duration, err error)

// await is like watch, for those who take output, only one of whom may run at a time.
// The timeout includes the wait for their turn.
func (s *Session) await(ctx context.Context, timeout time.Duration, look look) error {
	began := time.Now()
	bounded, cancel := limited(ctx, timeout)
	defer cancel()
	if err := s.turn.acquire(bounded); err != nil {
		return err
	}
	defer s.out.wake() // those who watch may have waited for this one to take the output
	defer s.turn.release()
	if timeout > 0 {
		timeout = max(timeout-time.Since(began), 0)
	}
	return s.watch(ctx, timeout, look)
}

// watch calls look with the output that was not taken yet, now and whenever there is
// more, until it is done or the timeout has passed. A negative timeout means no limit.
func (s *Session) watch(ctx context.Context, timeout time.Duration, look look) error {
	defer s.out.want(&s.out.waiting)()
	bounded := ctx
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
		var cancel context.CancelFunc
		bounded, cancel = limited(ctx, timeout+overtime)
		defer cancel()
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for over := timeout == 0; ; {
		v := s.out.view()
		done, again, err := look(bounded, v, over)
		switch {
		case err != nil && ctx.Err() == nil && bounded.Err() != nil:
			return errTimedOut
		case done || err != nil:
			return err
		case over:
			return errTimedOut
		case again > 0:
			pause.Reset(again)
		default:
			pause.Stop()
		}
		select {
		case <-v.changed:
		case <-pause.C:
		case <-expired:
			over = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// limited is ctx with a timeout whose cause is errTimedOut. A negative timeout means no
// limit.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, timeout, errTimedOut)
}

// turn lets only one in at a time.
type turn chan struct{}

func (t turn) acquire(ctx context.Context) error {
	if t.tryAcquire() {
		return nil
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) tryAcquire() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) release() { <-t }
