package connection

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// message is what is sent in one go: a payload behind its header, or plain
// bytes without one.
type message struct{ header, data []byte }

func (m message) equal(other message) bool {
	return bytes.Equal(m.header, other.header) && bytes.Equal(m.data, other.data)
}

// Read gives exactly size bytes. What has come when it times out is kept for
// the next Read or Get.
func (c *BlockingConnection) Read(ctx context.Context, size int, timeout time.Duration) ([]byte, error) {
	if size < 0 {
		return nil, exceptions.TypeError.Newf("wanted a number of bytes to read, got %d", size)
	}
	return c.read(ctx, timeout, func() ([]byte, error) { return c.frames.Read(size) })
}

// Get gives the payload of the next frame. What has come of it when Get times
// out is kept for the next Get.
func (c *BlockingConnection) Get(ctx context.Context, timeout time.Duration) ([]byte, error) {
	return c.read(ctx, timeout, func() ([]byte, error) { return c.frames.Next() })
}

func (c *BlockingConnection) read(ctx context.Context, timeout time.Duration, next func() ([]byte, error)) ([]byte, error) {
	timeout, err := c.reading.Take(ctx, timeout)
	if err != nil {
		return nil, err
	}
	defer c.reading.Give()
	if _, err := c.established(); err != nil {
		return nil, err
	}
	var data []byte
	err = c.reads.run(ctx, timeout, func() (err error) {
		data, err = next()
		return err
	})
	if err != nil {
		return nil, named(ctx, err)
	}
	return bytes.Clone(data), nil
}

// Pending reports, without waiting, whether a Get would find something: bytes,
// or that the peer has gone. It says no while somebody else is reading.
func (c *BlockingConnection) Pending() bool {
	if !c.reading.TryTake() {
		return false
	}
	defer c.reading.Give()
	conn, err := c.established()
	if err != nil {
		return false
	}
	if c.frames.Buffered() > 0 || layered(conn) && c.readAlready() {
		return true
	}
	sock, ok := conn.(syscall.Conn)
	return ok && readable(sock)
}

// layered reports whether conn lies above another connection, as that of TLS
// does. It may have read more of it than was asked for.
func layered(conn net.Conn) bool {
	_, ok := conn.(interface{ NetConn() net.Conn })
	return ok
}

// readAlready reports whether the connection gives something without reading
// the socket.
func (c *BlockingConnection) readAlready() bool {
	c.reads.expire()
	err := c.frames.fill(1)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}

// Put sends payload as a frame. When it times out, the rest of the frame is
// kept and sent before anything else: by [BlockingConnection.Resume], or by the
// next Put, which has no more to do than that if its payload is the same. The
// payload must not be changed until then.
func (c *BlockingConnection) Put(ctx context.Context, payload []byte, timeout time.Duration) error {
	header, err := frameHeader(len(payload))
	if err != nil {
		return err
	}
	return c.send(ctx, message{header[:], payload}, timeout)
}

// Write sends data without a header. When it times out, the rest is kept as
// that of Put is, and another Write of the same data sends no more than the
// rest.
func (c *BlockingConnection) Write(ctx context.Context, data []byte, timeout time.Duration) error {
	return c.send(ctx, message{data: data}, timeout)
}

// Resume sends the rest of a Put or Write that was cut short. It is a TypeError
// if there is no rest.
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
		return exceptions.TypeError.Newf("wanted something to send: nothing was begun that could be continued")
	}
	return c.write(ctx, timeout, c.flush)
}

func (c *BlockingConnection) send(ctx context.Context, m message, timeout time.Duration) error {
	timeout, err := c.writing.Take(ctx, timeout)
	if err != nil {
		return err
	}
	defer c.writing.Give()
	// Not below, where it would use up the timeout of a long message.
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

// Unread is what has come of a frame that is not complete, for another process
// that goes on with the descriptor. It is ConnectionAgain while somebody else
// reads or writes, or while something is only sent in part.
func (c *BlockingConnection) Unread() ([]byte, error) {
	release, err := c.bothTurns(context.Background(), 0)
	if err != nil {
		return nil, again(err)
	}
	defer release()
	return c.unread()
}

// Detach gives the descriptor away, with what Unread tells: the connection is
// closed then, and the peer does not notice. The number is not that of Fileno.
// In the errors of Unread nothing has happened.
func (c *BlockingConnection) Detach() (fd int, unread []byte, err error) {
	release, err := c.bothTurns(context.Background(), 0)
	if err != nil {
		return -1, nil, again(err)
	}
	defer release()
	if unread, err = c.unread(); err != nil {
		return -1, nil, err
	}
	sock, err := c.socket()
	if err != nil {
		return -1, nil, err
	}
	if fd, err = duplicateFd(sock); err != nil {
		return -1, nil, named(context.Background(), err)
	}
	return fd, unread, c.Close()
}

// DetachConn gives the stream away, of a connection that is established: see
// [BlockingConnection.Detach].
func (c *BlockingConnection) DetachConn() (conn net.Conn, unread []byte, err error) {
	release, err := c.bothTurns(context.Background(), 0)
	if err != nil {
		return nil, nil, again(err)
	}
	defer release()
	if unread, err = c.unread(); err != nil {
		return nil, nil, err
	}
	if conn, err = c.established(); err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	closed := c.conn == nil
	c.conn = nil
	c.mu.Unlock()
	if closed {
		return nil, nil, errClosedMeanwhile
	}
	_ = conn.SetDeadline(time.Time{}) // fails for one that is of no use any more
	return conn, unread, c.Close()
}

// unread is for those who have both turns.
func (c *BlockingConnection) unread() ([]byte, error) {
	if _, err := c.established(); err != nil {
		return nil, nil
	}
	if len(c.unsent) > 0 {
		return nil, exceptions.ConnectionAgain.Newf("connection again: something was sent in part, and is to be continued first")
	}
	return bytes.Clone(c.frames.Peek()), nil
}
