package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

// wrapping is a listener whose connections are wrapped.
type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(conn), nil
}

// rejected is a client that was told that its key is not valid.
func rejected(t *testing.T, s *control.Server) *raw {
	t.Helper()
	r := dialRaw(t, s)
	r.get()
	r.put("0123456789abcdef")
	r.want(`{"authenticated": false}`)
	return r
}

func TestRejectedClientsMakeRoom(t *testing.T) {
	// For such a connection it is never known whether everything has arrived.
	opaque := func(conn net.Conn) net.Conn { return struct{ net.Conn }{conn} }
	s, _ := start(t, methods{"echo": echo}, control.Options{
		Authkey: "k", Listener: wrapping{localListener(t), opaque}, Limits: control.Limits{MaxConnections: 4},
	})
	for range 8 {
		rejected(t, s)
	}
	if got, err := call(newClient(t, s, "k"), "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestRejectedClientsDoNotLingerBySending(t *testing.T) {
	s, _ := start(t, methods{}, control.Options{Authkey: "k"})
	took := time.Hour
	for range 3 { // a loaded machine may be slow
		r := rejected(t, s)
		begun := time.Now()
		for {
			if _, err := r.Write([]byte{0}); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		took = min(took, time.Since(begun))
	}
	if took > 500*time.Millisecond {
		t.Errorf("it was kept for %v", took)
	}
}

func TestStrangersNeverFillTheService(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Limits: control.Limits{MaxConnections: 4, MaxHandshakes: 100}})
	for range 10 {
		dialRaw(t, s).get()
	}
	serves(t, s)
}

// scarce is a listener with descriptors for only a few connections.
type scarce struct {
	net.Listener
	left atomic.Int32
}

type scarceConn struct {
	net.Conn
	free func()
}

func (c scarceConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}

func (l *scarce) Accept() (net.Conn, error) {
	if l.left.Load() == 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.left.Add(-1)
	return scarceConn{conn, sync.OnceFunc(func() { l.left.Add(1) })}, nil
}

func TestHandshakesMakeRoomWhenDescriptorsRunOut(t *testing.T) {
	var log events
	l := &scarce{Listener: localListener(t)}
	l.left.Store(4)
	s, _ := start(t, methods{"echo": echo}, control.Options{
		Listener: l, Limits: control.Limits{HandshakeTimeout: time.Hour},
		Log: func(message string) { log.add("%s", message) },
	})
	for range 20 {
		dialRaw(t, s)
	}
	serves(t, s)
	logs(t, &log, "was disconnected in its handshake to make room for others")
}

func TestNoMoreClientsThanDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	restore := sync.OnceFunc(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) })
	defer restore()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, methods{}, control.Options{})
	restore()
	for range 50 {
		dialRaw(t, s).authenticate()
	}
	err := newClient(t, s, "").Connect(ctx)
	if want := "the service already has 50 clients, which is the limit"; !errors.Is(err, exceptions.ConnectionRefused) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// hooked calls a function before it writes the result of the handshake.
type hooked struct {
	net.Conn
	hook func()
}

func (c hooked) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "authenticated") {
		c.hook()
	}
	return c.Conn.Write(p)
}

func TestRemovedInTheHandshake(t *testing.T) {
	var s *control.Server
	s, _ = start(t, methods{}, control.Options{Listener: wrapping{localListener(t), func(conn net.Conn) net.Conn {
		return hooked{conn, func() {
			for _, c := range s.Connections() {
				s.RemoveConnection(c)
			}
		}}
	}}})
	dialRaw(t, s).authenticate().want("<closed>")
}

func TestIdentityIsAskedForInTheHandshake(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Authkey: "k"})
	stop := make(chan bool)
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, c := range s.Connections() {
				if id := c.Identity(); id.Primary != (id.Key == "k") {
					t.Errorf("got %v", id)
				}
			}
		}
	})
	for range 50 {
		c := newClient(t, s, "k")
		call(c, "echo", 1)
		c.Close()
	}
	close(stop)
	asking.Wait()
}

// accepted returns a connection for a service, and its peer.
func accepted(t *testing.T) (net.Conn, *raw) {
	t.Helper()
	l := localListener(t)
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, newRaw(t, peer)
}

