package control

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// begin takes a connection in, as far as the limits allow.
func (s *Server) begin(conn net.Conn) {
	s.counters.accepted.Add(1)
	oldest, err := s.takeIn(conn)
	switch {
	case errors.Is(err, errClosing):
		conn.Close()
	case err != nil:
		s.turnAway(conn, err)
	case oldest != nil:
		s.hit(maxHandshakes, oldest.Address(), "%d newer connections have not finished their handshake", s.options.Limits.MaxHandshakes)
	}
}

// takeIn gives the client that it has pushed out to make room, if there is one.
func (s *Server) takeIn(conn net.Conn) (oldest *Conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limits := &s.options.Limits
	if s.closing.Load() {
		return nil, errClosing
	}
	if s.unknown.Len() >= limits.MaxHandshakes {
		oldest = s.pushOut()
	}
	if err := s.full(); err != nil {
		return nil, err
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
	return oldest, nil
}

// full is the refusal of a client that is one too many. The caller has the lock.
func (s *Server) full() error {
	if n := len(s.conns); n >= s.options.Limits.MaxConnections {
		return exceptions.ConnectionRefused.Newf("the service has %d clients already and takes no more", n)
	}
	return nil
}

// turnAway ends a connection that is one too many. An exception in the place of
// the challenge is what clients know from a service that is being shut down.
// It doesn't block: the buffers of a new connection are empty. With TLS nothing
// can be said before a handshake, which would take its time.
func (s *Server) turnAway(conn net.Conn, full error) {
	s.hit(maxConnections, connection.AddressOf(conn.RemoteAddr()), "there are %d connections already", s.options.Limits.MaxConnections)
	if s.options.TLS == nil {
		conn.SetWriteDeadline(time.Now().Add(lastWordsStep))
		_ = connection.WriteFrame(conn, exceptionOpening, encodeException(full), answerEnd)
	}
	conn.Close()
}

// pushOut ends the connection that has been in its handshake for the longest,
// and gives it; nil if there is none. Nothing keeps it: neither its last words,
// nor that it has no goroutine in a service that is frozen. The caller has the
// lock.
func (s *Server) pushOut() *Conn {
	oldest := s.unknown.Front()
	if oldest == nil {
		return nil
	}
	c := oldest.Value.(*Conn)
	s.endHandshake(c)
	delete(s.conns, c)
	c.socket.Close()
	return c
}

// endHandshake reports whether c was still in it. The caller has the lock.
func (s *Server) endHandshake(c *Conn) bool {
	if c.unknown == nil {
		return false
	}
	s.unknown.Remove(c.unknown)
	c.unknown = nil
	return true
}

// known ends the handshake of c, who is id. It reports whether c was still in
// it, and had not been pushed out.
func (s *Server) known(c *Conn, id Identity) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.identity = id
	return s.endHandshake(c)
}

func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endHandshake(c)
	delete(s.conns, c)
}

// AddConnection takes over a client that somebody else has accepted, and serves
// it as one that has authkey, also if the service does not know that key. After
// an error the connection remains the caller's. It counts among those that the
// limits allow. Callbacks.NewConnection isn't called for it.
func (s *Server) AddConnection(open *connection.BlockingConnection, authkey string) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLeaving() {
		return nil, errLeaving
	}
	if !s.isServing() {
		return nil, exceptions.Exception.Newf("wanted a service that serves its clients, got one that does not yet, or not any more")
	}
	if err := s.full(); err != nil {
		return nil, err
	}
	if open.Address() == (connection.Address{}) {
		return nil, exceptions.ConnectionClosed.Newf("connection closed: it has no peer")
	}
	conn, unread, err := open.DetachConn()
	if err != nil {
		return nil, err
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

func (s *Server) isServing() bool {
	select {
	case <-s.begun:
		return !s.closing.Load()
	default:
		return false
	}
}

// RemoveConnection ends a connection after the call that it is in. It returns
// at once.
func (s *Server) RemoveConnection(c *Conn) {
	c.removed.Store(true)
	c.conn.SetReadDeadline(time.Unix(1, 0))
}
