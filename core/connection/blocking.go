package connection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// BlockingConnection is a queue of messages over TCP whose operations wait. Each wait
// has a timeout and a context. The errors are ConnectionTimeout, ConnectionClosed,
// ConnectionReset and ConnectionRefused, or that of the context if it was cancelled.
//
// Several goroutines may use it: one reads and one writes at a time, the others wait
// for their turn.
type BlockingConnection struct {
	reading, writing Turn

	mu       sync.Mutex // for the fields up to the next blank line
	address  Address
	bound    *Socket  // a socket from outside, neither listening nor connected
	attempt  *attempt // connects without waiting
	listener *net.TCPListener
	conn     net.Conn
	closed   bool
	ending   context.CancelFunc // ends waits that do not use the connection's socket; see untilClosed
	alive    context.Context

	// The following fields belong to the turns: replacing them needs both.
	maxFrame  int
	readAhead bool
	frames    *FrameReader
	reads     *limiter
	writes    *limiter
	unsent    net.Buffers // what could not be sent in time
	sending   message     // the message that unsent belongs to
}

// NewBlockingConnection creates a connection that is not connected yet. The address is
// that of the peer for [BlockingConnection.Connect], and the local one for
// [BlockingConnection.Listen]. A socket may be bound, listening or connected; the
// connection takes it over.
func NewBlockingConnection(address Address, socket *Socket) (*BlockingConnection, error) {
	c := newBlocking(address)
	switch {
	case socket == nil:
	case socket.isListening():
		listener, err := socket.Listener()
		if err != nil {
			return nil, err
		}
		c.listen(listener)
	case socket.isConnected():
		conn, err := socket.Conn()
		if err != nil {
			return nil, err
		}
		c.attach(conn)
	default:
		c.bound = socket
	}
	return c, nil
}

// FromFd makes a connection from the descriptor of a TCP socket, and owns the
// descriptor. Unread is what [BlockingConnection.Detach] returned; if it is not empty
// and the socket has lost its peer, the error is ConnectionClosed. Anything except a
// TCP socket is refused, and still belongs to the caller.
func FromFd(fd int, unread []byte) (*BlockingConnection, error) {
	socket, err := NewSocket(fd)
	if err != nil {
		return nil, err
	}
	c, err := adopt(socket, unread)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return c, nil
}

func adopt(socket *Socket, unread []byte) (*BlockingConnection, error) {
	if socket.isConnected() {
		conn, err := socket.Conn()
		if err != nil {
			return nil, err
		}
		return WrapRead(conn, unread), nil
	}
	if len(unread) > 0 {
		return nil, exceptions.ConnectionClosed.Newf("connection closed: the peer has gone, and %d bytes that it sent are unread", len(unread))
	}
	address, err := socket.Address()
	if err != nil {
		return nil, err
	}
	return NewBlockingConnection(address, socket)
}

// Wrap makes a connection from an established one.
func Wrap(conn net.Conn) *BlockingConnection {
	c := newBlocking(AddressOf(conn.RemoteAddr()))
	c.attach(conn)
	return c
}

// WrapRead makes a connection from an established one, from which unread was already
// read.
func WrapRead(conn net.Conn, unread []byte) *BlockingConnection {
	c := Wrap(conn)
	if len(unread) > 0 {
		c.frames.Unread(unread)
	}
	return c
}

func newBlocking(address Address) *BlockingConnection {
	return &BlockingConnection{address: address, reading: NewTurn(), writing: NewTurn(), maxFrame: math.MaxUint32}
}

func (c *BlockingConnection) attach(conn net.Conn) {
	c.conn = conn
	KeepAlive(conn, DefaultKeepAlive)
	c.frames = NewFrameReader(conn, c.maxFrame)
	c.frames.Exact = !c.readAhead
	c.unsent, c.sending = nil, message{}
	c.reads = &limiter{setDeadline: conn.SetReadDeadline}
	c.writes = &limiter{setDeadline: conn.SetWriteDeadline}
}

func (c *BlockingConnection) listen(listener *net.TCPListener) {
	c.listener = listener
	c.address.Port = AddressOf(listener.Addr()).Port
	c.reads = &limiter{setDeadline: listener.SetDeadline}
}

// SetMaxFrame limits the frames for Get to max bytes. A longer frame is an
// OverflowError, after which the connection is unusable. Like ReadAhead, it must be
// called before the connection is shared.
func (c *BlockingConnection) SetMaxFrame(max int) {
	c.maxFrame = max
	if c.frames != nil {
		c.frames.SetMax(max)
	}
}

// ReadAhead lets the connection read more from the socket than was asked for, which
// saves a system call per frame. Nobody else can use the descriptor then, and Poll does
// not see data that was already read.
func (c *BlockingConnection) ReadAhead() {
	c.readAhead = true
	if c.frames != nil {
		c.frames.Exact = false
	}
}

