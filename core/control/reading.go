package control

import (
	"errors"
	"os"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// reader reads the frames of a client. Only the goroutine of the connection uses it.
type reader struct {
	client *Conn
	frames *connection.FrameReader

	hurried     bool   // has a deadline for the current frame
	interrupted bool   // by a freeze; the connection is not over
	coming      *share // for the current frame; nil for most
	came        int    // bytes since the last move of coming
}

// next returns the next frame, which is valid until the next call. There is none if the
// client has gone or the service is being shut down.
func (r *reader) next() ([]byte, bool) {
	c, s := r.client, r.client.server
	switch {
	case s.ending.begun() || c.removed.Load():
		return nil, false
	case c.woken.Load():
		r.interrupted = true
		return nil, false
	}
	frame, err := r.frames.Next()
	if err == nil && r.hurried {
		r.hurried = false
		// As in the handshake: a shutdown sets its own deadline after this one, or is
		// seen below.
		c.conn.SetReadDeadline(time.Time{})
	}
	switch {
	case s.ending.begun() || c.removed.Load():
		return nil, false
	case err != nil:
		r.failed(err)
		return nil, false
	}
	if r.coming != nil {
		r.coming.settle()
	}
	return frame, true
}

// failed tells the client and the log why reading failed.
func (r *reader) failed(err error) {
	c, s := r.client, r.client.server
	var tooLong *connection.TooLongError
	var full *exceptions.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.woken.Load():
		r.interrupted = true
	case errors.As(err, &full):
		s.journal.hit(maxIncoming, c.Address(), "there was no room for its call in time")
		c.writing.last(exceptionOpening, encodeException(full), answerEnd)
	case r.coming != nil && r.coming.lost.Load():
		s.journal.hit(maxIncoming, c.Address(), "it stopped sending a call while others waited for room")
		c.writing.last(exceptionOpening, encodeException(noRoom(exceptions.AveException, maxIncoming,
			"no more of the call arrived for %v while others waited for room", stallTime)), answerEnd)
	case errors.As(err, &tooLong):
		s.journal.hit(maxFrame, c.Address(), "%v", err)
		c.writing.last(exceptionOpening, encodeException(overflow(tooLong)), answerEnd)
	case !errors.Is(err, os.ErrDeadlineExceeded):
	case c.arrival.established:
		s.journal.hit(frameTimeout, c.Address(), "it did not finish a frame in time")
	case s.clients.known(c, Identity{}):
		s.journal.hit(handshakeTimeout, c.Address(), "it did not finish the handshake in time")
	}
}

// Read reads from the client. The deadline of a frame is set when its second part is
// read, so that a frame that arrives at once needs none.
func (r *reader) Read(p []byte) (int, error) {
	c := r.client
	if c.arrival.established && !r.hurried && r.frames.Buffered() > 0 {
		r.hurried = true
		c.conn.SetReadDeadline(time.Now().Add(c.server.options.Limits.FrameTimeout))
		if s := c.server; s.ending.begun() || c.removed.Load() || c.woken.Load() || r.coming != nil && r.coming.lost.Load() {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n, err := c.conn.Read(p)
	r.arrived(n)
	return n, err
}

// admit waits for room for a frame. The error is that there is none, or
// [os.ErrDeadlineExceeded] if the connection was woken.
func (r *reader) admit(size int) error {
	if r.coming != nil {
		return nil
	}
	c, s := r.client, r.client.server
	mine := newShare(c, size)
	if !s.room.incoming.take(mine) {
		s.journal.note(maxIncoming, c.Address(), "has to wait: there is no room yet for its call of %d bytes", size)
		if err := s.room.incoming.wait(mine, s.room.incomingPatience(c, size)); err != nil {
			return err
		}
		r.hurried = false // the time for the frame begins now
	}
	mine.move()
	r.coming, r.came = mine, 0
	return nil
}

// arrived records that the client has sent more of its frame.
func (r *reader) arrived(bytes int) {
	if r.coming == nil {
		return
	}
	if r.came += bytes; r.came >= stallSize {
		r.came = 0
		r.coming.move()
	}
}

// drop frees the frame that was read last.
func (r *reader) drop() {
	if r.coming != nil {
		r.frames.Forget()
		r.client.server.room.incoming.give(r.coming)
		r.coming = nil
	}
}

// resume restarts the time for a frame after an interruption.
func (r *reader) resume() {
	r.hurried = false
	if r.coming != nil {
		r.coming.resume()
	}
}
