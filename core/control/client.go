package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
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
	// asyncConnect is how long an asynchronous call may take to connect.
	asyncConnect = time.Second

	// serviceHandshakeFrame is the longest frame of a service until the handshake is
	// done. If the server uses another protocol, its first bytes look like a much
	// longer frame, for which a client would wait without limit.
	serviceHandshakeFrame = 1 << 20
)

var errClosed = errors.New("the client was closed")

// ClientOptions says which service to call, and how.
type ClientOptions struct {
	Address connection.Address
	Authkey string
	// Timeout limits connecting, including the handshake. Zero or less means no limit.
	Timeout time.Duration
	// Optimist makes the client retry while nobody listens.
	Optimist bool
	// Conn is a connection to the service. The client takes it over. Unread is what was
	// already read from it.
	Conn   net.Conn
	Unread []byte
	// TLS is for services that require it. The default of ServerName is the host of the
	// address.
	TLS *tls.Config
	// RefuseMD5 is for clients that do not call old services.
	RefuseMD5 bool
	// Resource is sent with every call: a JSON object, or nil for none.
	Resource json.RawMessage

	// Keep keeps the connection when a call times out or is cancelled: its answer is
	// dropped when it arrives. Otherwise the connection is closed, so that the service
	// takes back what it may give the client with the late answer.
	Keep bool
	// Reconnect makes the next call connect again after a connection was lost. It is for
	// clients that show the loss to a person. The connection is watched all the time.
	// Pending calls are not repeated.
	Reconnect bool
	// Changed, if not nil, is called when the client has connected, the connection was
	// lost, or the last pending call was answered. It must not wait.
	Changed func()
}

// Client calls a service. It connects with the first call.
//
// If the connection is lost, or a call on it has timed out, it is not replaced: the
// state that a service keeps for a client ends with the connection, and the client must
// notice that. All further calls fail with ConnectionClosed. A client that could not
// connect at all tries again with the next call. The options Keep and Reconnect change
// these rules.
//
// Goroutines that share a client take turns. With [Client.Start], several calls can be
// in progress at the same time.
type Client struct {
	options ClientOptions
	turn    connection.Turn
	closed  context.Context // done after Close
	close   context.CancelFunc

	// anonymous is true if this client has no key, the service did not accept it, and
	// the service has answered no call yet.
	anonymous atomic.Bool

	description describer
	introduced  atomic.Bool // the service was told on this connection who the client is

	mu    sync.Mutex
	link  *link  // nil until the first handshake is done; made by who has the turn
	links uint64 // how many there have been
}

// NewClient makes a client that is not connected yet.
func NewClient(options ClientOptions) *Client {
	if options.Timeout == 0 {
		options.Timeout = connection.Forever
	}
	closed, close := context.WithCancel(context.Background())
	c := &Client{options: options, turn: connection.NewTurn(), closed: closed, close: close}
	if options.Authkey != "" {
		holdKeys(c, []string{options.Authkey})
	}
	return c
}

// Another returns a client of the same service with a connection of its own. It is nil if
// this client was created with a connection.
func (c *Client) Another() *Client {
	if c.options.Conn != nil {
		return nil
	}
	options := c.options
	options.Optimist, options.Reconnect, options.Changed = false, false, nil
	return NewClient(options)
}

// Connect connects, if the client is not connected yet, within the timeout of the
// options. Errors of the connection have the same classes as those of
// [connection.BlockingConnection]; the error is an AuthError if the service does not
// accept the key.
func (c *Client) Connect(ctx context.Context) error {
	if _, err := c.turn.Take(ctx, c.options.Timeout); err != nil {
		return err
	}
	defer c.turn.Give()
	_, err := c.connected(ctx, c.options.Timeout)
	return err
}

// Call makes a call and waits for its result. Vargs is a JSON array and kwargs an
// object; nil means empty. An exception of the service is returned as an
// [*exceptions.Error] with its trace.
func (c *Client) Call(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) (json.RawMessage, error) {
	left := newLimit(timeout)
	l, err := c.begin(ctx, left)
	if err != nil {
		return nil, err
	}
	message := c.encodeCall(method, vargs, kwargs, false)
	if c.isRead(l) {
		p, err := c.start(ctx, l, method, message, left)
		c.turn.Give()
		if err != nil {
			return nil, err
		}
		return p.Wait(ctx, left.get())
	}
	result, err := c.exchange(ctx, l, method, message, left)
	c.turn.Give()
	if err != nil {
		return nil, c.explained(ctx, method, left, err)
	}
	return result, nil
}

