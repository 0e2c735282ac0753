package connection

import (
	"context"
	"errors"

	"avescript/core/exceptions"
)

// Connection is a [BlockingConnection] for code that polls itself: if something cannot
// be done at once, the error is ConnectionAgain, and it must be tried again when
// [BlockingConnection.Poll], or another poll of the descriptor, says so. "At once"
// means within a millisecond.
//
// Both are the same queue: what one of them has begun to read or to send can be
// continued by the other.
type Connection struct{ *BlockingConnection }

// NewConnection is like [NewBlockingConnection], for a connection that does not wait.
func NewConnection(address Address, socket *Socket) (Connection, error) {
	c, err := NewBlockingConnection(address, socket)
	return Connection{c}, err
}

// Accept accepts the next peer that has connected.
func (c Connection) Accept() (Connection, error) {
	peer, err := c.BlockingConnection.Accept(context.Background(), 0)
	return Connection{peer}, again(err)
}

// Read returns exactly size bytes; until all have arrived, it keeps them.
func (c Connection) Read(size int) ([]byte, error) {
	data, err := c.BlockingConnection.Read(context.Background(), size, 0)
	return data, again(err)
}

// Get returns the payload of the next frame; until it is complete, the part that has
// arrived is kept.
func (c Connection) Get() ([]byte, error) {
	payload, err := c.BlockingConnection.Get(context.Background(), 0)
	return payload, again(err)
}

// Put sends payload as a frame. After ConnectionAgain, it must be called with the same
// payload, or Resume must be called, until it succeeds; a Put of another payload sends
// the rest first. So no frame is sent twice, and none is lost unless the connection is.
func (c Connection) Put(payload []byte) error {
	return again(c.BlockingConnection.Put(context.Background(), payload, 0))
}

// Write sends data without a header, and is continued like Put.
func (c Connection) Write(data []byte) error {
	return again(c.BlockingConnection.Write(context.Background(), data, 0))
}

// Resume sends the rest of a Put or Write that returned ConnectionAgain.
func (c Connection) Resume() error {
	return again(c.BlockingConnection.Resume(context.Background(), 0))
}

// again replaces the error of a wait without time by the one of Connection.
func again(err error) error {
	if errors.Is(err, exceptions.ConnectionTimeout) {
		return exceptions.ConnectionAgain.Newf("connection again")
	}
	return err
}
