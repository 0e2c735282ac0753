// Package fdtx passes open descriptors between processes of one host, so that one
// process can continue where another stops, without the other end of a connection
// noticing.
//
// One process listens and accepts, the other one connects; then both can put and get. A
// message is some bytes, and up to [MaxFds] descriptors with them. Larger messages must
// be split.
//
// The bytes of a message are those of one sendmsg(2) on a Unix stream socket, without a
// frame, and its descriptors are one SCM_RIGHTS. So any program can be the other side.
// But only the kernel marks the end of a message, and only if it has descriptors:
// consecutive messages without descriptors look like one. Programs that send such
// messages have to agree on their lengths, and use [FdTx.GetExactly].
package fdtx

import (
	"context"
	"errors"
	"sync"
	"time"

	"avescript/core/exceptions"
)

// Forever is the timeout that means no limit, like any negative one. A timeout of 0
// does not wait at all.
const Forever time.Duration = -1

// FdTx is one side of a transfer. It has at most one listening socket and one
// connection; a new one replaces and closes the old one.
//
// Several goroutines may use it: one puts and one gets at a time, the others wait for
// their turn. Waits end with a Timeout error after their timeout, with the cause of
// their context, or with ConnectionClosed when the FdTx is closed.
type FdTx struct {
	mu       sync.Mutex
	listener *listener
	conn     *socket
	closed   chan struct{} // closed, and replaced, by Close
}

// New creates an FdTx without a socket.
func New() *FdTx { return &FdTx{closed: make(chan struct{})} }

// Listen creates a socket file and listens on it. The directory is created if it does
// not exist. An empty name is replaced by a random one; an existing file is an error.
// The returned path is absolute.
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

// Accept waits for a peer to connect. The peer must run as one of the users in uids, or
// as the user of this process if there are none. Otherwise the error is an AuthError,
// the peer is disconnected, and Accept can be called again.
func (t *FdTx) Accept(ctx context.Context, timeout time.Duration, uids ...int) error {
	t.mu.Lock()
	l := t.listener
	t.mu.Unlock()
	if l == nil {
		return exceptions.ConnectionClosed.Newf("not listening: call listen first")
	}
	limited, cancel := within(ctx, timeout)
	defer cancel()
	conn, err := l.accept(limited)
	if err != nil {
		return named(ctx, err)
	}
	return t.adopt(conn, uids, func() bool { return t.listener == l })
}

// Connect connects to the socket file of a listening peer. It retries until the time is
// over, so the peer may start later. If the peer does not run as one of the users in
// uids, or as the user of this process if there are none, the error is an AuthError,
// without a retry.
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

// adopt makes conn the connection if the peer runs as one of uids and t was not closed
// meanwhile, which wanted reports; it is called with t.mu.
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

// connected returns the connection.
func (t *FdTx) connected() (*socket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil {
		return nil, exceptions.ConnectionClosed.Newf("not connected: call connect or accept first")
	}
	return t.conn, nil
}

// Close closes the sockets and removes the socket file of Listen. Messages that were
// put are not lost. It may be called again, and the FdTx may be used again.
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