// begin takes the turn and connects. Without an error, the caller must give the turn
// back.
func (c *Client) begin(ctx context.Context, left limit) (*link, error) {
	if _, err := c.turn.Take(ctx, left.get()); err != nil {
		return nil, err
	}
	l, err := c.connected(ctx, shorter(left.get(), c.options.Timeout))
	if err != nil {
		c.turn.Give()
		return nil, err
	}
	return l, nil
}

// exchange makes a call while no other is in progress. The caller has the turn, and
// reads the answer itself.
func (c *Client) exchange(ctx context.Context, l *link, method string, call []byte, left limit) (json.RawMessage, error) {
	if l.conn.Pending() {
		return nil, c.unexpected(ctx, l, method, left.get())
	}
	if err := l.conn.Put(ctx, call, left.get()); err != nil && !isGone(err) {
		return nil, c.notSent(l, method, err)
	}
	// A service that has ended may have left the reason to be read.
	frame, err := l.conn.Get(ctx, left.get())
	switch {
	case err != nil && c.options.Keep && !isGone(err):
		_, _ = c.enqueue(l, method) // the reader drops the answer
		return nil, c.during(method, err)
	case err != nil:
		return nil, c.lose(l, c.during(method, err))
	}
	result, ok, err := decodeResult(frame, l.conn.Address())
	if !ok {
		return nil, c.lose(l, noAnswer(frame))
	}
	c.anonymous.Store(false)
	return result, err
}

// notSent handles an error of sending a call. With the option Keep, a call of which
// nothing was sent yet leaves the connection as it was.
func (c *Client) notSent(l *link, method string, err error) error {
	err = c.during(method, err)
	if c.options.Keep && l.conn.Withdraw() {
		return err
	}
	return c.lose(l, err)
}

// Async makes a call without an answer. It cannot tell whether the call was served. The
// timeout limits sending it.
func (c *Client) Async(ctx context.Context, method string, vargs, kwargs json.RawMessage, timeout time.Duration) error {
	left := newLimit(timeout)
	if _, err := c.turn.Take(ctx, left.get()); err != nil {
		return err
	}
	defer c.turn.Give()
	l, err := c.connected(ctx, shorter(left.get(), shorter(c.options.Timeout, asyncConnect)))
	if err != nil {
		return err
	}
	if err := l.conn.Put(ctx, c.encodeCall(method, vargs, kwargs, true), left.get()); err != nil {
		return c.notSent(l, method, err)
	}
	return nil
}

// Close ends the connection. A call that is in progress or still connecting fails.
func (c *Client) Close() error {
	c.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		if c.options.Conn != nil {
			return c.options.Conn.Close()
		}
		return nil
	}
	if c.link.lost == nil {
		c.link.lost = errClosed
	}
	return c.link.conn.Close()
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
		err = exceptions.AuthError.Newf("the server at %v is not an AVE service: %w", c.peer(), err)
	}
	if err != nil {
		conn.Close()
		return nil, closedIfReset(refusedOverTLS(err))
	}
	conn.SetMaxFrame(math.MaxInt32)
	return conn, nil
}

// established connects, up to the handshake.
func (c *Client) established(ctx context.Context, left limit) (*connection.BlockingConnection, error) {
	switch {
	case c.options.Conn != nil && c.options.TLS != nil:
		return c.secured(ctx, c.options.Conn, left)
	case c.options.Conn != nil:
		return connection.WrapRead(c.options.Conn, c.options.Unread), nil
	}
	conn, err := connection.NewBlockingConnection(c.options.Address, nil)
	if err != nil {
		return nil, err
	}
	if err := conn.Connect(ctx, left.get(), c.options.Optimist); err != nil || c.options.TLS == nil {
		return conn, err
	}
	raw, _, err := conn.DetachConn() // nothing was read from it yet
	if err != nil {
		return nil, err
	}
	return c.secured(ctx, raw, left)
}

