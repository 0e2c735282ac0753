package control

import (
	"container/list"
	"crypto/tls"
	"net"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// begin takes a connection in, as far as the limits allow.
func (s *Server) begin(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limits := &s.options.Limits
	s.counters.accepted.Add(1)
	switch {
	case s.closing.Load():
		conn.Close()
		return
	case len(s.conns) >= limits.MaxConnections:
		s.turnAway(conn)
		return
	case s.unknown.Len() >= limits.MaxHandshakes:
		s.pushOut(s.unknown.Front())
	}
	s.lastID++
	c := newConn(s, conn, s.lastID)
	if s.options.TLS != nil {
		c.conn = tls.Server(conn, s.options.TLS)
	}
	// For the handshake; before a shutdown knows of c and sets its own.
	conn.SetReadDeadline(time.Now().Add(limits.HandshakeTimeout))
	s.conns[c] = struct{}{}
	c.unknown = s.unknown.PushBack(c)
	s.serve(c)
}

// turnAway ends a connection that is one too many. An exception in the place of
// the challenge is what clients know from a service that is being shut down.
// It doesn't block: the buffers of a new connection are empty. With TLS nothing
// can be said before a handshake, which would take its time.
func (s *Server) turnAway(conn net.Conn) {
	s.hit(maxConnections, connection.AddressOf(conn.RemoteAddr()), "there are %d connections already", len(s.conns))
	busy := encodeException(exceptions.ConnectionRefused.Newf("the service has %d clients already and takes no more", len(s.conns)))
	if s.options.TLS == nil {
		conn.SetWriteDeadline(time.Now().Add(lastWordsStep))
		_ = connection.WriteFrame(conn, exceptionOpening, busy, answerEnd)
	}
	conn.Close()
}

// pushOut ends a connection in its handshake to make room for another.
func (s *Server) pushOut(oldest *list.Element) {
	c := s.unknown.Remove(oldest).(*Conn)
	c.unknown = nil
	s.hit(maxHandshakes, c.Address(), "%d newer connections have not finished their handshake", s.unknown.Len())
	delete(s.conns, c)
	c.conn.SetDeadline(time.Unix(1, 0))
}

// known ends the handshake of c. It reports whether c was still in it, and had
// not been pushed out.
func (s *Server) known(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.unknown == nil {
		return false
	}
	s.unknown.Remove(c.unknown)
	c.unknown = nil
	return true
}

func (s *Server) forget(c *Conn) {
	s.known(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// AddConnection serves a client that somebody else has accepted, as one that
// has authkey. Unread is what was read of it already. The connection is the
// service's if there is no error. Callbacks.NewConnection isn't called for it.
func (s *Server) AddConnection(conn net.Conn, unread []byte, authkey string) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving || s.closing.Load() {
		return nil, exceptions.Exception.Newf("wanted a service that serves its clients, got one that does not yet, or not any more")
	}
	s.lastID++
	c := newConn(s, conn, s.lastID)
	c.established, c.identity = true, s.keys.holder(authkey)
	c.frames.SetMax(s.options.Limits.MaxFrame)
	if len(unread) > 0 {
		c.frames.Unread(unread)
	}
	s.conns[c] = struct{}{}
	s.serve(c)
	return c, nil
}

// RemoveConnection ends a connection after the call that it is in. It returns
// at once.
func (s *Server) RemoveConnection(c *Conn) {
	c.removed.Store(true)
	c.conn.SetReadDeadline(time.Unix(1, 0))
}
