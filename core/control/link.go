package control

import (
	"context"
	"fmt"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// link is a connection of a client to its service, and the calls that are under way on
// it. The service answers in the order of the calls, and an answer does not say to which
// call it belongs. So every call that was sent stays in the queue until its answer has
// come, even if nobody waits for the answer any more.
type link struct {
	conn *connection.BlockingConnection

	// The rest belongs to Client.mu.
	pending []*Pending // under way, oldest first
	reading bool       // a goroutine reads the answers: see [Client.readAnswers]
	lost    error      // why there is no connection any more
}

// connected returns the connection, and connects first if there is none. The caller has
// the turn.
func (c *Client) connected(ctx context.Context, timeout time.Duration) (*link, error) {
	l, err := c.usable()
	if l != nil || err != nil {
		return l, err
	}
	conn, err := c.dial(ctx, timeout)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.closed.Err() != nil {
		c.mu.Unlock()
		conn.Close()
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", errClosed)
	}
	l = &link{conn: conn, reading: c.options.Reconnect}
	c.link = l
	c.links++
	c.introduced.Store(false)
	c.description.forget()
	if l.reading {
		go c.readAnswers(l)
	}
	c.mu.Unlock()
	c.changed()
	return l, nil
}

// usable returns the present connection. It is nil if the client must connect first; the
// error says that it cannot connect any more.
func (c *Client) usable() (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link
	switch {
	case l != nil && l.lost == nil:
		return l, nil
	case l != nil && (!c.options.Reconnect || c.closed.Err() != nil):
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", l.lost)
	case c.closed.Err() != nil:
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", errClosed)
	}
	return nil, nil
}

// lose gives up a connection, because err leaves it at a point where the
// next frame could be taken for the answer to another call.
func (c *Client) lose(l *link, err error) error {
	c.mu.Lock()
	if l.lost == nil {
		l.lost = fmt.Errorf("an earlier call failed: %w", err)
	}
	l.conn.Close()
	c.mu.Unlock()
	c.changed()
	return err
}

func (c *Client) changed() {
	if c.options.Changed != nil {
		c.options.Changed()
	}
}

// isRead reports whether a goroutine reads the answers that come on a connection.
func (c *Client) isRead(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l.reading
}
