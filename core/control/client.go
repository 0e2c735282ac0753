package control

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

const (
	// asyncConnect is how long an asynchronous call may take to connect first.
	asyncConnect = time.Second

	// serviceHandshakeFrame is the longest frame of a service until the
	// handshake is done. The first words of another protocol, taken for the
	// length of a frame, are far more: a client would wait for them for ever.
	serviceHandshakeFrame = 1 << 20
)

var errClosed = errors.New("the client was closed")

// ClientOptions say which service a client calls.
type ClientOptions struct {
	Address connection.Address
	Authkey string
	// Timeout limits connecting, the handshake included. Zero and less are for
	// ever.
	Timeout time.Duration
	// Optimist clients go on connecting while nobody listens.
	Optimist bool
	// Conn is connected to the service already. The client owns it.
	Conn net.Conn
	// TLS is for services that want it. A ServerName is the host of the
	// address unless it is set.
	TLS *tls.Config
	// RefuseMD5 is for clients that call no old service.
	RefuseMD5 bool
}

// Client makes calls to a service. It connects with the first of them.
//
// A connection that is lost, or on which a call has timed out, is not replaced:
// what the service keeps for a client ends with its connection, and that must
// not go unnoticed. All further calls fail with ConnectionClosed. A client
// that could not connect tries again with the next call.
//
// Goroutines that share a client take turns. [Client.Start] lets several calls
// be under way.
type Client struct {
	options ClientOptions
	turn    connection.Turn
	closed  context.Context // done after Close
	close   context.CancelFunc

	// anonymous is whether the service knows no key of this client, which has
	// none, and has answered no call of it.
	anonymous atomic.Bool

	mu      sync.Mutex
	conn    *connection.BlockingConnection // nil until the handshake is done; made by who has the turn
	lost    error                          // why there is no connection any more
	pending []*Pending                     // under way, oldest first; a goroutine reads while there are any
}

// NewClient makes a client that is not connected yet.
func NewClient(options ClientOptions) *Client {
	if options.Timeout == 0 {
		options.Timeout = connection.Forever
	}
	closed, close := context.WithCancel(context.Background())
	return &Client{options: options, turn: connection.NewTurn(), closed: closed, close: close}
}

// Connect connects, if that has not happened yet, within the timeout of the
// options. Errors of the connection are named like those of
// [connection.BlockingConnection]; AuthError is for a key that the service
// doesn't know.
func (c *Client) Connect(ctx context.Context) error {
	if _, err := c.turn.Take(ctx, c.options.Timeout); err != nil {
		return err
	}
	defer c.turn.Give()
	_, err := c.connected(ctx, c.options.Timeout)
	return err
}

// Call makes a call and waits for its result. Vargs is a JSON array and kwargs
// an object; nil is empty. An exception of the service comes back as an
// [*exceptions.Error] with its trace.
func (c *Client) Call(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) (json.RawMessage, error) {
	left := newLimit(timeout)
	conn, err := c.begin(ctx, left)
	if err != nil {
		return nil, err
	}
	message := encodeCall(method, vargs, kwargs, false)
	if !c.busy() {
		defer c.turn.Give()
		return c.exchange(ctx, conn, message, left)
	}
	p, err := c.start(ctx, conn, message, left)
	c.turn.Give()
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx, left.get())
}

// begin takes the turn and connects. The turn is the caller's to give if there
// is no error.
func (c *Client) begin(ctx context.Context, left limit) (*connection.BlockingConnection, error) {
	if _, err := c.turn.Take(ctx, left.get()); err != nil {
		return nil, err
	}
	conn, err := c.connected(ctx, shorter(left.get(), c.options.Timeout))
	if err != nil {
		c.turn.Give()
		return nil, err
	}
	return conn, nil
}

