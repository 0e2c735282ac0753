package control

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"

	"avescript/core/connection"
)

const (
	// heldTime is how long an answer may wait for those to the calls that the
	// client has sent behind it.
	heldTime = 200 * time.Microsecond

	// heldSize is how many bytes of answers wait at most. A longer frame is
	// not copied together to be written at once.
	heldSize = 16 << 10
)

// heldBuffers are for the frames that are being written, so that a connection
// that is idle has no buffer.
var heldBuffers = sync.Pool{New: func() any { return new(make([]byte, 0, heldSize)) }}

// answer writes the answer to a call. While the client has sent more calls
// already it is held back for a moment, so that many answers take one system
// call.
func (c *Conn) answer(parts ...[]byte) bool { return c.writeFrame(c.frames.Waiting(), parts...) }

// write writes a frame at once.
func (c *Conn) write(parts ...[]byte) bool { return c.writeFrame(false, parts...) }

// writeFrame writes a frame, unless the service is being shut down: then the
// next frame is the exit, and only that.
func (c *Conn) writeFrame(hold bool, parts ...[]byte) bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.ended || c.server.closing.Load() {
		return false
	}
	c.extendWriting()
	return c.put(hold, parts...)
}

// put writes a frame, or holds it. The caller has the lock.
func (c *Conn) put(hold bool, parts ...[]byte) bool {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if size > heldSize && !c.stuck {
		return c.flush() && c.putLong(parts)
	}
	if c.held == nil {
		c.held = *heldBuffers.Get().(*[]byte)
		if hold {
			c.releaseIn(heldTime)
		}
	}
	c.held = connection.AppendFrame(c.held, parts...)
	return hold && len(c.held) < heldSize || c.flush()
}

func (c *Conn) putLong(parts [][]byte) bool {
	frame, err := connection.Frame(parts...)
	if err == nil {
		_, err = frame.WriteTo(c.conn)
	}
	if c.interruptedBy(err) {
		c.held = bytes.Join(frame, nil) // what WriteTo has left of it
		c.stuck = true
		return true
	}
	return c.wrote(err)
}

func (c *Conn) releaseIn(d time.Duration) {
	if c.release != nil {
		c.release.Reset(d)
		return
	}
	c.release = time.AfterFunc(d, c.writeHeld)
}

func (c *Conn) writeHeld() {
	c.writing.Lock()
	defer c.writing.Unlock()
	if !c.ended {
		c.flush()
	}
}

// writeRest writes what is held, also if the freeze of the service has left it.
func (c *Conn) writeRest() {
	c.writing.Lock()
	c.stuck = false
	c.writing.Unlock()
	c.writeHeld()
}

// flush writes what is held. The caller has the lock.
func (c *Conn) flush() bool {
	if c.held == nil || c.stuck {
		return true
	}
	if c.release != nil {
		c.release.Stop()
	}
	n, err := c.conn.Write(c.held)
	if c.interruptedBy(err) {
		c.held = c.held[n:]
		c.stuck = true
		return true
	}
	if free := c.held[:0]; cap(free) <= 2*heldSize {
		heldBuffers.Put(&free)
	}
	c.held = nil
	return c.wrote(err)
}

// interruptedBy reports whether it is the freeze of the service that has ended
// a write.
func (c *Conn) interruptedBy(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && c.woken.Load()
}

// unstick writes what the freeze of the service has left unwritten.
func (c *Conn) unstick() bool {
	c.writing.Lock()
	defer c.writing.Unlock()
	if !c.stuck {
		return true
	}
	c.stuck = false
	c.extendWriting()
	return c.flush()
}

// wrote ends writing after an error, and reports whether there was none.
func (c *Conn) wrote(err error) bool {
	if err == nil {
		return true
	}
	c.ended = true
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.server.closing.Load() && !c.removed.Load() {
		c.server.hit(writeTimeout, c.Address(), "it did not take an answer in time")
	}
	return false
}

// extendWriting sees to it that the deadline for writing is no nearer than the
// limit. It sets it to twice of that, so that most answers need not.
func (c *Conn) extendWriting() {
	limit := c.server.options.Limits.WriteTimeout
	now := time.Now()
	if c.writeBy.Sub(now) >= limit {
		return
	}
	c.writeBy = now.Add(2 * limit)
	c.conn.SetWriteDeadline(c.writeBy)
	if c.server.closing.Load() { // and has set its own in between
		c.conn.SetWriteDeadline(now.Add(lastWords))
	}
}

// writeLast writes a frame after which there will be no other, and tells the
// client so.
func (c *Conn) writeLast(parts ...[]byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.ended {
		return
	}
	c.conn.SetWriteDeadline(time.Now().Add(lastWords))
	c.stuck = false
	written := c.put(false, parts...)
	c.ended = true
	if !written {
		return
	}
	c.linger = true
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (c *Conn) writeExit() { c.writeLast(exceptionOpening, c.server.exit, answerEnd) }

// sendExit ends the connection at a shutdown, whatever it does: an answer that
// the client doesn't read fails, and its goroutine stops reading.
func (c *Conn) sendExit() {
	c.conn.SetDeadline(time.Now().Add(lastWords)) // to read too: the exit waits for the handshake of TLS
	c.writeExit()
	c.conn.SetReadDeadline(time.Unix(1, 0))
}