// Address is the address of the peer, or the local one if the connection listens.
func (c *BlockingConnection) Address() Address {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// Listen starts to listen. A socket in use is closed first. For port 0 the system
// chooses a port, which Address then returns.
func (c *BlockingConnection) Listen() error {
	c.mu.Lock()
	bound := c.bound
	c.bound = nil
	_ = c.closeSockets()
	c.mu.Unlock()
	release, err := c.bothTurns(context.Background(), Forever)
	if err != nil {
		return err
	}
	defer release()
	c.mu.Lock()
	defer c.mu.Unlock()
	listener, err := listenOn(bound, c.address)
	if err != nil {
		return fmt.Errorf("listen on %v: %w", c.address, err)
	}
	c.closed = false
	c.listen(listener)
	return nil
}

func listenOn(bound *Socket, address Address) (*net.TCPListener, error) {
	if bound != nil {
		return bound.Listener()
	}
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

// bothTurns keeps all others from reading and writing until release.
func (c *BlockingConnection) bothTurns(ctx context.Context, timeout time.Duration) (release func(), err error) {
	if timeout, err = c.reading.Take(ctx, timeout); err != nil {
		return nil, err
	}
	if _, err = c.writing.Take(ctx, timeout); err != nil {
		c.reading.Give()
		return nil, err
	}
	return func() { c.writing.Give(); c.reading.Give() }, nil
}

// Accept waits for a peer to connect.
func (c *BlockingConnection) Accept(ctx context.Context, timeout time.Duration) (*BlockingConnection, error) {
	timeout, err := c.reading.Take(ctx, timeout)
	if err != nil {
		return nil, err
	}
	defer c.reading.Give()
	c.mu.Lock()
	listener := c.listener
	c.mu.Unlock()
	if listener == nil {
		return nil, exceptions.ConnectionClosed.Newf("not listening: call listen first")
	}
	var conn net.Conn
	err = c.reads.run(ctx, timeout, func() (err error) {
		conn, err = listener.Accept()
		return err
	})
	if err != nil {
		return nil, named(ctx, err)
	}
	return Wrap(conn), nil
}

// Connect connects to the address. An optimist retries after failures, until the
// timeout, because the peer may begin to listen later. If the connection is already
// connected, nothing happens. An attempt of [Connection.Connect] in progress is
// replaced by a new one.
func (c *BlockingConnection) Connect(ctx context.Context, timeout time.Duration, optimist bool) error {
	release, err := c.bothTurns(ctx, timeout)
	if err != nil {
		return err
	}
	defer release()
	c.mu.Lock()
	connected, err := c.connectable()
	_ = c.abandon()
	c.mu.Unlock()
	if connected || err != nil {
		return err
	}
	open, stop := c.untilClosed(ctx)
	defer stop()
	conn, err := dial(open, c.address, timeout, optimist)
	c.mu.Lock()
	defer c.mu.Unlock()
	if open.Err() != nil && ctx.Err() == nil {
		if err == nil {
			conn.Close()
		}
		return errClosedMeanwhile
	}
	if err != nil {
		return err
	}
	c.closed = false
	c.attach(conn)
	return nil
}

var errClosedMeanwhile = exceptions.ConnectionClosed.Newf("connection closed")

// untilClosed returns a context that ends with ctx or when the connection is closed,
// for waits that do not end when its socket is closed.
func (c *BlockingConnection) untilClosed(ctx context.Context) (_ context.Context, stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alive == nil {
		c.alive, c.ending = context.WithCancel(context.Background())
	}
	open, cancel := context.WithCancel(ctx)
	detach := context.AfterFunc(c.alive, cancel)
	return open, func() {
		detach()
		cancel()
	}
}

// connectable reports whether the connection is already established; the error is that
// it cannot connect. The caller has c.mu.
func (c *BlockingConnection) connectable() (connected bool, err error) {
	if c.bound != nil || c.listener != nil {
		err = fmt.Errorf("connect to %v: this connection has a listening socket", c.address)
	}
	return c.conn != nil, err
}

func (c *BlockingConnection) established() (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil:
		return c.conn, nil
	case c.closed:
		return nil, exceptions.ConnectionClosed.Newf("connection closed")
	}
	return nil, exceptions.ConnectionClosed.Newf("not connected: call connect first")
}

// Fileno is the descriptor of the socket, which still belongs to the connection.
func (c *BlockingConnection) Fileno() (int, error) {
	sock, err := c.socket()
	if err != nil {
		return 0, err
	}
	return fileno(sock)
}

// socket is the socket of the connection, whatever it is used for.
func (c *BlockingConnection) socket() (syscall.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != nil {
		return c.listener, nil
	}
	if conn, ok := c.conn.(syscall.Conn); ok {
		return conn, nil
	}
	if c.bound != nil {
		return c.bound, nil
	}
	if c.attempt != nil {
		return c.attempt.socket, nil
	}
	return nil, exceptions.ConnectionClosed.Newf("connection closed: there is no socket")
}

// Close closes the connection; all who wait for it get ConnectionClosed.
func (c *BlockingConnection) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.alive != nil {
		c.ending()
		c.alive, c.ending = nil, nil
	}
	return c.closeSockets()
}

func (c *BlockingConnection) closeSockets() error {
	errs := []error{c.abandon()}
	if c.bound != nil {
		errs = append(errs, c.bound.Close())
	}
	if c.listener != nil {
		errs = append(errs, c.listener.Close())
	}
	if c.conn != nil {
		errs = append(errs, c.conn.Close())
	}
	c.bound, c.listener, c.conn = nil, nil, nil
	return errors.Join(errs...)
}
