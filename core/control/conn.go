package control

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"avescript/core/connection"
)

const (
	// lastWords is how long the last message may take to arrive when the service ends a
	// connection.
	lastWords = time.Second

	// lastWordsStep is how often it checks whether the message has arrived.
	lastWordsStep = 5 * time.Millisecond
)

// errClosing ends a call when the service is being shut down. Its answer is the exit.
var errClosing = errors.New("the service is being shut down")

// Conn is the connection of a client to a service.
//
// Only its own goroutine reads and closes it. A shutdown writes to it from another
// goroutine, because its own may be busy with a call.
type Conn struct {
	// Object is for the handler only.
	Object any

	server  *Server
	id      uint64
	conn    wire
	arrival arrival
	reading reader
	writing writer

	listening listening

	claims  *Claims // nil if the client has made none; Server.mu
	removed atomic.Bool
	woken   atomic.Bool // its deadlines have passed because of a freeze, and were not reset
	parked  bool        // has no goroutine while the service is frozen; Server.mu
}

func newConn(s *Server, conn net.Conn, id uint64) *Conn {
	c := &Conn{server: s, id: id, conn: wire{conn, conn}}
	c.callEnds()
	connection.KeepAlive(conn, s.options.KeepAlive)
	c.arrival.client, c.reading.client, c.writing.client = c, c, c
	c.reading.frames = connection.NewFrameReader(&c.reading, handshakeFrame)
	c.reading.frames.Admit = c.reading.admit
	return c
}

// ID is unique among the connections of the service.
func (c *Conn) ID() uint64 { return c.id }

// Address is the address of the client.
func (c *Conn) Address() connection.Address { return connection.AddressOf(c.conn.RemoteAddr()) }

// Identity is what the client has proved in the handshake.
func (c *Conn) Identity() Identity {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.arrival.identity
}

func (c *Conn) serve() {
	s := c.server
	s.activity.touch()
	for !c.over() {
		c.arrival.awaitAnnouncement()
		if s.park(c) {
			return
		}
	}
	defer s.gate.leave()
	if !c.arrival.established && !s.ending.begun() {
		s.counters.handshakeFailures.Add(1)
	}
	c.close()
	c.arrival.awaitAnnouncement()
	s.activity.touch()
	if f := s.options.Callbacks.LostConnection; f != nil && c.arrival.established {
		s.callback("lost_connection", func() error { return f(s.ctx, c) })
	}
	s.clients.forget(c) // only now, so that clients in the callback count for the limits
}

// over serves the client. It returns true when there is nothing more to serve, and
// false if the service is frozen.
func (c *Conn) over() bool {
	c.reading.interrupted = false
	if c.writing.unstick() && (c.arrival.established || c.arrival.complete()) {
		for c.serveFrame() {
		}
	}
	if c.reading.interrupted {
		c.writing.release()
	}
	return !c.reading.interrupted
}

// mayCall waits until the client is announced, unless the method is one of the service
// itself. It reports whether the client is still to be served.
func (c *Conn) mayCall(method string) bool {
	if c.server.methods.isOwn(method) {
		return true
	}
	c.arrival.awaitAnnouncement()
	return !c.removed.Load() && !c.server.ending.begun()
}

// serveFrame serves one call and reports whether there may be another.
func (c *Conn) serveFrame() bool {
	frame, ok := c.reading.next()
	if !ok {
		return false
	}
	c.server.activity.touch()
	defer c.server.activity.touch()
	c.callBegins()
	defer c.callEnds()
	var call Call
	err := call.decode(frame)
	if call.claims != nil {
		c.introduce(call.claims)
		call.claims = nil
	}
	var method Method
	if err == nil {
		method, err = c.server.check(c, &call)
	}
	if err == nil {
		err = c.server.room.weigh(c, &call)
	}
	var result []byte
	if err == nil {
		begun := time.Now()
		if !c.mayCall(call.Method) {
			return false
		}
		result, err = c.server.serveCall(c, &call, &method)
		switch {
		case errors.Is(err, errFrozen):
		case !method.RPC: // the resource has no such method, or the client may not call it
			c.server.counters.refused.Add(1)
		default:
			c.server.counters.served(call.Method, time.Since(begun), err)
		}
	} else {
		c.server.counters.refused.Add(1)
	}
	switch {
	case c.server.ending.begun():
		return false
	case errors.Is(err, errFrozen):
		c.reading.frames.Return(frame)
		c.reading.interrupted = true
		return false
	}
	c.reading.drop()
	switch {
	case call.Async:
		return true
	case err != nil:
		return c.writing.deliver(exceptionOpening, encodeException(sendable(err, connection.AddressOf(c.conn.LocalAddr()))))
	case result == nil:
		result = null
	}
	return c.writing.deliver(resultOpening, result)
}

// close closes the connection after its last message, if there is one, has arrived.
func (c *Conn) close() {
	defer c.giveBack()
	if c.server.ending.begun() {
		c.writing.exit()
	}
	if c.removed.Load() {
		c.conn.SetWriteDeadline(time.Now().Add(lastWords))
	}
	if lingers := c.writing.end(); lingers {
		c.awaitArrival()
	}
	c.conn.Close()
}

// awaitArrival waits until the client has received everything, or has gone. If a socket
// is closed with unread input, the system sends a reset, which destroys data that is
// still in transit. So the input is read meanwhile.
func (c *Conn) awaitArrival() {
	scratch := make([]byte, 4<<10)
	for end := time.Now().Add(lastWords); time.Now().Before(end); {
		c.conn.SetReadDeadline(time.Now().Add(lastWordsStep))
		_, err := c.conn.Read(scratch)
		gone := err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
		if gone || c.conn.allArrived() || c.woken.Load() { // all others would have to wait for it
			return
		}
	}
}

// sendExit ends the connection at a shutdown: if the client does not read an answer,
// sending it fails, and the goroutine of the connection stops reading.
func (c *Conn) sendExit() {
	c.conn.SetDeadline(time.Now().Add(lastWords)) // for reading, too: the exit waits for the TLS handshake
	c.writing.exit()
	c.conn.SetReadDeadline(past)
}

// giveBack returns everything that the connection has taken, at its end.
func (c *Conn) giveBack() {
	c.reading.frames.Discard()
	c.reading.drop()
	c.writing.giveBack()
}
