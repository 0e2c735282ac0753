package control

import (
	"container/list"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
)

const (
	// lastWords is how long a connection that is being ended by the service
	// may take for its last message to arrive.
	lastWords = time.Second

	// lastWordsStep is how often it is looked whether it has.
	lastWordsStep = 5 * time.Millisecond
)

// errClosing is what becomes of a call when the service is being shut down:
// its answer is the exit.
var errClosing = errors.New("the service is being shut down")

// Conn is a client's connection to a service.
//
// Its goroutine alone reads and closes it. A shutdown writes to it from another
// one, because its own may be held up in a call.
type Conn struct {
	server   *Server
	conn     net.Conn
	socket   net.Conn // that of conn, beneath TLS
	id       uint64
	frames   *connection.FrameReader
	identity Identity      // Server.mu
	unknown  *list.Element // in Server.unknown during the handshake; Server.mu

	// Object is for the handler, who alone uses it.
	Object any

	challenge   []byte        // that was sent; nil before
	established bool          // has come through the handshake
	announced   chan struct{} // closed after Callbacks.NewConnection; nil without it
	removed     atomic.Bool
	hurried     bool        // has a deadline for the frame that it has begun
	woken       atomic.Bool // its deadlines have passed for the freeze of the service, and not been reset
	interrupted bool        // by the freeze, rather than over
	parked      bool        // has no goroutine, for as long as the service is frozen; Server.mu

	writing sync.Mutex
	held    []byte      // frames that are not written yet; see put
	stuck   bool        // because the service is frozen
	release *time.Timer // writes them if nothing else does; nil until there were any
	writeBy time.Time   // the deadline for writing, as far as it was set
	ended   bool        // nothing more may be written
	linger  bool        // because there was a last message, which has to arrive
}

func newConn(s *Server, conn net.Conn, id uint64) *Conn {
	c := &Conn{server: s, conn: conn, socket: conn, id: id}
	c.frames = connection.NewFrameReader(frameSource{c}, handshakeFrame)
	return c
}

// ID is unique among the connections of the service.
func (c *Conn) ID() uint64 { return c.id }

// Address is the client's.
func (c *Conn) Address() connection.Address { return connection.AddressOf(c.conn.RemoteAddr()) }

// Identity is what the client has proven in the handshake.
func (c *Conn) Identity() Identity {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.identity
}

func (c *Conn) serve() {
	s := c.server
	s.touch()
	for !c.over() {
		c.awaitAnnouncement()
		if s.park(c) {
			return
		}
	}
	defer s.leave()
	if !c.established && !s.closing.Load() {
		s.counters.handshakeFailures.Add(1)
	}
	c.close()
	c.awaitAnnouncement()
	s.touch()
	if f := s.options.Callbacks.LostConnection; f != nil && c.established {
		s.callback("lost connection", func() error { return f(s.ctx, c) })
	}
	s.forget(c) // not before, so that the limits count who waits for the callback
}

// over serves the client and reports true when there is no more to serve, and
// false when the service is frozen.
func (c *Conn) over() bool {
	c.interrupted = false
	if c.unstick() && (c.established || c.arrive()) {
		for c.serveFrame() {
		}
	}
	if c.interrupted {
		c.writeHeld()
	}
	return !c.interrupted
}

// arrive has a client come through the handshake, and reports whether it has.
// It is announced meanwhile, because the methods of the service itself need not
// wait for that.
func (c *Conn) arrive() bool {
	s := c.server
	if c.established = c.handshake(); !c.established {
		return false
	}
	s.touch()
	if f := s.options.Callbacks.NewConnection; f != nil {
		c.announced = make(chan struct{})
		s.running.Go(func() {
			defer close(c.announced)
			s.callback("new connection", func() error { return f(s.ctx, c) })
		})
	}
	return true
}

func (c *Conn) awaitAnnouncement() {
	if c.announced != nil {
		<-c.announced
	}
}

// mayCall waits until the client is announced, unless the method is one of the
// service itself, and reports whether it is still to be served.
func (c *Conn) mayCall(method string) bool {
	if _, own := c.server.builtins[method]; own {
		return true
	}
	c.awaitAnnouncement()
	return !c.removed.Load() && !c.server.closing.Load()
}

// handshake reports whether the client may stay.
func (c *Conn) handshake() bool {
	s := c.server
	if c.challenge == nil {
		c.challenge = newChallenge()
		if !c.secure() || !c.write(c.challenge) {
			return false
		}
	}
	digest, ok := c.read()
	if !ok {
		return false
	}
	identity, known := s.keys.identify(c.challenge[len(challengePrefix):], digest)
	if !known && !s.options.Anonymous {
		s.refusals.authkey.printf("%v was disconnected: it has no valid key", c.Address())
		c.writeLast(authenticatedFalse)
		return false // and can be pushed out until it has read that
	}
	if !s.known(c, identity) {
		return false
	}
	answer := authenticatedTrue
	if !known {
		answer = authenticatedFalse
	}
	if !c.write(answer) {
		return false
	}
	c.challenge = nil
	c.frames.SetMax(s.options.Limits.MaxFrame)
	// A shutdown from here on sets its own deadline after this one.
	c.conn.SetReadDeadline(time.Time{})
	return !s.closing.Load() && !c.removed.Load()
}

