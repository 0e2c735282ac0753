package control

import (
	"context"
	"errors"
	"time"

	"avescript/core/exceptions"
)

// A service that hands over stands still first: no call and no callback runs,
// no goroutine reads or writes a connection, and nobody is accepted. What
// clients send meanwhile waits in the system's buffers.

// freezeStep is how often a connection that has not stood still yet is
// interrupted again. The first time is only for those that read: an answer has
// this long to be taken before what is left of it is kept.
const freezeStep = 20 * time.Millisecond

// errFrozen ends a resumable call, or one that waits for its turn, which will be
// made again.
var errFrozen = errors.New("the service is being handed over")

// past is a deadline that wakes up whoever reads or writes.
var past = time.Unix(1, 0)

// enter lets an activity of the service begin, unless the service is frozen.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen.Load() {
		return false
	}
	s.inside++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left()
}

// left has the lock.
func (s *Server) left() {
	s.inside--
	if s.inside == 0 && s.frozen.Load() {
		close(s.still)
	}
}

// enterLate waits for as long as the service is frozen. It reports false when
// it will never go on here.
func (s *Server) enterLate() bool {
	for !s.enter() {
		s.mu.Lock()
		thawed := s.thawed
		s.mu.Unlock()
		select {
		case <-thawed:
		case <-s.departed:
			return false
		}
	}
	return true
}

// freeze brings the service to a standstill. If that does not happen before
// ctx ends, everything goes on.
func (s *Server) freeze(ctx context.Context) error {
	s.mu.Lock()
	s.frozen.Store(true)
	s.still, s.thawed = make(chan struct{}), make(chan struct{})
	if s.inside == 0 {
		close(s.still)
	}
	for _, interrupt := range s.resumable {
		interrupt(errFrozen)
	}
	s.interrupt(false)
	s.mu.Unlock()
	again := time.NewTicker(freezeStep)
	defer again.Stop()
	for {
		select {
		case <-s.still:
			if s.isToEnd() {
				s.thaw()
				return errEnding
			}
			return nil
		case <-again.C:
			s.mu.Lock()
			s.interrupt(true)
			s.mu.Unlock()
		case <-ctx.Done():
			s.thaw()
			return exceptions.Timeout.Newf("a call or a callback of the service did not end in time")
		}
	}
}

// interrupt wakes up what waits for clients. The caller has the lock.
func (s *Server) interrupt(writing bool) {
	s.wakeAccept(past)
	for c := range s.conns {
		c.woken.Store(true)
		c.conn.SetReadDeadline(past)
		if writing {
			c.conn.SetWriteDeadline(past)
		}
	}
}

// errEnding is why a service isn't handed over that has been told to end.
var errEnding = exceptions.Exception.Newf("the service is being shut down")

// errLeaving is for those who want to change a service that stands still.
var errLeaving = exceptions.Restarting.Newf("the service is being handed over")

// isLeaving reports whether the service stands still to be handed over from here.
// The caller has the lock.
func (s *Server) isLeaving() bool { return s.handingOver.Load() && s.frozen.Load() }

func (s *Server) isToEnd() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.postponed != nil || s.closing.Load()
}

// wakeAccept sets the deadline for accepting.
func (s *Server) wakeAccept(deadline time.Time) {
	if l, ok := s.listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = l.SetDeadline(deadline) // fails if it is closed, which wakes up as well
	}
}

// thaw lets everything go on.
func (s *Server) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exit := s.postponed; exit != nil {
		s.postponed = nil
		s.running.Go(func() { s.Shutdown(exit) })
	}
	s.frozen.Store(false)
	close(s.thawed)
	s.wakeAccept(time.Time{})
	for c := range s.conns {
		if c.parked {
			c.parked = false
			s.resume(c)
		}
	}
}

// resume has a connection served again. The caller has the lock.
func (s *Server) resume(c *Conn) {
	c.resetDeadlines()
	s.serve(c)
}

// serve has a connection served, unless the service is frozen. The caller has
// the lock.
func (s *Server) serve(c *Conn) {
	if c.parked = s.frozen.Load(); !c.parked {
		s.inside++
		s.running.Go(c.serve)
	}
}

// park ends the goroutine of a connection that was interrupted. It reports false
// when the service isn't frozen any more.
func (s *Server) park(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.parked = s.frozen.Load()
	if c.parked {
		s.left()
	} else {
		c.resetDeadlines()
	}
	return c.parked
}

// resumableContext is the context of a call that the freeze interrupts. The
// error is that it has begun already.
func (s *Server) resumableContext(c *Conn) (ctx context.Context, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frozen.Load() {
		return nil, nil, errFrozen
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	s.resumable[c] = cancel
	return ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.resumable, c)
		cancel(nil)
	}, nil
}

// resetDeadlines gives a connection that was interrupted its deadlines back. The
// caller has the server's lock.
func (c *Conn) resetDeadlines() {
	c.woken.Store(false)
	c.hurried = false
	by := time.Time{}
	if !c.established {
		by = time.Now().Add(c.server.options.Limits.HandshakeTimeout)
	}
	c.conn.SetReadDeadline(by)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.writeBy = time.Time{}
}
