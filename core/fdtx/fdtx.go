// Package fdtx passes open descriptors between the processes of one host, so
// that one can go on where another stops and nobody at the other end of a
// connection notices.
//
// One process listens and accepts, the other one connects; then both can put and
// get. A message is some bytes, and up to [MaxFds] descriptors with them. What
// is too much for one message goes in several.
//
// On the way, the bytes of a message are those of one sendmsg(2) on a Unix
// stream socket, without a frame around them, and its descriptors are one
// SCM_RIGHTS. So any program can be the other side. But where a message ends is
// for the kernel to tell, and it tells it only behind one that has descriptors:
// messages without any which follow each other look like one. Whoever sends such
// ones makes their lengths known, and uses [FdTx.GetExactly].
package fdtx

import (
	"context"
	"errors"
	"sync"
	"time"

	"avescript/core/exceptions"
)

// Forever is the timeout of what may take as long as it likes; any negative one
// is. A timeout of 0 does not wait at all.
const Forever time.Duration = -1

// FdTx is one side of a transfer. It has at most one socket to listen on and one
// connection; a new one takes the place of the last, which is closed.
//
// It may be used by several goroutines: one puts and one gets at a time, the
// others wait for their turn. The waits end with their timeout, which is a
// Timeout, with their context, whose cause is the error then, or when the FdTx
// is closed, which is ConnectionClosed.
type FdTx struct {
	mu       sync.Mutex
	listener *listener
	conn     *socket
	closed   chan struct{} // closed, and made anew, by Close
}

// New makes an FdTx that has no socket yet.
func New() *FdTx { return &FdTx{closed: make(chan struct{})} }

// Listen makes a socket file and takes connections on it from then on. The
// directory is made if it is not there. An empty name is replaced by a random
// one; a file that exists is an error. The path that is returned is absolute.
func (t *FdTx) Listen(dir, name string, options ListenOptions) (path string, err error) {
	if err := t.Close(); err != nil {
		return "", err
	}
	l, err := listen(dir, name, options)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listener != nil { // another Listen was faster
		err = t.listener.close()
	}
	t.listener = l
	return l.path, err
}

// Accept waits for a peer to connect. It must run as one of the users in uids,
// or as the own one if there are none: anybody else is an AuthError and is
// disconnected, and Accept can be called again.
func (t *FdTx) Accept(ctx context.Context, timeout time.Duration, uids ...int) error {
	t.mu.Lock()
	l := t.listener
	t.mu.Unlock()
	if l == nil {
		return exceptions.ConnectionClosed.Newf("connection closed: it does not listen")
	}
	limited, cancel := within(ctx, timeout)
	defer cancel()
	conn, err := l.accept(limited)
	if err != nil {
		return named(ctx, err)
	}
	return t.adopt(conn, uids, func() bool { return t.listener == l })
}

// Connect connects to the socket file of a peer that listens. It goes on trying
// until the time is over, so that the peer may be later. That the peer runs as
// somebody else than one of uids, or than the own user if there are none, is an
// AuthError at once.
func (t *FdTx) Connect(ctx context.Context, path string, timeout time.Duration, uids ...int) error {
	if err := t.Close(); err != nil {
		return err
	}
	t.mu.Lock()
	closed := t.closed
	t.mu.Unlock()
	limited, cancel := within(ctx, timeout)
	defer cancel()
	conn, err := dial(limited, path, closed)
	if err != nil {
		return named(ctx, err)
	}
	return t.adopt(conn, uids, func() bool { return t.closed == closed })
}

// adopt makes conn the connection if one of uids is at its other end and nobody
// has closed t meanwhile, about which wanted is asked under the lock.
func (t *FdTx) adopt(conn *socket, uids []int, wanted func() bool) error {
	if err := checkPeer(conn, uids); err != nil {
		return errors.Join(err, conn.close())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !wanted() {
		conn.close()
		return errClosed
	}
	last := t.conn
	t.conn = conn
	if last == nil {
		return nil
	}
	return last.close()
}

// connected is the connection.
func (t *FdTx) connected() (*socket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil {
		return nil, exceptions.ConnectionClosed.Newf("connection closed: it is not connected")
	}
	return t.conn, nil
}

// Close closes the sockets and removes the socket file that Listen has made.
// What was put is not lost by it. It may be called again, and the FdTx be used
// again.
func (t *FdTx) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.closed)
	t.closed = make(chan struct{})
	var errs []error
	if t.listener != nil {
		errs = append(errs, t.listener.close())
	}
	if t.conn != nil {
		errs = append(errs, t.conn.close())
	}
	t.listener, t.conn = nil, nil
	return errors.Join(errs...)
}
