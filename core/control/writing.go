package control

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"avescript/core/connection"
)

const (
	// heldTime is how long an answer may be held back for the answers to further calls
	// of the client.
	heldTime = 200 * time.Microsecond

	// heldSize is how many bytes of answers are held back at most. Longer frames are
	// not copied together.
	heldSize = 16 << 10
)

// heldBuffers are for frames that are being written, so that an idle connection has no
// buffer.
var heldBuffers = sync.Pool{New: func() any { return new(make([]byte, 0, heldSize)) }}

// writer writes to a client. It is used by the goroutine of the connection, by a
// shutdown, the timer and the handler.
type writer struct {
	client *Conn

	mu     sync.Mutex  // guards the fields below, and is held while writing
	held   []byte      // frames that are not written yet; see put
	stuck  bool        // the service is frozen
	timer  *time.Timer // writes what is held if nothing else does; nil until needed
	unread *share      // for a long answer that is being written
	by     time.Time   // the deadline for writing, as last set
	ended  bool        // nothing more may be written
	linger bool        // there was a last message, which must arrive
}

// answer writes the answer to a call. If the client has sent more calls already, it is
// held back for a moment, so that many answers need only one system call.
func (w *writer) answer(parts ...[]byte) bool {
	return w.frame(w.client.reading.frames.Waiting(), parts...)
}

// write writes a frame at once.
func (w *writer) write(parts ...[]byte) bool { return w.frame(false, parts...) }

// frame writes a frame, unless the service is being shut down: then only the exit is
// written.
func (w *writer) frame(hold bool, parts ...[]byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.client.server.ending.begun() {
		return false
	}
	w.extend()
	return w.put(hold, parts...)
}

// plain writes raw data, unless the service is being shut down.
func (w *writer) plain(data []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.client.server.ending.begun() {
		return false
	}
	w.extend()
	w.held = append(w.held, data...)
	return w.flush()
}

// put writes a frame, or holds it back. The caller has writer.mu.
func (w *writer) put(hold bool, parts ...[]byte) bool {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if size > heldSize && !w.stuck {
		return w.flush() && w.putLong(parts)
	}
	if w.held == nil {
		w.held = *heldBuffers.Get().(*[]byte)
		if hold {
			w.releaseIn(heldTime)
		}
	}
	w.held = connection.AppendFrame(w.held, parts...)
	return hold && len(w.held) < heldSize || w.flush()
}

// putLong writes a frame in steps, so that it is known whether the client reads any of
// it.
func (w *writer) putLong(parts [][]byte) bool {
	frame, err := connection.Frame(parts...)
	for err == nil && len(frame) > 0 {
		step := firstOf(&frame, stallSize)
		_, err = step.WriteTo(w.client.conn.Conn)
		if w.interruptedBy(err) {
			w.held = bytes.Join(append(step, frame...), nil) // what WriteTo has left of it
			w.stuck = true
			return true
		}
		w.taken()
	}
	return w.wrote(err)
}

// firstOf removes the first bytes of a frame, at most size, and returns them.
func firstOf(frame *net.Buffers, size int) (first net.Buffers) {
	for len(*frame) > 0 && size > 0 {
		part := (*frame)[0]
		if len(part) > size {
			(*frame)[0] = part[size:]
			return append(first, part[:size])
		}
		*frame = (*frame)[1:]
		first = append(first, part)
		size -= len(part)
	}
	return first
}

// releaseIn writes what is held back after some time.
func (w *writer) releaseIn(d time.Duration) {
	if w.timer != nil {
		w.timer.Reset(d)
		return
	}
	w.timer = time.AfterFunc(d, w.release)
}

// release writes what is held back.
func (w *writer) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.flush()
	}
}

