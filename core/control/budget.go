package control

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// budgetStep is how often a connection that waits for a budget checks what has
	// changed.
	budgetStep = 250 * time.Millisecond

	// stallTime is how long a client may keep its share of a budget while others wait,
	// without moving stallSize bytes.
	stallTime = 2 * time.Second
	stallSize = 64 << 10
)

// A budget is a number of bytes that the clients of a service share. Each client takes
// all that it needs at once, so that no two of them wait for each other. A share that
// is larger than the whole budget is granted when nobody else has a share.
type budget struct {
	max int
	end func(c *Conn) // ends the connection of a stalled client

	// isAhead reports whether the service has not kept up with the client. Such a
	// client is not stalled.
	isAhead func(c *Conn) bool

	mu      sync.Mutex
	used    int
	shares  map[*share]struct{}
	waiting []*share      // in the order in which they came
	stirred chan struct{} // closed to make all that wait check what has changed
}

// share is the part of a budget that a client has or waits for.
type share struct {
	conn    *Conn
	bytes   int
	granted chan struct{}
	moved   atomic.Int64 // when the client moved the last stallSize bytes; settled if there are no more
	lost    atomic.Bool  // taken away because the client is stalled
}

const settled = math.MaxInt64

func newShare(c *Conn, bytes int) *share {
	s := &share{conn: c, bytes: bytes, granted: make(chan struct{})}
	s.move()
	return s
}

func (s *share) move()   { s.moved.Store(time.Now().UnixNano()) }
func (s *share) settle() { s.moved.Store(settled) }

// resume restarts the time for a client that could not move anything.
func (s *share) resume() {
	if s.moved.Load() != settled {
		s.move()
	}
}

func newBudget(max int, end func(c *Conn), isAhead func(c *Conn) bool) *budget {
	return &budget{max: max, end: end, isAhead: isAhead, shares: map[*share]struct{}{}, stirred: make(chan struct{})}
}

// take takes a share, unless there is no room or somebody already waits.
func (b *budget) take(s *share) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || !b.fits(s.bytes) {
		return false
	}
	b.enter(s)
	return true
}

// fits needs budget.mu, like enter and grant.
func (b *budget) fits(bytes int) bool { return b.used == 0 || b.used+bytes <= b.max }

func (b *budget) enter(s *share) {
	b.used += s.bytes
	b.shares[s] = struct{}{}
	kept.add(s.bytes)
	close(s.granted)
}

func (b *budget) grant() {
	for len(b.waiting) > 0 && b.fits(b.waiting[0].bytes) {
		b.enter(b.waiting[0])
		b.waiting = slices.Delete(b.waiting, 0, 1)
	}
}

// charge takes a share for bytes that exist already, whether there is room or not.
func (b *budget) charge(s *share) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enter(s)
}

// isNext reports whether s gets the next share.
func (b *budget) isNext(s *share) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) > 0 && b.waiting[0] == s
}

// give returns a share, or stops waiting for it.
func (b *budget) give(s *share) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, has := b.shares[s]; has {
		delete(b.shares, s)
		b.used -= s.bytes
		kept.add(-s.bytes)
	} else if i := slices.Index(b.waiting, s); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	b.grant()
}

// wait waits for a share. It calls giveUp at the beginning, at intervals, and when the
// budget was stirred; if that returns an error, the wait ends.
func (b *budget) wait(s *share, giveUp func() error) error {
	b.mu.Lock()
	b.waiting = append(b.waiting, s)
	b.grant()
	b.mu.Unlock()
	step := time.NewTicker(budgetStep)
	defer step.Stop()
	for {
		b.mu.Lock()
		stirred := b.stirred
		b.mu.Unlock()
		if err := giveUp(); err != nil {
			b.give(s)
			return err
		}
		select {
		case <-s.granted:
			return nil
		case <-stirred:
		case <-step.C:
			if b.isNext(s) {
				b.endStalled()
			}
		}
	}
}

// hasRoom reports whether there is room for this number of bytes, or would be without a
// stalled client.
func (b *budget) hasRoom(bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fits(bytes) || b.stalled() != nil
}

// endStalled ends the client that has been stalled longest, to make room for others,
// and reports whether there was one.
func (b *budget) endStalled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest := b.stalled()
	if oldest == nil {
		return false
	}
	oldest.lost.Store(true)
	b.end(oldest.conn)
	return true
}

// stalled returns the share of the client that has been stalled longest. The caller has
// budget.mu.
func (b *budget) stalled() (oldest *share) {
	since := time.Now().Add(-stallTime).UnixNano()
	for s := range b.shares {
		if moved := s.moved.Load(); moved < since && !s.lost.Load() && !b.isAhead(s.conn) {
			oldest, since = s, moved
		}
	}
	return oldest
}

// awaited reports whether somebody waits for a share.
func (b *budget) awaited() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) > 0
}

// state returns how many bytes are in use, and whether all of them belong to clients
// that have nothing more to move.
func (b *budget) state() (used int, allSettled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.shares {
		if s.moved.Load() != settled {
			return b.used, false
		}
	}
	return b.used, true
}

// stir makes all that wait check what has changed.
func (b *budget) stir() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.stirred)
	b.stirred = make(chan struct{})
}
