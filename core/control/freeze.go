package control

import (
	"context"
	"errors"
	"time"

	"avescript/core/exceptions"
)

// A service is frozen before it is handed over: no call and no callback runs, no
// goroutine reads or writes a connection, and no connection is accepted. What clients
// send meanwhile waits in the buffers of the system.

// freezeStep is the interval at which connections that have not stopped yet are
// interrupted. The first interrupt is only for those that read: an answer has this long
// to be read by the client, before the rest of it is kept.
const freezeStep = 20 * time.Millisecond

// errFrozen ends a resumable call, or one that waits for its turn. It will be repeated.
var errFrozen = errors.New("the service is being handed over")

// past is a deadline that interrupts all reads and writes.
var past = time.Unix(1, 0)

// freeze stops the service. If that takes longer than ctx, everything continues.
func (s *Server) freeze(ctx context.Context) error {
	s.mu.Lock()
	s.gate.shut()
	s.interrupt(false)
	s.mu.Unlock()
	again := time.NewTicker(freezeStep)
	defer again.Stop()
	for {
		select {
		case <-s.gate.still:
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

// interrupt wakes up everything that waits for clients. The caller has Server.mu.
func (s *Server) interrupt(writing bool) {
	s.port.wake(past)
	for c := range s.clients.conns {
		c.woken.Store(true)
		c.conn.SetReadDeadline(past)
		if writing {
			c.conn.SetWriteDeadline(past)
		}
	}
	s.room.stir()
}

// errEnding is the error if the service cannot be handed over because it is shutting
// down.
var errEnding = exceptions.Exception.Newf("the service is being shut down")

// errLeaving is the error of changes to a service that is frozen.
var errLeaving = exceptions.Restarting.Newf("the service is being handed over")

func (s *Server) isToEnd() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending.postponed != nil || s.ending.begun()
}

// thaw lets everything continue.
func (s *Server) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exit := s.ending.postponed; exit != nil {
		s.ending.postponed = nil
		s.running.Go(func() { s.Shutdown(exit) })
	}
	s.gate.open()
	s.port.wake(time.Time{})
	for c := range s.clients.conns {
		if c.parked {
			c.parked = false
			s.resume(c)
		}
	}
}

// resume serves a connection again. The caller has Server.mu.
func (s *Server) resume(c *Conn) {
	c.resetDeadlines()
	s.serve(c)
}

// serve starts to serve a connection, unless the service is frozen. The caller has
// Server.mu.
func (s *Server) serve(c *Conn) {
	if c.parked = s.gate.frozen.Load(); !c.parked {
		s.gate.inside++
		s.running.Go(c.serve)
	}
}

// park ends the goroutine of an interrupted connection. It returns false if the service
// is no longer frozen.
func (s *Server) park(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.parked = s.gate.frozen.Load()
	if c.parked {
		s.gate.left()
	} else {
		c.resetDeadlines()
	}
	return c.parked
}

// resetDeadlines resets the deadlines of an interrupted connection. The caller has
// Server.mu.
func (c *Conn) resetDeadlines() {
	c.woken.Store(false)
	c.reading.resume()
	by := time.Time{}
	if !c.arrival.established {
		by = time.Now().Add(c.server.options.Limits.HandshakeTimeout)
	}
	c.conn.SetReadDeadline(by)
	c.writing.resetDeadline()
}
