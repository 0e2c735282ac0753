package control

import (
	"sync/atomic"
	"time"
)

// activity records when something last happened in a service, for Callbacks.Idle.
type activity struct {
	interval time.Duration // Options.Interval; without it, nothing is recorded
	started  time.Time
	last     atomic.Int64 // nanoseconds since started
	underWay atomic.Int32 // calls in progress or waiting for their turn
}

// touch records that something has happened.
func (a *activity) touch() {
	if a.interval > 0 {
		a.last.Store(int64(time.Since(a.started)))
	}
}

// untilIdle is how long nothing more must happen until the service is idle.
func (a *activity) untilIdle() time.Duration {
	if a.underWay.Load() > 0 {
		return a.interval
	}
	return a.interval + time.Duration(a.last.Load()) - time.Since(a.started)
}

// watchIdle calls Idle whenever nothing has happened for the interval.
func (s *Server) watchIdle() {
	s.activity.touch()
	timer := time.NewTimer(s.options.Interval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.ending.shutdown:
			return
		}
		if s.activity.untilIdle() <= 0 && s.gate.enter() {
			s.callback("idle", s.idle)
			s.gate.leave()
		}
		timer.Reset(max(s.activity.untilIdle(), 0))
	}
}

// idle checks again, because a call may have been served before its turn.
func (s *Server) idle() error {
	if s.ending.begun() || s.activity.untilIdle() > 0 {
		return nil
	}
	defer s.activity.touch()
	return s.options.Callbacks.Idle(s.ctx)
}
