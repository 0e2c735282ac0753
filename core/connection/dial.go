package connection

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// optimistPause is how long an optimist waits before the next attempt; it doubles up to
// longestPause.
const (
	optimistPause   = 10 * time.Millisecond
	optimistLongest = 200 * time.Millisecond
)

// dial connects to address. An optimist retries after failures until the time is over.
func dial(ctx context.Context, address Address, timeout time.Duration, optimist bool) (net.Conn, error) {
	limited := ctx
	if timeout >= 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, max(timeout, time.Millisecond))
		defer cancel()
	}
	var last error
	for pause := optimistPause; ; pause = min(2*pause, optimistLongest) {
		dialer := net.Dialer{KeepAlive: -1} // it is set later, for all connections
		conn, err := dialer.DialContext(limited, "tcp", address.String())
		switch {
		case err == nil:
			return conn, nil
		case limited.Err() != nil:
			return nil, late(ctx, address, last)
		case !optimist:
			return nil, refused(address, err)
		}
		if !errors.Is(reason(err), errTimedOut) { // these are caused by the deadline
			last = err
		}
		select {
		case <-time.After(pause):
		case <-limited.Done():
			return nil, late(ctx, address, last)
		}
	}
}

// late is the error of an attempt that has taken too long, or was ended by ctx. Last is
// the last failure of an optimist.
func late(ctx context.Context, address Address, last error) error {
	if ctx.Err() != nil {
		return named(ctx, ctx.Err())
	}
	if last != nil {
		return exceptions.ConnectionTimeout.Newf("cannot connect to %s: timed out; the last attempt failed: %w", address.Peer(), reason(last))
	}
	return exceptions.ConnectionTimeout.Newf("cannot connect to %s: timed out", address.Peer())
}

// refused is the error of an attempt that failed: an unknown name, a timeout of the
// system, or else a refusal.
func refused(address Address, err error) error {
	class := exceptions.ConnectionRefused
	var unknown *net.DNSError
	var netErr net.Error
	switch {
	case errors.As(err, &unknown):
		class = exceptions.ConnectionUnknownHost
	case errors.As(err, &netErr) && netErr.Timeout():
		class = exceptions.ConnectionTimeout
	}
	return class.Newf("cannot connect to %s: %w", address.Peer(), reason(err))
}

// reason is the cause of an error, without the addresses that the net package adds.
func reason(err error) error {
	var errno syscall.Errno
	var unknown *net.DNSError
	var netErr net.Error
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return errNoSuchHost
	case errors.As(err, &unknown):
		return errors.New("cannot look up the host name: " + unknown.Err)
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &netErr) && netErr.Timeout():
		return errTimedOut
	}
	return err
}

var (
	errNoSuchHost = errors.New("there is no host with this name")
	errTimedOut   = errors.New("timed out")
)