// flush writes what is held back. The caller has writer.mu.
func (w *writer) flush() bool {
	if w.held == nil || w.stuck {
		return true
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	n, err := w.steps(w.held)
	if w.interruptedBy(err) {
		w.held = w.held[n:]
		w.stuck = true
		return true
	}
	if free := w.held[:0]; cap(free) <= 2*heldSize {
		heldBuffers.Put(&free)
	}
	w.held = nil
	return w.wrote(err)
}

// steps writes data in steps, as putLong does.
func (w *writer) steps(data []byte) (n int, err error) {
	for err == nil && n < len(data) {
		var taken int
		taken, err = w.client.conn.Write(data[n:min(n+stallSize, len(data))])
		n += taken
		w.taken()
	}
	return n, err
}

// interruptedBy reports whether a write was ended by a freeze of the service.
func (w *writer) interruptedBy(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && w.client.woken.Load()
}

// unstick writes what was left unwritten by a freeze.
func (w *writer) unstick() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stuck {
		return true
	}
	w.stuck = false
	w.extend()
	if w.unread != nil {
		w.unread.move()
		defer w.dropWritten()
	}
	return w.flush()
}

// wrote ends writing after an error, and reports whether there was none.
func (w *writer) wrote(err error) bool {
	if err == nil {
		return true
	}
	w.ended = true
	c := w.client
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded) || c.server.ending.begun() || c.removed.Load():
	case w.unread != nil && w.unread.lost.Load():
		c.server.journal.hit(maxUnread, c.Address(), "it stopped reading an answer while others waited for room")
	default:
		c.server.journal.hit(writeTimeout, c.Address(), "it did not read an answer in time")
	}
	return false
}

// extend makes sure that the deadline for writing is at least one limit away. It sets
// it to two limits, so that most answers need not set it.
func (w *writer) extend() {
	c := w.client
	limit := c.server.options.Limits.WriteTimeout
	now := time.Now()
	if w.by.Sub(now) >= limit {
		return
	}
	w.by = now.Add(2 * limit)
	c.conn.SetWriteDeadline(w.by)
	if c.server.ending.begun() { // which has set its own deadline meanwhile
		c.conn.SetWriteDeadline(now.Add(lastWords))
	}
}

// last writes the last frame of the connection, and tells the client that it is the
// last.
func (w *writer) last(parts ...[]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.client.conn.SetWriteDeadline(time.Now().Add(lastWords))
	w.stuck = false
	written := w.put(false, parts...)
	w.ended = true
	if !written {
		return
	}
	w.linger = true
	if half, ok := w.client.conn.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (w *writer) exit() { w.last(exceptionOpening, w.client.server.ending.exit, answerEnd) }

// end writes what is held back, even what a freeze has left, and stops writing. It
// reports whether this must arrive.
func (w *writer) end() (lingers bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stuck = false
	if !w.ended {
		w.flush()
	}
	w.ended = true
	return w.linger
}

// giveBack returns the room of an answer, whether it was written or not.
func (w *writer) giveBack() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stuck = false
	w.dropWritten()
}

// resetDeadline is for a connection that was interrupted.
func (w *writer) resetDeadline() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.by = time.Time{}
}

// deliver writes the answer to a call. If there is no room for it, it is dropped, and
// the client is told so.
func (w *writer) deliver(opening, answer []byte) bool {
	if len(answer) <= heldSize {
		return w.answer(opening, answer, answerEnd)
	}
	c := w.client
	mine := newShare(c, len(answer))
	if !c.server.room.keep(mine) {
		return w.answer(exceptionOpening, encodeException(c.server.room.dropped(c, len(answer))), answerEnd)
	}
	mine.move()
	w.setUnread(mine)
	defer w.dropAnswer()
	return w.answer(opening, answer, answerEnd)
}

// setUnread records the room that an answer has taken.
func (w *writer) setUnread(mine *share) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unread = mine
}

// dropAnswer returns the room of an answer that was written, unless a freeze has left a
// part of it.
func (w *writer) dropAnswer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropWritten()
}

// dropWritten does this for callers that have writer.mu.
func (w *writer) dropWritten() {
	if w.unread != nil && !w.stuck {
		w.client.server.room.unread.give(w.unread)
		w.unread = nil
	}
}

// taken records that the client has read a part of an answer. The caller has writer.mu.
func (w *writer) taken() {
	if w.unread != nil {
		w.unread.move()
	}
}
