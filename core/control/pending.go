package control

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// Pending is a call that was sent and whose answer is waited for later. Its
// connection takes others meanwhile. The service answers in the order of the
// calls.
//
// While a client has such calls, a goroutine reads their answers, waited for or
// not: a service whose answers nobody reads would stop reading calls, and a
// client that sends many of them would get stuck.
type Pending struct {
	client   *Client
	answered chan struct{} // closed when there is a result or an error
	result   json.RawMessage
	err      error
}

// Start makes a call and does not wait for its result. The timeout limits
// sending it, and connecting when that comes first. An error leaves no call
// behind; one after which the service may have read a part of the call ends the
// connection.
func (c *Client) Start(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) (*Pending, error) {
	left := newLimit(timeout)
	conn, err := c.begin(ctx, left)
	if err != nil {
		return nil, err
	}
	defer c.turn.Give()
	if !c.busy() && conn.Pending() {
		return nil, c.unexpected(ctx, conn, left.get())
	}
	return c.start(ctx, conn, encodeCall(method, vargs, kwargs, false), left)
}

// start sends a call, and leaves its answer to the reader. The caller has the
// turn.
func (c *Client) start(ctx context.Context, conn *connection.BlockingConnection, call []byte, left limit) (*Pending, error) {
	p := c.enqueue(conn)
	if err := conn.Put(ctx, call, left.get()); err != nil && !isGone(err) {
		return nil, c.lose(err)
	}
	// A service that has gone may have left its reason, which is being read.
	return p, nil
}

// Wait waits for the result, like [Client.Call] does. It may be called again,
// and by several goroutines. When it times out or is cancelled, the connection
// is of no use any more and all calls that are under way fail.
func (p *Pending) Wait(ctx context.Context, timeout time.Duration) (json.RawMessage, error) {
	if err := p.await(ctx, timeout); err != nil {
		return nil, p.client.lose(err)
	}
	return p.result, p.err
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
	case p.Ready(): // both have happened
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	}
	return exceptions.ConnectionTimeout.Newf("timed out")
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

// busy reports whether answers are outstanding, which the reader takes.
func (c *Client) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// enqueue adds a call that is about to be sent. The caller has the turn, so
// that the order of the queue is that of the frames.
func (c *Client) enqueue(conn *connection.BlockingConnection) *Pending {
	p := &Pending{client: c, answered: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = append(c.pending, p)
	if len(c.pending) == 1 {
		go c.readAnswers(conn)
	}
	return p
}

// readAnswers gives the calls that are under way their answers, until there is
// no such call.
func (c *Client) readAnswers(conn *connection.BlockingConnection) {
	for {
		frame, err := conn.Get(context.Background(), connection.Forever)
		if err != nil {
			c.failPending(err)
			return
		}
		result, ok, err := decodeAnswer(frame)
		if !ok {
			c.failPending(noAnswer(frame))
			return
		}
		c.anonymous.Store(false)
		p, last := c.dequeue()
		p.settle(result, err)
		if last {
			return
		}
	}
}

// dequeue takes the oldest call off the queue. After the last one the
// connection is read by whoever has the turn, and by the reader no more.
func (c *Client) dequeue() (p *Pending, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p = c.pending[0]
	c.pending[0] = nil
	c.pending = c.pending[1:]
	return p, len(c.pending) == 0
}

// failPending ends all calls that are under way. What has ended the connection
// is the error of the oldest, unless that was another call or Close.
func (c *Client) failPending(err error) {
	c.mu.Lock()
	known := c.lost != nil
	c.mu.Unlock()
	err = c.lose(err)
	c.mu.Lock()
	pending, lost := c.pending, c.lost
	c.pending = nil
	c.mu.Unlock()
	for i, p := range pending {
		if i > 0 || known {
			err = exceptions.ConnectionClosed.Newf("connection closed: %w", lost)
		}
		p.settle(nil, err)
	}
}