func TestAddConnection(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Authkey: "k", Limits: control.Limits{MaxConnections: 2}})
	if got, err := call(newClient(t, s, "k"), "echo", 1); got != "1" || err != nil {
		t.Fatalf("got %s, %v", got, err)
	}
	conn, guest := accepted(t)
	c, err := s.AddConnection(connection.Wrap(conn), "unknown")
	if err != nil {
		t.Fatal(err)
	}
	if id := c.Identity(); id.Key != "unknown" || id.Primary {
		t.Errorf("got %v", id)
	}
	guest.put(callText("echo", "[2]"))
	guest.want(`{"result": 2}`)

	conn, guest = accepted(t)
	open := connection.Wrap(conn)
	if _, err := s.AddConnection(open, ""); !errors.Is(err, exceptions.ConnectionRefused) || err.Error() != "the service already has 2 clients, which is the limit" {
		t.Errorf("one too many: got %v", err)
	}
	guest.put("still ours")
	if got, err := open.Get(ctx, late); string(got) != "still ours" {
		t.Errorf("got %q, %v", got, err)
	}
}

// gone returns a connection made from a socket that was reset.
type gone struct{ net.Conn }

func (gone) RemoteAddr() net.Addr { return nil }

func TestAddConnectionWithoutPeer(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	serves(t, s)
	conn, _ := accepted(t)
	if _, err := s.AddConnection(connection.Wrap(gone{conn}), ""); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestClientsThatHaveGoneCountUntilTheServiceKnows(t *testing.T) {
	stuck := make(chan bool)
	s, _ := start(t, methods{"stuck": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		stuck <- true
		<-stuck
		return nil, nil
	}}}, control.Options{
		Limits:    control.Limits{MaxConnections: 4},
		Callbacks: control.Callbacks{LostConnection: func(context.Context, *control.Conn) error { return nil }},
	})
	dialRaw(t, s).authenticate().put(callText("stuck", "[]"))
	<-stuck
	for range 3 {
		dialRaw(t, s).authenticate().Close()
	}
	err := newClient(t, s, "").Connect(ctx)
	if !errors.Is(err, exceptions.ConnectionRefused) {
		t.Errorf("got %v, want ConnectionRefused", err)
	}
	stuck <- true
	poll.Until(t, "there is room again", func() bool { return newClient(t, s, "").Connect(ctx) == nil })
}

// deaf accepts no more data when it is told so, until shortly before the deadline.
type deaf struct {
	net.Conn
	isDeaf *atomic.Bool
	soon   chan struct{}
	close  func()
}

func (c deaf) Write(p []byte) (int, error) {
	if !c.isDeaf.Load() {
		return c.Conn.Write(p)
	}
	<-c.soon
	return 0, os.ErrDeadlineExceeded
}

func (c deaf) SetWriteDeadline(deadline time.Time) error {
	if c.isDeaf.Load() && time.Until(deadline) < time.Minute {
		c.close()
	}
	return c.Conn.SetWriteDeadline(deadline)
}

func TestRemovedClientThatTakesNothing(t *testing.T) {
	var isDeaf atomic.Bool
	soon := make(chan struct{})
	closeSoon := sync.OnceFunc(func() { close(soon) })
	defer closeSoon()
	var s *control.Server
	s, _ = start(t, methods{
		"echo": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
			isDeaf.Store(true)
			return 1, nil
		}},
		"leave": {rpc, func(_ context.Context, c *control.Conn, _ *control.Call) (any, error) {
			s.RemoveConnection(c)
			return nil, nil
		}},
	}, control.Options{Listener: wrapping{localListener(t), func(conn net.Conn) net.Conn {
		return deaf{conn, &isDeaf, soon, closeSoon}
	}}})
	r := dialRaw(t, s).authenticate()
	var both strings.Builder
	connection.WriteFrame(&both, []byte(callText("echo", "[]")))
	connection.WriteFrame(&both, []byte(strings.Replace(callText("leave", "[]"), `"async": false`, `"async": true`, 1)))
	r.Write([]byte(both.String()))
	r.want("<closed>")
}