// exchange makes a call while no other is under way. The caller has the turn,
// and reads the answer itself.
func (c *Client) exchange(ctx context.Context, conn *connection.BlockingConnection, call []byte, left limit) (json.RawMessage, error) {
	if conn.Pending() {
		return nil, c.unexpected(ctx, conn, left.get())
	}
	if err := conn.Put(ctx, call, left.get()); err != nil && !isGone(err) {
		return nil, c.lose(err)
	}
	// A service that has ended may have left its reason to be read.
	frame, err := conn.Get(ctx, left.get())
	if err != nil {
		return nil, c.lose(err)
	}
	result, ok, err := decodeAnswer(frame)
	if !ok {
		return nil, c.lose(noAnswer(frame))
	}
	c.anonymous.Store(false)
	return result, err
}

// Async makes a call that nobody waits for, and has no way to tell whether it
// was served. The timeout limits sending it.
func (c *Client) Async(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) error {
	left := newLimit(timeout)
	if _, err := c.turn.Take(ctx, left.get()); err != nil {
		return err
	}
	defer c.turn.Give()
	conn, err := c.connected(ctx, shorter(left.get(), shorter(c.options.Timeout, asyncConnect)))
	if err != nil {
		return err
	}
	if err := conn.Put(ctx, encodeCall(method, vargs, kwargs, true), left.get()); err != nil {
		return c.lose(err)
	}
	return nil
}

// Close ends the connection. A call that is under way fails, as does one that
// is still connecting.
func (c *Client) Close() error {
	c.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = errClosed
	}
	if c.conn == nil {
		if c.options.Conn != nil {
			return c.options.Conn.Close()
		}
		return nil
	}
	return c.conn.Close()
}

// connected gives the connection, and makes it first if there was none.
func (c *Client) connected(ctx context.Context, timeout time.Duration) (*connection.BlockingConnection, error) {
	c.mu.Lock()
	conn, lost := c.conn, c.lost
	c.mu.Unlock()
	if lost != nil {
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", lost)
	}
	if conn != nil {
		return conn, nil
	}
	conn, err := c.dial(ctx, timeout)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		conn.Close()
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", c.lost)
	}
	c.conn = conn
	return conn, nil
}

func (c *Client) dial(ctx context.Context, timeout time.Duration) (*connection.BlockingConnection, error) {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	defer context.AfterFunc(c.closed, func() {
		abort(exceptions.ConnectionClosed.Newf("connection closed: %w", errClosed))
	})()
	left := newLimit(timeout)
	conn, err := c.established(ctx, left)
	if err != nil {
		return nil, err
	}
	conn.SetMaxFrame(serviceHandshakeFrame)
	conn.ReadAhead()
	err = c.handshake(ctx, conn, left)
	var tooLong *connection.TooLongError
	if errors.As(err, &tooLong) {
		err = exceptions.AuthError.Newf("what listens at %v is no AVE service: %w", conn.Address(), err)
	}
	if err != nil {
		conn.Close()
		return nil, closedIfReset(refusedOverTLS(err))
	}
	conn.SetMaxFrame(math.MaxInt32)
	return conn, nil
}

// established makes the connection on which the handshake comes next.
func (c *Client) established(ctx context.Context, left limit) (*connection.BlockingConnection, error) {
	switch {
	case c.options.Conn != nil && c.options.TLS != nil:
		return c.secured(ctx, c.options.Conn, left)
	case c.options.Conn != nil:
		return connection.Wrap(c.options.Conn), nil
	}
	conn, err := connection.NewBlockingConnection(c.options.Address, nil)
	if err != nil {
		return nil, err
	}
	if err := conn.Connect(ctx, left.get(), c.options.Optimist); err != nil || c.options.TLS == nil {
		return conn, err
	}
	raw, _, err := conn.DetachConn() // nothing was read from it
	if err != nil {
		return nil, err
	}
	return c.secured(ctx, raw, left)
}