// serveFrame serves one call and reports whether there may be another.
func (c *Conn) serveFrame() bool {
	frame, ok := c.read()
	if !ok {
		return false
	}
	c.server.touch()
	defer c.server.touch()
	var call Call
	err := call.decode(frame)
	var method Method
	if err == nil {
		method, err = c.server.check(c, &call)
	}
	var result []byte
	if err == nil {
		begun := time.Now()
		if !c.mayCall(call.Method) {
			return false
		}
		result, err = c.server.serveCall(c, &call, &method)
		if !errors.Is(err, errFrozen) {
			c.server.counters.served(call.Method, time.Since(begun), err)
		}
	} else {
		c.server.counters.refused.Add(1)
	}
	switch {
	case c.server.closing.Load():
		return false
	case errors.Is(err, errFrozen):
		c.frames.Return(frame)
		c.interrupted = true
		return false
	case call.Async:
		return true
	case err != nil:
		return c.answer(exceptionOpening, encodeException(err), answerEnd)
	case result == nil:
		result = null
	}
	return c.answer(resultOpening, result, answerEnd)
}

// read gives the next frame, which is valid until the next call. There is none
// when the client has gone or the service is being shut down.
func (c *Conn) read() ([]byte, bool) {
	s := c.server
	switch {
	case s.closing.Load() || c.removed.Load():
		return nil, false
	case c.woken.Load():
		c.interrupted = true
		return nil, false
	}
	frame, err := c.frames.Next()
	if err == nil && c.hurried {
		c.hurried = false
		// As in handshake: a shutdown sets its own after this, or is seen below.
		c.conn.SetReadDeadline(time.Time{})
	}
	switch {
	case s.closing.Load() || c.removed.Load():
		return nil, false
	case err != nil:
		c.readFailed(err)
		return nil, false
	}
	return frame, true
}

// readFailed tells the client and the log what there is to be told.
func (c *Conn) readFailed(err error) {
	s := c.server
	var tooLong *connection.TooLongError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.woken.Load():
		c.interrupted = true
	case errors.As(err, &tooLong):
		s.hit(maxFrame, c.Address(), "%v", err)
		c.writeLast(exceptionOpening, encodeException(overflow(tooLong)), answerEnd)
	case !errors.Is(err, os.ErrDeadlineExceeded):
	case c.established:
		s.hit(frameTimeout, c.Address(), "it did not finish a frame in time")
	case s.known(c, Identity{}):
		s.hit(handshakeTimeout, c.Address(), "it did not finish the handshake in time")
	}
}

// frameSource is what the frames of a client are read from. A frame that comes
// in parts gets a deadline with the second of them, so that one that comes at
// once costs none.
type frameSource struct{ *Conn }

func (c frameSource) Read(p []byte) (int, error) {
	if c.established && !c.hurried && c.frames.Buffered() > 0 {
		c.hurried = true
		c.conn.SetReadDeadline(time.Now().Add(c.server.options.Limits.FrameTimeout))
		if s := c.server; s.closing.Load() || c.removed.Load() || c.woken.Load() {
			return 0, os.ErrDeadlineExceeded
		}
	}
	return c.conn.Read(p)
}

// close closes the connection after its last message, if there was one, has
// arrived.
func (c *Conn) close() {
	if c.server.closing.Load() {
		c.writeExit()
	}
	if c.removed.Load() {
		c.conn.SetWriteDeadline(time.Now().Add(lastWords))
	}
	c.writeRest()
	c.writing.Lock()
	linger := c.linger
	c.ended = true
	c.writing.Unlock()
	if linger {
		c.awaitArrival()
	}
	// Not conn: TLS would wait for a client that doesn't read.
	c.socket.Close()
}

// awaitArrival waits until the client has everything, or has gone. Closing a
// socket with unread input makes the system send a reset, which destroys what
// is still on its way; so the input is read until then.
func (c *Conn) awaitArrival() {
	scratch := make([]byte, 4<<10)
	for end := time.Now().Add(lastWords); time.Now().Before(end); {
		c.conn.SetReadDeadline(time.Now().Add(lastWordsStep))
		_, err := c.conn.Read(scratch)
		gone := err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
		if gone || c.allArrived() || c.woken.Load() { // all others would wait for it
			return
		}
	}
}

// allArrived reports whether the other side's system has confirmed all that
// was written.
func (c *Conn) allArrived() bool {
	sock, ok := c.socket.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sock.SyscallConn()
	if err != nil {
		return true
	}
	waiting := 0
	err = raw.Control(func(fd uintptr) { waiting, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return err != nil || waiting == 0
}