// handshake proves the key to the service. A service that is shutting down may send its
// exit in the place of any message.
func (c *Client) handshake(ctx context.Context, conn *connection.BlockingConnection, left limit) error {
	challenge, err := conn.Get(ctx, left.get())
	if err != nil {
		return c.noChallenge(err)
	}
	if _, ok, exception := decodeAnswer(challenge); ok && exception != nil {
		return exception
	}
	digest, err := respond(challenge, c.options.Authkey, c.options.RefuseMD5)
	if err != nil {
		return err
	}
	c.description.offered.Store(bytes.HasSuffix(challenge, []byte(sha256Suffix)))
	if err := conn.Put(ctx, digest, left.get()); err != nil {
		return c.inHandshake(err)
	}
	answer, err := conn.Get(ctx, left.get())
	if err != nil {
		return c.inHandshake(err)
	}
	if _, ok, exception := decodeAnswer(answer); ok && exception != nil {
		return exception
	}
	var outcome struct{ Authenticated *bool }
	if json.Unmarshal(answer, &outcome) != nil || outcome.Authenticated == nil {
		return exceptions.AuthError.Newf("wanted the result of the handshake, got %q", shown(answer))
	}
	if !*outcome.Authenticated && c.options.Authkey != "" {
		return exceptions.AuthError.Newf("the service at %v does not accept the key", c.peer())
	}
	c.anonymous.Store(!*outcome.Authenticated)
	return nil
}

// noChallenge says what may be wrong if a service sends nothing: with TLS, the client
// has to begin.
func (c *Client) noChallenge(err error) error {
	var named *exceptions.Error
	if c.options.TLS != nil || !errors.As(err, &named) {
		return c.inHandshake(err)
	}
	return named.Class.Newf("%w: the server at %v sent no challenge; it may require TLS", err, c.peer())
}

// unexpected reads a frame that came before the call was sent: the service has ended,
// or sent one answer too many.
func (c *Client) unexpected(ctx context.Context, l *link, method string, timeout time.Duration) error {
	frame, err := l.conn.Get(ctx, timeout)
	if err != nil {
		return c.lose(l, c.during(method, err))
	}
	return c.lose(l, unasked(frame))
}

// unasked is the error for a frame that came while no call was pending.
func unasked(frame []byte) error {
	if _, ok, exception := decodeAnswer(frame); ok && exception != nil {
		return exception
	}
	return exceptions.ConnectionClosed.Newf("connection closed: the service sent an answer that no call was waiting for")
}

// noAnswer is the error for a frame that is not an answer.
func noAnswer(frame []byte) error {
	return exceptions.Exception.Newf("wanted an answer from the service, got %q", shown(frame))
}

// isGone reports whether err means that the service has gone.
func isGone(err error) bool {
	return errors.Is(err, exceptions.ConnectionClosed) || errors.Is(err, exceptions.ConnectionReset)
}

// closedIfReset hides whether the service has ended or was killed: both look the same
// to its clients.
func closedIfReset(err error) error {
	if errors.Is(err, exceptions.ConnectionReset) {
		return exceptions.ConnectionClosed.Newf("connection closed: %w", err)
	}
	return err
}

func (c *Client) encodeCall(method string, vargs, kwargs json.RawMessage, async bool) []byte {
	if vargs == nil {
		vargs = json.RawMessage("[]")
	}
	if kwargs == nil {
		kwargs = json.RawMessage("{}")
	}
	resource := c.options.Resource
	if resource == nil {
		resource = null
	}
	call := make([]byte, 0, 96+len(method)+len(resource)+len(vargs)+len(kwargs))
	call = append(call, `{"method": `...)
	// Quoting fails for a name that is not UTF-8, but still writes it, with U+FFFD.
	call, _ = jsontext.AppendQuote(call, method)
	call = append(call, `, "resource": `...)
	call = append(call, resource...)
	if claims := c.introduction(); claims != nil {
		call = append(append(call, `, "client": `...), claims...)
	}
	call = append(call, `, "params": {"vargs": `...)
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

// get returns what is left of the timeout.
func (l limit) get() time.Duration {
	if l.deadline.IsZero() {
		return connection.Forever
	}
	return max(0, time.Until(l.deadline))
}

// shorter is the shorter of two timeouts; a negative one means no limit.
func shorter(a, b time.Duration) time.Duration {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}
