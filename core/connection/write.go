package connection

import (
	"bytes"
	"context"
	"net"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// message is what is sent in one go: a payload after its header, or bytes without a
// header.
type message struct{ header, data []byte }

func (m message) equal(other message) bool {
	return bytes.Equal(m.header, other.header) && bytes.Equal(m.data, other.data)
}

// Put sends payload as a frame. If it times out, the rest of the frame is kept and sent
// first: by [BlockingConnection.Resume], or by the next Put, which only sends this rest
// if its payload is the same. The payload must not be changed until then.
func (c *BlockingConnection) Put(ctx context.Context, payload []byte, timeout time.Duration) error {
	header, err := frameHeader(len(payload))
	if err != nil {
		return err
	}
	return c.send(ctx, message{header[:], payload}, timeout)
}

// Write sends data without a header. If it times out, the rest is kept as in Put, and
// another Write of the same data only sends this rest.
func (c *BlockingConnection) Write(ctx context.Context, data []byte, timeout time.Duration) error {
	return c.send(ctx, message{data: data}, timeout)
}

// Resume sends the rest of a Put or Write that was interrupted. The error is a
// TypeError if there is no rest.
func (c *BlockingConnection) Resume(ctx context.Context, timeout time.Duration) error {
	timeout, err := c.writing.Take(ctx, timeout)
	if err != nil {
		return err
	}
	defer c.writing.Give()
	if _, err := c.established(); err != nil {
		return err
	}
	if len(c.unsent) == 0 {
		return exceptions.TypeError.Newf("wanted data to send, got none: there is no unfinished message to continue")
	}
	return c.write(ctx, timeout, c.flush)
}

// Withdraw drops the message of a Put or Write that was interrupted, if no byte of it was
// sent. It reports whether nothing is left to send.
func (c *BlockingConnection) Withdraw() bool {
	if !c.writing.TryTake() {
		return false
	}
	defer c.writing.Give()
	if len(c.unsent) == 0 {
		return true
	}
	conn, err := c.established()
	if err != nil {
		return false
	}
	// After a timeout, TLS sends nothing any more.
	_, plain := conn.(syscall.Conn)
	if !plain || len(c.unsent) < 2 || len(c.unsent[0]) < len(c.sending.header) {
		return false
	}
	c.unsent, c.sending = nil, message{}
	return true
}

func (c *BlockingConnection) send(ctx context.Context, m message, timeout time.Duration) error {
	timeout, err := c.writing.Take(ctx, timeout)
	if err != nil {
		return err
	}
	defer c.writing.Give()
	// Not below, where it would use up the timeout if the message is long.
	retry := len(c.unsent) > 0 && c.sending.equal(m)
	return c.write(ctx, timeout, func(conn net.Conn) error {
		if err := c.flush(conn); err != nil || retry {
			return err
		}
		c.unsent, c.sending = net.Buffers{m.header, m.data}, m
		return c.flush(conn)
	})
}

// write runs op with a timeout. The caller has the turn.
func (c *BlockingConnection) write(ctx context.Context, timeout time.Duration, op func(conn net.Conn) error) error {
	conn, err := c.established()
	if err != nil {
		return err
	}
	return named(ctx, c.writes.run(ctx, timeout, func() error { return op(conn) }))
}

func (c *BlockingConnection) flush(conn net.Conn) error {
	if len(c.unsent) == 0 {
		return nil
	}
	_, err := c.unsent.WriteTo(conn)
	if err == nil {
		c.unsent, c.sending = nil, message{}
	}
	return err
}
