package terminal

import (
	"context"
	"errors"
	"time"
)

// errTimedOut is that of an await whose time was over.
var errTimedOut = errors.New("timed out")

// look is told what has come, and whether the time is over so that it is the last
// chance. If it is not done it may ask to be called again after a while, even if
// nothing comes.
type look func(ctx context.Context, v view, over bool) (done bool, again time.Duration, err error)

// await calls look with the output that nobody has taken, now and whenever there
// is more, until it is done or the timeout has passed. A negative timeout is
// none. Only one can wait at a time.
func (s *Session) await(ctx context.Context, timeout time.Duration, look look) error {
	if err := s.turn.acquire(ctx); err != nil {
		return err
	}
	defer s.turn.release()
	defer s.out.want(&s.out.waiting)()
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for over := timeout == 0; ; {
		done, again, err := look(ctx, s.out.view(), over)
		switch {
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
		case <-s.out.changed:
		case <-pause.C:
		case <-expired:
			over = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// turn lets one in at a time.
type turn chan struct{}

func (t turn) acquire(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) release() { <-t }
