package control

import (
	"context"
	"syscall"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// The methods below let a handler use the connection of a client for more than
// answering its calls. Only the service reads from the connection.

var errPeerGone = exceptions.ConnectionClosed.Newf("connection closed")

// Put sends a message that is not an answer. The client must expect it. Put waits as
// long as a client may take to read an answer.
func (c *Conn) Put(payload []byte) error {
	if !c.writing.write(payload) {
		return errPeerGone
	}
	return nil
}

// Write sends raw bytes. A client that does not expect them can no longer read frames.
func (c *Conn) Write(data []byte) error {
	if !c.writing.plain(data) {
		return errPeerGone
	}
	return nil
}

// Close ends the connection after its current call. It does not wait.
func (c *Conn) Close() { c.server.RemoveConnection(c) }

// Fileno is the descriptor of the socket. It still belongs to the service.
func (c *Conn) Fileno() (int, error) {
	sock, ok := c.conn.socket.(syscall.Conn)
	if !ok {
		return -1, errPeerGone
	}
	var err error
	if fd := descriptor(sock, &err); err == nil {
		return fd, nil
	}
	return -1, errPeerGone
}

// Poll waits until one of the events in mask occurs. It returns nil if there was none
// before the timeout.
func (c *Conn) Poll(ctx context.Context, mask int, timeout time.Duration) ([]connection.PollEvent, error) {
	sock, ok := c.conn.socket.(syscall.Conn)
	if !ok {
		return nil, errPeerGone
	}
	return connection.PollSocket(ctx, sock, mask, timeout)
}

// HungUp reports whether the client has closed its side of the connection. A method
// that takes long can check it; otherwise this is only noticed when the method returns.
func (c *Conn) HungUp() bool { return c.conn.hungUp() }
