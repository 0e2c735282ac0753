package connection

import (
	"bytes"
	"context"
	"net"
	"time"

	"avescript/core/exceptions"
)

// Unread is the part of an incomplete frame that was read, for another process that
// continues with the descriptor. The error is ConnectionAgain while somebody else reads
// or writes, or while a message is only sent in part.
func (c *BlockingConnection) Unread() ([]byte, error) {
	release, err := c.bothTurns(context.Background(), 0)
	if err != nil {
		return nil, again(err)
	}
	defer release()
	return c.unread()
}

// Detach gives away the descriptor, together with what Unread returns: the connection
// is then closed, and the peer does not notice. The number differs from that of Fileno.
// If Unread would fail, nothing has happened.
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

// DetachConn gives away the stream of an established connection: see
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
	_ = conn.SetDeadline(time.Time{}) // fails if it is no longer usable
	return conn, unread, c.Close()
}

// unread needs both turns.
func (c *BlockingConnection) unread() ([]byte, error) {
	if _, err := c.established(); err != nil {
		return nil, nil
	}
	if len(c.unsent) > 0 {
		return nil, exceptions.ConnectionAgain.Newf("connection again: a message was sent only in part: continue it first")
	}
	return bytes.Clone(c.frames.Peek()), nil
}
