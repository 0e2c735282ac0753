// Package pipe carries JSON values between processes of one host.
//
// A pipe is a pair of connected sockets. Both ends can be read and written, and each
// can be given to another process, by inheriting or sending its descriptor. A value is
// sent as a frame, see package connection, that contains its JSON.
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

// Pipe is one end of a pipe. Several goroutines may use it: only one reads and one
// writes at a time, the others wait for their turn.
type Pipe struct {
	conn *connection.BlockingConnection
}

// New creates a pipe and returns its two ends.
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

// FromFd makes a Pipe from the descriptor of an end, and owns the descriptor. Unread is
// what [Pipe.Detach] or [Pipe.Unread] returned. Anything except a connected Unix socket
// is refused, and still belongs to the caller.
func FromFd(fd int, unread []byte) (*Pipe, error) {
	if err := checkPipe(fd); err != nil {
		return nil, fmt.Errorf("wanted the descriptor of a pipe's end, got %d: %w", fd, err)
	}
	return adopt(fd, unread)
}

// adopt makes a Pipe from a descriptor, which it owns even if it fails.
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

// Put sends a value. If it times out, the rest of the value is kept and sent first by
// the next Put. If that has the same value, it only sends this rest. The value must not
// be changed until then.
//
// The errors of Put and Get are ConnectionTimeout, ConnectionClosed when either end was
// closed, or the error of the context.
func (p *Pipe) Put(ctx context.Context, value json.RawMessage, timeout time.Duration) error {
	return closed(p.conn.Put(ctx, value, timeout))
}

// Get receives a value. If it times out, the part that has arrived is kept for the next
// Get.
func (p *Pipe) Get(ctx context.Context, timeout time.Duration) (json.RawMessage, error) {
	value, err := p.conn.Get(ctx, timeout)
	return value, closed(err)
}

// closed gives the error the same class if the peer has gone without reading
// everything.
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

// Fileno is the descriptor, which still belongs to the pipe.
func (p *Pipe) Fileno() (int, error) { return p.conn.Fileno() }

// Unread is the part of an incomplete value that has arrived: see
// [connection.BlockingConnection.Unread].
func (p *Pipe) Unread() ([]byte, error) { return p.conn.Unread() }

// Detach gives the descriptor away: see [connection.BlockingConnection.Detach].
func (p *Pipe) Detach() (fd int, unread []byte, err error) { return p.conn.Detach() }

// Close closes this end. Those who wait for it get ConnectionClosed, and those who wait
// for the other end when nothing is left to read.
func (p *Pipe) Close() error { return p.conn.Close() }
