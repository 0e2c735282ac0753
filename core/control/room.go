package control

import (
	"errors"
	"os"
	"time"

	"avescript/core/exceptions"
)

// The memory that clients can make a service use: for frames that are arriving or
// waiting for their turn, for the values of their calls, and for answers that they have
// not read. Small amounts, which are the usual case, are not counted.
//
// A connection waits for room only while it holds none of the same kind, and the wait
// always ends. A client that stops sending its frame, or reading its answer, loses its
// room to others. What waits for a call to end is refused after roomPatience, because
// that call may itself wait for the one that would be refused: a method may call its
// own service.

const (
	// lightCall is how much memory a call may use without being counted.
	lightCall = 64 << 10

	// unweighed is the length up to which a call is always a light one.
	unweighed = 512

	// roomPatience is how long a call waits for others to end, unless FrameTimeout is
	// shorter.
	roomPatience = 10 * time.Second

	// answerPatience is how long an answer waits for others to be read. It occupies its
	// memory meanwhile.
	answerPatience = time.Second
)

// room is the memory that a service uses for its clients.
type room struct {
	server *Server

	incoming, values, unread *budget
}

func newRoom(s *Server) room {
	limits := &s.options.Limits
	return room{
		server:   s,
		incoming: newBudget(limits.MaxIncoming, func(c *Conn) { c.conn.SetReadDeadline(past) }, func(c *Conn) bool { return c.conn.hasInput() }),
		values:   newBudget(limits.MaxValues, nil, nil), // all are settled
		unread:   newBudget(limits.MaxUnread, func(c *Conn) { c.conn.SetWriteDeadline(past) }, func(*Conn) bool { return false }),
	}
}

// stir makes those that wait for room check what has changed.
func (r *room) stir() {
	r.incoming.stir()
	r.values.stir()
}

// noRoom is the error if a budget has no room.
func noRoom(class *exceptions.Class, limit, format string, args ...any) *exceptions.Error {
	e := class.Newf(format+" ("+limit+")", args...)
	e.Details = map[string]any{"limit": limit}
	return e
}

// incomingPatience is how long a connection waits for room for a frame.
func (r *room) incomingPatience(c *Conn, size int) func() error {
	s, begun := r.server, time.Now()
	return func() error {
		if s.ending.begun() || c.removed.Load() || c.woken.Load() {
			return os.ErrDeadlineExceeded
		}
		waited := time.Since(begun)
		if waited < r.patience() {
			return nil
		}
		used, allSettled := r.incoming.state()
		if !allSettled && waited < s.options.Limits.FrameTimeout {
			return nil
		}
		return noRoom(exceptions.AveException, maxIncoming,
			"the service has no room for a call of %d bytes: unfinished calls take %d bytes already, and the limit is %d; try again later",
			size, used, r.incoming.max)
	}
}

func (r *room) patience() time.Duration {
	return min(roomPatience, r.server.options.Limits.FrameTimeout)
}

// weigh computes how much memory the values of a call need, and refuses a call that
// needs too much.
func (r *room) weigh(c *Conn, call *Call) error {
	if len(call.Vargs)+len(call.Kwargs)+len(call.Resource) <= unweighed {
		return nil
	}
	s := r.server
	call.weight = len(call.Vargs) + len(call.Kwargs) + len(call.Resource)
	if f := s.options.Weigh; f != nil {
		call.weight = f(call)
	}
	most := s.options.Limits.MaxValues
	if call.weight <= most {
		return nil
	}
	s.journal.note(maxValues, c.Address(), "made a call whose values would take %d bytes of memory", call.weight)
	return noRoom(exceptions.OverflowError, maxValues,
		"the values of the call would take %d bytes of memory, and the limit is %d; send less in one call", call.weight, most)
}

// hold takes room for the values of a call, and decodes them before the call waits for
// its turn. Decoding a long call takes a while, and so nobody else has to wait for it.
func (r *room) hold(c *Conn, call *Call, method *Method) (done func(), err error) {
	if call.weight <= lightCall {
		return func() {}, nil
	}
	s := r.server
	mine := newShare(c, call.weight)
	mine.settle()
	if !r.values.take(mine) {
		s.journal.note(maxValues, c.Address(), "has to wait: there is no room yet for the values of its call, which take %d bytes of memory", call.weight)
		if err := r.values.wait(mine, r.valuesPatience(call.weight, !method.Concurrent)); err != nil {
			return nil, err
		}
	}
	done = func() { r.values.give(mine) }
	if f := s.options.Decode; f != nil {
		if err := guard(func() error { f(call); return nil }); err != nil {
			done()
			return nil, err
		}
	}
	return done, nil
}

// valuesPatience lets a call that has to wait for its turn anyway wait as long as
// others have theirs.
func (r *room) valuesPatience(weight int, inTurn bool) func() error {
	s, begun := r.server, time.Now()
	return func() error {
		switch {
		case s.ending.begun():
			return errClosing
		case s.gate.frozen.Load():
			return errFrozen
		case time.Since(begun) < r.patience() || inTurn && s.dispatch.isBusy():
			return nil
		}
		used, _ := r.values.state()
		return noRoom(exceptions.AveException, maxValues,
			"the service has no room for the values of the call, which take %d bytes of memory: those of other calls take %d, and the limit is %d; try again later",
			weight, used, r.values.max)
	}
}

// dropped is the error that replaces an answer for which there is no room.
func (r *room) dropped(c *Conn, size int) error {
	used, _ := r.unread.state()
	r.server.journal.note(maxUnread, c.Address(), "gets no answer: there is no room for %d bytes", size)
	return noRoom(exceptions.AveException, maxUnread,
		"the call was served, but its answer of %d bytes was dropped: answers that clients have not read yet take %d bytes, and the limit is %d",
		size, used, r.unread.max)
}

// CanAnswer is for a handler with a long result, before it encodes it. It returns an
// error if there is no room for this number of bytes.
func (c *Conn) CanAnswer(size int) error {
	if size <= heldSize || c.server.room.unread.hasRoom(size) {
		return nil
	}
	return c.server.room.dropped(c, size)
}

// keep takes room for an answer. It waits only if it can end a client that does not
// read, and if no other answer waits: the memory of a waiting answer is already in use.
func (r *room) keep(mine *share) bool {
	if r.unread.take(mine) {
		return true
	}
	if r.unread.awaited() || !r.unread.endStalled() {
		return false
	}
	begun := time.Now()
	return r.unread.wait(mine, func() error {
		if r.server.ending.begun() || time.Since(begun) > answerPatience {
			return errUnread
		}
		return nil
	}) == nil
}

var errUnread = errors.New("the clients do not read their answers")
