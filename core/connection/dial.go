package connection

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// optimistPause is how long an optimist waits before the next attempt; it
// doubles up to the longest.
const (
	optimistPause   = 10 * time.Millisecond
	optimistLongest = 200 * time.Millisecond
)

// dial connects to address. An optimist takes no failure for an answer until
// the time is over.
func dial(ctx context.Context, address Address, timeout time.Duration, optimist bool) (net.Conn, error) {
	limited := ctx
	if timeout >= 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, max(timeout, time.Millisecond))
		defer cancel()
	}
	for pause := optimistPause; ; pause = min(2*pause, optimistLongest) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(limited, "tcp", address.String())
		switch {
		case err == nil:
			return conn, nil
		case limited.Err() != nil:
			return nil, named(ctx, limited.Err())
		case !optimist:
			return nil, refused(err)
		}
		select {
		case <-time.After(pause):
		case <-limited.Done():
			return nil, named(ctx, limited.Err())
		}
	}
}

// refused is the one error for all that goes wrong when connecting; only what
// is not a refusal needs to be told.
func refused(err error) error {
	var netErr net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return exceptions.ConnectionRefused.Newf("connection refused")
	case errors.As(err, &netErr) && netErr.Timeout():
		return exceptions.ConnectionTimeout.Newf("timed out")
	}
	return exceptions.ConnectionRefused.Newf("connection refused: %w", err)
}
