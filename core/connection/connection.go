// Package connection carries messages over TCP.
//
// A message is a frame: its length as four bytes, big-endian, and then that
// many bytes. [FrameReader] and [WriteFrame] are that format on any stream,
// [BlockingConnection] is a message queue with timeouts on everything,
// [Connection] is the same queue for those who poll for themselves, and
// [FindFreePort] finds a port for a service.
//
// Sockets stay with Go's network poller all the time: a wait costs a goroutine
// and no thread, and ends when its timeout has passed, its context is
// cancelled, or another goroutine closes the connection. What a wait that was
// cut short has read or not yet sent is kept for the next one.
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

// Forever is the timeout of a wait that has none; any negative one will do. A
// timeout of zero takes what is there already.
const Forever time.Duration = -1

// Address is one end of a connection. The empty host is every interface of
// this machine to listen on, and localhost to connect to.
type Address struct {
	Host string
	Port int
}

// String is the address as the net package takes it.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// AddressOf is addr, as a listener or a connection tells it. It is empty for
// nil, which a connection tells that was reset before it came to this process.
func AddressOf(addr net.Addr) Address {
	switch addr := addr.(type) {
	case nil:
		return Address{}
	case *net.TCPAddr:
		return Address{addr.IP.String(), addr.Port}
	}
	return Address{Host: addr.String()}
}

// named gives an error of a read, write or accept its name in the API. The
// error of a wait that ctx ended is ctx's own.
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
