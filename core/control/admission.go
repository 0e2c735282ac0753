package control

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// begin starts to serve a connection, if the limits allow it.
func (s *Server) begin(conn net.Conn) {
	s.counters.accepted.Add(1)
	oldest, err := s.takeIn(conn)
	switch {
	case errors.Is(err, errClosing):
		conn.Close()
	case err != nil:
		s.turnAway(conn, err)
	case oldest != nil:
		s.journal.hit(maxHandshakes, oldest.Address(), "%d newer connections have not finished their handshake", s.options.Limits.MaxHandshakes)
	}
}

// takeIn adds a connection. If another client was pushed out to make room, it is
// returned.
func (s *Server) takeIn(conn net.Conn) (oldest *Conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limits := &s.options.Limits
	if s.ending.begun() {
		return nil, errClosing
	}
	if s.clients.unknown.Len() >= limits.MaxHandshakes {
		oldest = s.clients.pushOut()
	}
	if err := s.clients.full(s.options.Limits.MaxConnections); err != nil {
		return nil, err
	}
	s.clients.lastID++
	c := newConn(s, conn, s.clients.lastID)
	if s.options.TLS != nil {
		c.conn.Conn = tls.Server(conn, s.options.TLS)
	}
	// The deadline of the handshake. It is set before a shutdown can see c and set its
	// own.
	conn.SetReadDeadline(time.Now().Add(limits.HandshakeTimeout))
	s.clients.conns[c] = struct{}{}
	c.arrival.unknown = s.clients.unknown.PushBack(c)
	s.serve(c)
	return oldest, nil
}

// turnAway ends a connection for which there is no room. It sends an exception in the
// place of the challenge, which clients also get from a service that is being shut
// down. It does not block, because the buffers of a new connection are empty. With TLS
// nothing is sent: a handshake would have to come first, and would take too long.
func (s *Server) turnAway(conn net.Conn, full error) {
	s.journal.hit(maxConnections, connection.AddressOf(conn.RemoteAddr()), "there are already %d connections", s.options.Limits.MaxConnections)
	if s.options.TLS == nil {
		conn.SetWriteDeadline(time.Now().Add(lastWordsStep))
		_ = connection.WriteFrame(conn, exceptionOpening, encodeException(full), answerEnd)
	}
	conn.Close()
}

// AddConnection takes over a client that was accepted by somebody else, and serves it
// as a client with the key authkey, even if the service does not know that key. The
// connection counts for the limits. After an error it still belongs to the caller.
// Callbacks.NewConnection is not called for it.
func (s *Server) AddConnection(open *connection.BlockingConnection, authkey string) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate.isLeaving() {
		return nil, errLeaving
	}
	if !s.isServing() {
		return nil, exceptions.Exception.Newf("the service is not serving clients: it has not started yet, or it has ended")
	}
	if err := s.clients.full(s.options.Limits.MaxConnections); err != nil {
		return nil, err
	}
	if open.Address() == (connection.Address{}) {
		return nil, exceptions.ConnectionClosed.Newf("not connected: the connection has no peer")
	}
	conn, unread, err := open.DetachConn()
	if err != nil {
		return nil, err
	}
	s.clients.lastID++
	c := newConn(s, conn, s.clients.lastID)
	c.arrival.established, c.arrival.identity = true, s.keys.holder(authkey)
	c.reading.frames.SetMax(s.options.Limits.MaxFrame)
	if len(unread) > 0 {
		c.reading.frames.Unread(unread)
	}
	s.clients.conns[c] = struct{}{}
	s.serve(c)
	return c, nil
}

func (s *Server) isServing() bool {
	select {
	case <-s.serving:
		return !s.ending.begun()
	default:
		return false
	}
}

// RemoveConnection ends a connection after its current call. It does not wait.
func (s *Server) RemoveConnection(c *Conn) {
	c.removed.Store(true)
	c.conn.SetReadDeadline(past)
	s.room.stir()
}
