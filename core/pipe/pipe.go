// Package pipe carries JSON values between processes of one host.
//
// A pipe is a pair of connected sockets. Both ends can be read and written, and
// each can be left to another process: one that inherits its descriptor, or one
// that is sent it. On the way, a value is a frame as package connection has
// it, whose payload is the value's JSON.
package pipe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// Pipe is one end of a pipe. It may be used by several goroutines: one reads
// and one writes at a time, the others wait for their turn.
type Pipe struct {
	conn *connection.BlockingConnection
}

// New makes a pipe and gives its two ends.
func New() (a, b *Pipe, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	if a, err = adopt(fds[0], nil); err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[1]))
	}
	if b, err = adopt(fds[1], nil); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, b, nil
}

// FromFd makes the end of a pipe of a descriptor, which it owns from then on.
// Unread is what [Pipe.Detach] or [Pipe.Unread] gave with it. Anything but a
// connected Unix socket is refused, and remains the caller's.
func FromFd(fd int, unread []byte) (*Pipe, error) {
	if err := checkPipe(fd); err != nil {
		return nil, fmt.Errorf("wanted the descriptor of a pipe's end, got %d: %w", fd, err)
	}
	return adopt(fd, unread)
}

// adopt makes the end of a pipe of its descriptor, and owns it even if it fails.
func adopt(fd int, unread []byte) (*Pipe, error) {
	file := os.NewFile(uintptr(fd), "pipe")
	conn, err := net.FileConn(file) // has a descriptor of its own
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	return &Pipe{connection.WrapRead(conn, unread)}, nil
}

func checkPipe(fd int) error {
	if err := connection.CheckStream(fd, unix.AF_UNIX); err != nil {
		return err
	}
	_, err := unix.Getpeername(fd)
	return err
}

// Put sends a value. When it times out, the rest of it is kept and sent before
// anything else: by the next Put, which has no more to do than that if its value
// is the same. The value must not be changed until then.
//
// The errors of Put and Get are ConnectionTimeout, ConnectionClosed when either
// end has been closed, or the context's own.
func (p *Pipe) Put(ctx context.Context, value json.RawMessage, timeout time.Duration) error {
	return closed(p.conn.Put(ctx, value, timeout))
}

// Get receives a value. What has come of it when Get times out is kept for the
// next Get.
func (p *Pipe) Get(ctx context.Context, timeout time.Duration) (json.RawMessage, error) {
	value, err := p.conn.Get(ctx, timeout)
	return value, closed(err)
}

// closed calls a peer that has gone without reading everything what it is
// called otherwise.
func closed(err error) error {
	if errors.Is(err, exceptions.ConnectionReset) {
		return exceptions.ConnectionClosed.Newf("connection closed")
	}
	return err
}

// Poll waits for events: see [connection.BlockingConnection.Poll].
func (p *Pipe) Poll(ctx context.Context, mask int, timeout time.Duration) ([]connection.PollEvent, error) {
	return p.conn.Poll(ctx, mask, timeout)
}

// Fileno is the descriptor, which remains the pipe's.
func (p *Pipe) Fileno() (int, error) { return p.conn.Fileno() }

// Unread is what has come of a value that is not complete: see
// [connection.BlockingConnection.Unread].
func (p *Pipe) Unread() ([]byte, error) { return p.conn.Unread() }

// Detach gives the descriptor away: see [connection.BlockingConnection.Detach].
func (p *Pipe) Detach() (fd int, unread []byte, err error) { return p.conn.Detach() }

// Close closes this end; who waits for it, or for the other one, gets
// ConnectionClosed once nothing is left to be read.
func (p *Pipe) Close() error { return p.conn.Close() }
