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

// Read returns exactly size bytes. If it times out, what has arrived is kept for the
// next Read or Get.
func (c *BlockingConnection) Read(ctx context.Context, size int, timeout time.Duration) ([]byte, error) {
	if size < 0 {
		return nil, exceptions.TypeError.Newf("wanted a number of bytes to read, got %d", size)
	}
	return c.read(ctx, timeout, func() ([]byte, error) { return c.frames.Read(size) })
}

// Get returns the payload of the next frame. If it times out, what has arrived is kept
// for the next Get.
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

// Pending reports, without waiting, whether Get would find something: bytes, or that
// the peer has gone. It returns false while somebody else is reading.
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

// layered reports whether conn is above another connection, as in TLS. It may have read
// more from that than was asked for.
func layered(conn net.Conn) bool {
	_, ok := conn.(interface{ NetConn() net.Conn })
	return ok
}

// readAlready reports whether the connection has data without reading the socket.
func (c *BlockingConnection) readAlready() bool {
	c.reads.expire()
	err := c.frames.fill(1)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}
