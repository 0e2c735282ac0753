package control

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate is entered by every activity of a service that reads or writes connections or
// calls the handler. It is shut while the service is frozen.
type gate struct {
	mu *sync.Mutex // Server.mu, which guards the following fields

	frozen    atomic.Bool                       // set under mu
	inside    int                               // how many activities have not stopped yet
	still     chan struct{}                     // closed when there are none
	thawed    chan struct{}                     // closed when the service continues here
	departed  chan struct{}                     // closed when it continues in another process
	resumable map[*Conn]context.CancelCauseFunc // the calls that a freeze interrupts

	handingOver atomic.Bool // to another process
}

func newGate(mu *sync.Mutex) gate {
	return gate{mu: mu, departed: make(chan struct{}), resumable: map[*Conn]context.CancelCauseFunc{}}
}

// enter lets an activity begin, unless the service is frozen.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.frozen.Load() {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left()
}

// left is leave for callers that have Server.mu.
func (g *gate) left() {
	g.inside--
	if g.inside == 0 && g.frozen.Load() {
		close(g.still)
	}
}

// enterLate waits while the service is frozen. It returns false if the service will not
// continue here.
func (g *gate) enterLate() bool {
	for !g.enter() {
		g.mu.Lock()
		thawed := g.thawed
		g.mu.Unlock()
		select {
		case <-thawed:
		case <-g.departed:
			return false
		}
	}
	return true
}

// isLeaving reports whether the service is frozen for a handover. The caller has
// Server.mu.
func (g *gate) isLeaving() bool { return g.handingOver.Load() && g.frozen.Load() }

// resumableContext is the context of a call that a freeze interrupts. It returns an
// error if the freeze has begun already.
func (g *gate) resumableContext(parent context.Context, c *Conn) (ctx context.Context, done func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.frozen.Load() {
		return nil, nil, errFrozen
	}
	ctx, cancel := context.WithCancelCause(parent)
	g.resumable[c] = cancel
	return ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.resumable, c)
		cancel(nil)
	}, nil
}

// shut freezes the service, which is frozen when no activity is inside any more. The
// caller has Server.mu.
func (g *gate) shut() {
	g.frozen.Store(true)
	g.still, g.thawed = make(chan struct{}), make(chan struct{})
	if g.inside == 0 {
		close(g.still)
	}
	for _, interrupt := range g.resumable {
		interrupt(errFrozen)
	}
}

// open ends a freeze. The caller has Server.mu.
func (g *gate) open() {
	g.frozen.Store(false)
	close(g.thawed)
}
