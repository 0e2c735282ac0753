package control_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/goroutines"
)

const exitFrame = `{"exception": {"message":"maintenance","type":"Exit"}}`

func TestExitReachesEveryClient(t *testing.T) {
	blocked := make(chan bool)
	s, stop := start(t, methods{
		"echo": echo,
		"wait": {control.Method{RPC: true, Concurrent: true}, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
			blocked <- true
			<-ctx.Done()
			return nil, ctx.Err()
		}},
	}, control.Options{})
	var clients []*raw
	for range 50 {
		clients = append(clients, dialRaw(t, s).authenticate())
	}
	// Some are in the middle of a frame, some are being served, some have not finished
	// the handshake, and one has sent far more than is read.
	clients[0].Write([]byte{0, 0, 1})
	clients[1].put(callText("wait", "[]"))
	<-blocked
	clients[2].put(callText("wait", "[]"))
	<-blocked
	clients[2].put(callText("echo", `["`+strings.Repeat("x", 200_000)+`"]`))
	for range 5 {
		stranger := dialRaw(t, s)
		stranger.get()
		clients = append(clients, stranger)
	}
	began := time.Now()
	s.Shutdown(exit("maintenance"))
	for _, r := range clients {
		r.want(exitFrame)
		r.want("<closed>")
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("the clients had to wait %v for the exit", took)
	}
	stop()
}

func TestShutdownByHandler(t *testing.T) {
	var s *control.Server
	s, stop := start(t, methods{
		"bye": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
			s.Shutdown(exit("maintenance"))
			return "this result is not sent", nil
		}},
	}, control.Options{})
	other := dialRaw(t, s).authenticate()
	caller := dialRaw(t, s).authenticate()
	caller.put(callText("bye", "[]"))
	for _, r := range []*raw{caller, other} {
		r.want(exitFrame)
		r.want("<closed>")
	}
	stop()
}

func TestExitRaisedByCallback(t *testing.T) {
	s, _ := start(t, methods{}, control.Options{Callbacks: control.Callbacks{
		NewConnection: func(context.Context, *control.Conn) error { return exit("maintenance") }}})
	r := dialRaw(t, s).authenticate()
	r.want(exitFrame)
	r.want("<closed>")
}

func TestExitIsSentAsTheExceptionThatItIs(t *testing.T) {
	s, _ := start(t, methods{}, control.Options{})
	r := dialRaw(t, s).authenticate()
	s.Shutdown(exceptions.Restarting.Newf("back soon"))
	r.want(`{"exception": {"message":"back soon","type":"Restarting"}}`)
}

func TestSlowClientsDontBlockShutdown(t *testing.T) {
	s, stop := start(t, methods{"long": constant(strings.Repeat("x", 32<<20))}, control.Options{})
	r := dialRaw(t, s).authenticate()
	r.put(callText("long", "[]")) // and does not read the answer
	other := dialRaw(t, s).authenticate()
	s.Shutdown(exit("maintenance"))
	other.want(exitFrame)
	stop()
}

// lateConn sets its first deadline late, after a shutdown has set its own, unless the
// shutdown has to wait.
type lateConn struct {
	*net.TCPConn
	later   atomic.Bool
	setting chan bool     // receives a value when the first deadline is being set
	past    chan struct{} // closed when a deadline in the past was set
}

func (c *lateConn) SetReadDeadline(deadline time.Time) error {
	if !c.later.Swap(true) {
		c.setting <- true
		for !c.isPast() && !goroutines.Blocked("control.(*Server).beginShutdown") {
			time.Sleep(time.Millisecond)
		}
	}
	err := c.TCPConn.SetReadDeadline(deadline)
	if deadline.Equal(time.Unix(1, 0)) {
		close(c.past)
	}
	return err
}

func (c *lateConn) isPast() bool {
	select {
	case <-c.past:
		return true
	default:
		return false
	}
}

type lateListener struct {
	net.Listener
	setting chan bool
}

func (l *lateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lateConn{TCPConn: conn.(*net.TCPConn), setting: l.setting, past: make(chan struct{})}, nil
}

func TestShutdownInTheHandshake(t *testing.T) {
	l := &lateListener{localListener(t), make(chan bool)}
	s, stop := start(t, methods{}, control.Options{Listener: l, Limits: control.Limits{HandshakeTimeout: time.Hour}})
	dialRaw(t, s) // it sends nothing
	<-l.setting
	s.Shutdown(exit("maintenance"))
	stop()
}

func TestHandlersAreInterruptedAfterAWhile(t *testing.T) {
	entered := make(chan bool)
	s, stop := start(t, methods{"hang": {rpc, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
		entered <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}}, "echo": echo}, control.Options{})
	r := dialRaw(t, s).authenticate()
	r.put(callText("hang", "[]"))
	<-entered
	waiting := dialRaw(t, s).authenticate()
	waiting.put(callText("echo", "[]"))
	s.Shutdown(exit("maintenance"))
	r.want(exitFrame)
	waiting.want(exitFrame)
	stop()
}

func TestServeEndsWithItsContext(t *testing.T) {
	s, err := control.NewServer(methods{}, control.Options{})
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithCancel(ctx)
	served := make(chan error)
	go func() { served <- s.Serve(limited) }()
	c := newClient(t, s, "")
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := call(c, "echo"); !errors.Is(err, exceptions.Exit) {
		t.Errorf("got %v, want Exit", err)
	}
	if _, err := call(c, "echo"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}
