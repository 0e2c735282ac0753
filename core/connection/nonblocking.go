package connection

import (
	"context"
	"errors"

	"avescript/core/exceptions"
)

// Connection is a [BlockingConnection] for those who poll for themselves: what
// cannot be done at once is ConnectionAgain, and is to be tried again when
// [BlockingConnection.Poll], or whoever watches the descriptor, says so. "At
// once" is within a millisecond.
//
// Both are the same queue: what one of them has begun to read or to send can be
// continued by the other.
type Connection struct{ *BlockingConnection }

// NewConnection is [NewBlockingConnection] for a connection that does not wait.
func NewConnection(address Address, socket *Socket) (Connection, error) {
	c, err := NewBlockingConnection(address, socket)
	return Connection{c}, err
}

// Accept takes the next peer that has connected.
func (c Connection) Accept() (Connection, error) {
	peer, err := c.BlockingConnection.Accept(context.Background(), 0)
	return Connection{peer}, again(err)
}

// Read gives exactly size bytes; it keeps those that have come until all have.
func (c Connection) Read(size int) ([]byte, error) {
	data, err := c.BlockingConnection.Read(context.Background(), size, 0)
	return data, again(err)
}

// Get gives the payload of the next frame; it keeps what has come of it until
// it is complete.
func (c Connection) Get() ([]byte, error) {
	payload, err := c.BlockingConnection.Get(context.Background(), 0)
	return payload, again(err)
}

// Put sends payload as a frame. After ConnectionAgain it is to be called with
// the same payload, or else Resume, until it succeeds; a Put of something else
// sends the rest first. So no frame is sent twice, and none is lost unless the
// connection is.
func (c Connection) Put(payload []byte) error {
	return again(c.BlockingConnection.Put(context.Background(), payload, 0))
}

// Write sends data without a header, and is continued as Put is.
func (c Connection) Write(data []byte) error {
	return again(c.BlockingConnection.Write(context.Background(), data, 0))
}

// Resume sends the rest of a Put or Write that gave ConnectionAgain.
func (c Connection) Resume() error {
	return again(c.BlockingConnection.Resume(context.Background(), 0))
}

// again is the error of a wait of no length as Connection has it.
func again(err error) error {
	if errors.Is(err, exceptions.ConnectionTimeout) {
		return exceptions.ConnectionAgain.Newf("connection again")
	}
	return err
}
