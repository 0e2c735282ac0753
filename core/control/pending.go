package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// Pending is a call that was sent and whose answer can be waited for later. Meanwhile
// its connection can be used for other calls. The service answers in the order of the
// calls.
//
// While a client has such calls, a goroutine reads their answers, whether somebody
// waits for them or not: a service whose answers are not read stops reading calls, so a
// client that sends many of them would get stuck.
type Pending struct {
	client   *Client
	link     *link
	method   string
	answered chan struct{} // closed when there is a result or an error
	result   json.RawMessage
	err      error
}

// Method is the name of the method that was called.
func (p *Pending) Method() string { return p.method }

// Start sends a call and does not wait for its result. The timeout limits sending it,
// and connecting if that is needed first. After an error there is no pending call; if
// the service may have received a part of it, the connection is closed.
func (c *Client) Start(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) (*Pending, error) {
	left := newLimit(timeout)
	l, err := c.begin(ctx, left)
	if err != nil {
		return nil, err
	}
	defer c.turn.Give()
	if !c.isRead(l) && l.conn.Pending() {
		return nil, c.unexpected(ctx, l, method, left.get())
	}
	return c.start(ctx, l, method, c.encodeCall(method, vargs, kwargs, false), left)
}

// start sends a call, whose answer is read by the reader. The caller has the turn.
func (c *Client) start(ctx context.Context, l *link, method string, call []byte, left limit) (*Pending, error) {
	p, err := c.enqueue(l, method)
	if err != nil {
		return nil, c.during(method, err)
	}
	if err := l.conn.Put(ctx, call, left.get()); err != nil && !isGone(err) {
		c.withdraw(l, p)
		return nil, c.notSent(l, method, err)
	}
	// If the service has gone, the reader may still find the reason.
	return p, nil
}

// Wait waits for the result, like [Client.Call]. It may be called again, and by several
// goroutines. If it times out or is cancelled, the connection becomes unusable, and all
// pending calls fail; with the option Keep, nothing else happens.
func (p *Pending) Wait(ctx context.Context, timeout time.Duration) (json.RawMessage, error) {
	left := newLimit(timeout)
	if err := p.await(ctx, timeout); err != nil {
		err = p.client.during(p.method, err)
		if p.client.options.Keep {
			return nil, err
		}
		return nil, p.client.lose(p.link, err)
	}
	if p.err != nil {
		return nil, p.client.explained(ctx, p.method, left, p.err)
	}
	return p.result, nil
}

func (p *Pending) await(ctx context.Context, timeout time.Duration) error {
	if p.Ready() {
		return nil
	}
	limited := ctx
	if timeout >= 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	select {
	case <-p.answered:
		return nil
	case <-limited.Done():
	}
	switch {
	case p.Ready(): // the answer has come as well
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	}
	if n := p.position(); n > 0 && p.client.options.Keep {
		return exceptions.ConnectionTimeout.Newf("timed out; the service has not answered %d earlier calls on this connection", n)
	}
	return exceptions.ConnectionTimeout.Newf("timed out")
}

// position returns how many calls must be answered first; -1 if it was answered.
func (p *Pending) position() int {
	p.client.mu.Lock()
	defer p.client.mu.Unlock()
	return slices.Index(p.link.pending, p)
}

// Ready reports whether Wait would return at once.
func (p *Pending) Ready() bool {
	select {
	case <-p.answered:
		return true
	default:
		return false
	}
}

// settle is called once, by the reader.
func (p *Pending) settle(result json.RawMessage, err error) {
	p.result, p.err = result, err
	close(p.answered)
}

// enqueue adds a call that will be sent next, or a sent call for which nobody waits any
// more. The caller has the turn, so the order of the queue is the order of the frames. The
// error means that the connection was lost.
func (c *Client) enqueue(l *link, method string) (*Pending, error) {
	p := &Pending{client: c, link: l, method: method, answered: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.lost != nil {
		return nil, exceptions.ConnectionClosed.Newf("connection closed")
	}
	l.pending = append(l.pending, p)
	if !l.reading {
		l.reading = true
		go c.readAnswers(l)
	}
	return p, nil
}

// withdraw removes the newest call of the queue, which was not sent.
func (c *Client) withdraw(l *link, p *Pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(l.pending, p); i >= 0 {
		l.pending = slices.Delete(l.pending, i, i+1)
	}
}

// readAnswers reads the answers of pending calls, until there are none. With the option
// Reconnect it reads until the connection is lost.
func (c *Client) readAnswers(l *link) {
	for {
		frame, err := l.conn.Get(context.Background(), connection.Forever)
		if err != nil {
			c.fail(l, err)
			return
		}
		result, ok, err := decodeResult(frame, l.conn.Address())
		if !ok {
			c.fail(l, noAnswer(frame))
			return
		}
		p, last := c.dequeue(l)
		if p == nil {
			c.fail(l, unasked(frame))
			return
		}
		c.anonymous.Store(false)
		p.settle(result, err)
		if last {
			return
		}
		if c.Unanswered() == 0 {
			c.changed()
		}
	}
}

// dequeue removes the oldest call from the queue; nil if there is none. After the last one
// the reader stops, and the connection is read by the goroutine that has the turn.
func (c *Client) dequeue(l *link) (p *Pending, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.pending) == 0 {
		return nil, false
	}
	p = l.pending[0]
	l.pending[0] = nil
	l.pending = l.pending[1:]
	l.reading = len(l.pending) > 0 || c.options.Reconnect
	return p, !l.reading
}

// fail ends all pending calls. The oldest gets the error that has ended the connection,
// unless the cause was another call or Close.
func (c *Client) fail(l *link, err error) {
	c.mu.Lock()
	known := l.lost != nil
	if len(l.pending) > 0 {
		err = c.during(l.pending[0].method, err)
	}
	c.mu.Unlock()
	_ = c.lose(l, err)
	c.mu.Lock()
	pending, lost := l.pending, l.lost
	l.pending = nil
	c.mu.Unlock()
	for i, p := range pending {
		if i > 0 || known {
			err = exceptions.ConnectionClosed.Newf("connection closed: %w", lost)
		}
		p.settle(nil, err)
	}
}