// handshake proves the key to the service. A service that is shutting down
// says so in place of any of its messages.
func (c *Client) handshake(ctx context.Context, conn *connection.BlockingConnection, left limit) error {
	challenge, err := conn.Get(ctx, left.get())
	if err != nil {
		return c.noChallenge(conn, err)
	}
	if _, ok, exception := decodeAnswer(challenge); ok && exception != nil {
		return exception
	}
	digest, err := respond(challenge, c.options.Authkey, c.options.RefuseMD5)
	if err != nil {
		return err
	}
	if err := conn.Put(ctx, digest, left.get()); err != nil {
		return err
	}
	answer, err := conn.Get(ctx, left.get())
	if err != nil {
		return err
	}
	if _, ok, exception := decodeAnswer(answer); ok && exception != nil {
		return exception
	}
	var outcome struct{ Authenticated *bool }
	if json.Unmarshal(answer, &outcome) != nil || outcome.Authenticated == nil {
		return exceptions.AuthError.Newf("wanted the outcome of the handshake, got %q", shown(answer))
	}
	if !*outcome.Authenticated && c.options.Authkey != "" {
		return exceptions.AuthError.Newf("the service at %v does not know the key", conn.Address())
	}
	c.anonymous.Store(!*outcome.Authenticated)
	return nil
}

// noChallenge says what may be wrong when a service says nothing at all: with
// TLS it is the client that has to begin.
func (c *Client) noChallenge(conn *connection.BlockingConnection, err error) error {
	var named *exceptions.Error
	if c.options.TLS != nil || !errors.As(err, &named) {
		return err
	}
	return named.Class.Newf("%w: what listens at %v sent no challenge; it may want TLS", err, conn.Address())
}

// unexpected reads a frame that came before the call that it could answer: the
// service has ended, or has answered too much.
func (c *Client) unexpected(ctx context.Context, conn *connection.BlockingConnection, timeout time.Duration) error {
	frame, err := conn.Get(ctx, timeout)
	if err != nil {
		return c.lose(err)
	}
	if _, ok, exception := decodeAnswer(frame); ok && exception != nil {
		return c.lose(exception)
	}
	return c.lose(exceptions.ConnectionClosed.Newf("connection closed: the service sent an answer that no call was waiting for"))
}

// lose gives up the connection, because err leaves it at a point where the
// next frame could be taken for the answer to another call.
func (c *Client) lose(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = fmt.Errorf("an earlier call failed: %w", err)
	}
	c.conn.Close()
	if c.anonymous.Load() && isGone(err) {
		return exceptions.ConnectionClosed.Newf("connection closed: the service may want a key")
	}
	return closedIfReset(err)
}

// noAnswer is the error for a frame that is no answer.
func noAnswer(frame []byte) error {
	return exceptions.Exception.Newf("wanted an answer from the service, got %q", shown(frame))
}

// isGone reports whether err says that the service has gone.
func isGone(err error) bool {
	return errors.Is(err, exceptions.ConnectionClosed) || errors.Is(err, exceptions.ConnectionReset)
}

// closedIfReset makes no difference between the two ways in which a service
// that has ended, or was killed, leaves its clients.
func closedIfReset(err error) error {
	if errors.Is(err, exceptions.ConnectionReset) {
		return exceptions.ConnectionClosed.Newf("connection closed: %w", err)
	}
	return err
}

func encodeCall(method string, vargs, kwargs json.RawMessage, async bool) []byte {
	if vargs == nil {
		vargs = json.RawMessage("[]")
	}
	if kwargs == nil {
		kwargs = json.RawMessage("{}")
	}
	call := make([]byte, 0, 96+len(method)+len(vargs)+len(kwargs))
	call = append(call, `{"method": `...)
	// Quoting fails for a name that is not UTF-8, and puts U+FFFD there.
	call, _ = jsontext.AppendQuote(call, method)
	call = append(call, `, "resource": null, "params": {"vargs": `...)
	call = append(call, vargs...)
	call = append(call, `, "kwargs": `...)
	call = append(call, kwargs...)
	if async {
		return append(call, `}, "async": true}`...)
	}
	return append(call, `}, "async": false}`...)
}

// A limit is a timeout that several steps share.
type limit struct{ deadline time.Time }

func newLimit(timeout time.Duration) limit {
	if timeout < 0 {
		return limit{}
	}
	return limit{time.Now().Add(timeout)}
}

// get is what is left of the timeout.
func (l limit) get() time.Duration {
	if l.deadline.IsZero() {
		return connection.Forever
	}
	return max(0, time.Until(l.deadline))
}

// shorter is the shorter of two timeouts, where a negative one is for ever.
func shorter(a, b time.Duration) time.Duration {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}
