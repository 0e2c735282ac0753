package control

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// arrival is the state of a client between connecting and the end of the handshake.
type arrival struct {
	client *Conn

	identity Identity      // Server.mu
	unknown  *list.Element // in clients.unknown during the handshake; Server.mu

	challenge   []byte        // as it was sent; nil before
	established bool          // the handshake is done
	announced   chan struct{} // closed after Callbacks.NewConnection; nil without it
}

// complete runs the handshake, and reports whether it succeeded. It starts to announce
// the client but does not wait for that, because the methods of the service itself can
// be called before.
func (a *arrival) complete() bool {
	c, s := a.client, a.client.server
	if a.established = a.handshake(); !a.established {
		return false
	}
	s.activity.touch()
	if f := s.options.Callbacks.NewConnection; f != nil {
		a.announced = make(chan struct{})
		s.running.Go(func() {
			defer close(a.announced)
			s.callback("new_connection", func() error { return f(s.ctx, c) })
		})
	}
	return true
}

func (a *arrival) awaitAnnouncement() {
	if a.announced != nil {
		<-a.announced
	}
}

// handshake reports whether the client may stay.
func (a *arrival) handshake() bool {
	c, s := a.client, a.client.server
	if a.challenge == nil {
		a.challenge = newChallenge()
		if !a.secure() || !c.writing.write(a.challenge) {
			return false
		}
	}
	digest, ok := c.reading.next()
	if !ok {
		return false
	}
	identity, known := s.keys.identify(a.challenge[len(challengePrefix):], digest)
	if !known && !s.options.Anonymous {
		s.journal.authkey.printf("%v was disconnected: it has no valid key", c.Address())
		c.writing.last(authenticatedFalse)
		return false // it can be pushed out until it has read that
	}
	if !s.clients.known(c, identity) {
		return false
	}
	answer := authenticatedTrue
	if !known {
		answer = authenticatedFalse
	}
	if !c.writing.write(answer) {
		return false
	}
	a.challenge = nil
	c.reading.frames.SetMax(s.options.Limits.MaxFrame)
	// A shutdown from here on sets its own deadline after this one.
	c.conn.SetReadDeadline(time.Time{})
	return !s.ending.begun() && !c.removed.Load()
}

// secure is the TLS handshake, if the service uses TLS. Its time counts for the
// deadline of the whole handshake.
func (a *arrival) secure() bool {
	c, s := a.client, a.client.server
	secured, ok := c.conn.Conn.(*tls.Conn)
	if !ok {
		return true
	}
	err := secured.Handshake()
	switch {
	case err == nil:
		return true
	case s.ending.begun(), errors.Is(err, net.ErrClosed): // the client was pushed out
	case !errors.Is(err, os.ErrDeadlineExceeded):
		s.journal.tls.printf("%v was disconnected: TLS: %v", c.Address(), err)
	case s.clients.known(c, Identity{}):
		s.journal.hit(handshakeTimeout, c.Address(), "it did not finish the TLS handshake in time")
	}
	return false
}
