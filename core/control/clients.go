package control

import (
	"cmp"
	"container/list"
	"maps"
	"slices"
	"sync"

	"avescript/core/exceptions"
)

// clients are the connections of a service.
type clients struct {
	mu *sync.Mutex // Server.mu, which guards what follows

	conns   map[*Conn]struct{}
	unknown list.List // clients in their handshake, oldest first
	lastID  uint64
}

func newClients(mu *sync.Mutex) clients { return clients{mu: mu, conns: map[*Conn]struct{}{}} }

// list returns the connections, oldest first.
func (l *clients) list() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Keys(l.conns), func(a, b *Conn) int { return cmp.Compare(a.id, b.id) })
}

func (l *clients) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// full is the error if there is no room for another client. The caller has Server.mu.
func (l *clients) full(most int) error {
	if n := len(l.conns); n >= most {
		return exceptions.ConnectionRefused.Newf("the service already has %d clients, which is the limit", n)
	}
	return nil
}

// pushOut ends the connection that has been in its handshake longest, and returns it;
// nil if there is none. Nothing delays the end, neither a last message nor a frozen
// service. The caller has Server.mu.
func (l *clients) pushOut() *Conn {
	oldest := l.unknown.Front()
	if oldest == nil {
		return nil
	}
	c := oldest.Value.(*Conn)
	l.endHandshake(c)
	delete(l.conns, c)
	c.conn.Close()
	return c
}

// endHandshake reports whether c was still in its handshake. The caller has Server.mu.
func (l *clients) endHandshake(c *Conn) bool {
	if c.arrival.unknown == nil {
		return false
	}
	l.unknown.Remove(c.arrival.unknown)
	c.arrival.unknown = nil
	return true
}

// known ends the handshake of c with the identity id. It reports whether c was still in
// its handshake and not pushed out.
func (l *clients) known(c *Conn, id Identity) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.arrival.identity = id
	return l.endHandshake(c)
}

func (l *clients) forget(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endHandshake(c)
	delete(l.conns, c)
}
