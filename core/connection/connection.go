// Package connection carries messages over TCP.
//
// A message is a frame: its length as four bytes, big-endian, and then that many bytes.
// [FrameReader] and [WriteFrame] implement this format on any stream,
// [BlockingConnection] is a message queue with timeouts for everything, [Connection] is
// the same queue for code that polls itself, and [FindFreePort] finds a port for a
// service.
//
// All sockets use Go's network poller: a wait needs a goroutine but no thread, and ends
// after its timeout, when its context is cancelled, or when another goroutine closes
// the connection. What an interrupted wait has read or not sent yet is kept for the
// next one.
package connection

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// Forever is the timeout that means no limit, like any negative one. With a timeout of
// zero, only what is already available is used.
const Forever time.Duration = -1

// Address is one end of a connection. The empty host means all interfaces of this
// machine for listening, and localhost for connecting.
type Address struct {
	Host string
	Port int
}

// String is the address in the form of the net package.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// Peer is the address as shown to somebody who connects to it.
func (a Address) Peer() string {
	if a.Host == "" {
		a.Host = "127.0.0.1"
	}
	return a.String()
}

// AddressOf converts the address of a listener or a connection. It is empty for nil,
// the address of a connection that was reset before it came to this process.
func AddressOf(addr net.Addr) Address {
	switch addr := addr.(type) {
	case nil:
		return Address{}
	case *net.TCPAddr:
		return Address{addr.IP.String(), addr.Port}
	}
	return Address{Host: addr.String()}
}

// named gives an error of a read, write or accept its class in the API. If ctx has
// ended the wait, the error is that of ctx.
func named(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		if errors.Is(ctx.Err(), context.Canceled) {
			return context.Cause(ctx)
		}
		return exceptions.ConnectionTimeout.Newf("timed out")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrClosed), errors.Is(err, syscall.EPIPE):
		return exceptions.ConnectionClosed.Newf("connection closed")
	case errors.Is(err, syscall.ECONNRESET):
		return exceptions.ConnectionReset.Newf("connection reset")
	case errors.Is(err, context.Canceled):
		return context.Cause(ctx)
	}
	var tooLong *TooLongError
	if errors.As(err, &tooLong) {
		return exceptions.OverflowError.Newf("%w", err)
	}
	return exceptions.ConnectionClosed.Newf("connection closed: %w", err)
}
