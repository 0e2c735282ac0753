package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

func TestFrameCutAtEveryByte(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	payload := callText("echo", `["x"]`)
	frame := append([]byte{0, 0, 0, byte(len(payload))}, payload...)
	r := dialRaw(t, s).authenticate()
	for cut := range frame {
		r.Write(frame[:cut])
		other := newClient(t, s, "")
		if cut%16 == 0 { // half a frame does not keep others from being served
			if _, err := call(other, "echo", 1); err != nil {
				t.Fatal(err)
			}
		}
		other.Close()
		r.Write(frame[cut:])
		r.want(`{"result": "x"}`)
	}
}

func TestLongFrames(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Limits: control.Limits{MaxFrame: 1 << 20}})
	c := newClient(t, s, "")
	for _, size := range []int{0, 1, 1000, 100_000, 1_000_000} {
		text := strings.Repeat("x", size)
		if got, err := call(c, "echo", text); err != nil || got != `"`+text+`"` {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
	if _, err := call(c, "echo", strings.Repeat("x", 2<<20)); !errors.Is(err, exceptions.OverflowError) {
		t.Errorf("frame over the limit: got %v", err)
	}
	if _, err := call(c, "echo", 1); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("after an overflow: got %v", err)
	}
}

func TestCallsAreServedOneAtATimeUnlessConcurrent(t *testing.T) {
	const callers = 8
	allUnderWay := make(chan struct{})
	begin := sync.OnceFunc(func() { close(allUnderWay) })
	defer begin()
	var inside, overlaps atomic.Int32
	body := func(context.Context, *control.Conn, *control.Call) (any, error) {
		if inside.Add(1) > 1 {
			overlaps.Add(1)
		}
		defer inside.Add(-1)
		<-allUnderWay
		return nil, nil
	}
	var met sync.WaitGroup
	met.Add(callers)
	s, _ := start(t, methods{
		"serial": {rpc, body},
		"meet": {control.Method{RPC: true, Concurrent: true}, func(context.Context, *control.Conn, *control.Call) (any, error) {
			met.Done()
			met.Wait()
			return nil, nil
		}},
	}, control.Options{})
	var clients sync.WaitGroup
	for range callers {
		c := newClient(t, s, "")
		clients.Go(func() {
			for range 5 {
				if _, err := call(c, "serial"); err != nil {
					t.Error(err)
				}
			}
			if _, err := call(c, "meet"); err != nil {
				t.Error(err)
			}
		})
	}
	poll.Until(t, "all calls are under way", func() bool { return s.UnderWay() == callers })
	begin()
	clients.Wait()
	if n := overlaps.Load(); n > 0 {
		t.Errorf("%d serialised calls overlapped", n)
	}
}

// events records the callbacks of a service.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, fmt.Sprintf(format, args...))
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.all, ", ")
}

func (e *events) callbacks() control.Callbacks {
	note := func(what string) func(context.Context, *control.Conn) error {
		return func(_ context.Context, c *control.Conn) error {
			e.add("%s %d %q", what, c.ID(), c.Identity().Key)
			return nil
		}
	}
	return control.Callbacks{NewConnection: note("new"), LostConnection: note("lost")}
}

func TestConnectionsComeAndGo(t *testing.T) {
	var e events
	s, stop := start(t, methods{"echo": echo}, control.Options{Authkey: "k", Callbacks: e.callbacks()})
	leaves := newClient(t, s, "k")
	call(leaves, "echo", 1)
	leaves.Close()
	poll.Until(t, "the first is lost", func() bool { return e.String() == `new 1 "k", lost 1 "k"` })

	newClient(t, s, "wrong").Connect(ctx)
	stays := newClient(t, s, "k")
	call(stays, "echo", 1)
	stop()
	if got, want := e.String(), `new 1 "k", lost 1 "k", new 3 "k", lost 3 "k"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewClientWhileAMethodIsStuck(t *testing.T) {
	var e events
	stuck := make(chan bool)
	callbacks := e.callbacks()
	var s *control.Server
	announce := callbacks.NewConnection
	callbacks.NewConnection = func(ctx context.Context, c *control.Conn) error {
		if c.ID() == 3 {
			s.RemoveConnection(c)
		}
		return announce(ctx, c)
	}
	s, _ = start(t, methods{
		"stuck": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
			stuck <- true
			<-stuck
			return nil, nil
		}},
		"note": {control.Method{RPC: true, Concurrent: true}, func(_ context.Context, c *control.Conn, _ *control.Call) (any, error) {
			e.add("call of %d", c.ID())
			return nil, nil
		}},
	}, control.Options{Callbacks: callbacks})
	dialRaw(t, s).authenticate().put(callText("stuck", "[]"))
	<-stuck
	fresh := newClient(t, s, "")
	if _, err := call(fresh, "$statistics"); err != nil {
		t.Errorf("a method of the service itself: %v", err)
	}
	p := begin(t, fresh, "note")
	unwanted := dialRaw(t, s).authenticate()
	unwanted.put(callText("note", "[]"))
	stuck <- true
	wantResult(t, p, "null")
	unwanted.want("<closed>")
	poll.Until(t, "the unwanted client is lost", func() bool { return strings.Contains(e.String(), `lost 3 ""`) })
	got := e.String()
	if strings.Index(got, `new 2 ""`) > strings.Index(got, "call of 2") || strings.Contains(got, "call of 3") {
		t.Errorf("got %s", got)
	}
}

func TestClientDiesInMidCall(t *testing.T) {
	var e events
	entered, leave := make(chan bool), make(chan bool)
	s, _ := start(t, methods{"echo": echo, "wait": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		entered <- true
		<-leave
		return strings.Repeat("x", 1<<20), nil
	}}}, control.Options{Callbacks: e.callbacks()})
	r := dialRaw(t, s).authenticate()
	r.put(callText("wait", "[]"))
	<-entered
	r.Conn.(*net.TCPConn).SetLinger(0)
	r.Close()
	leave <- true
	poll.Until(t, "it is lost", func() bool { return strings.HasSuffix(e.String(), `lost 1 ""`) })
	if got, err := call(newClient(t, s, ""), "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestIdleWhenNothingHappens(t *testing.T) {
	const interval = 40 * time.Millisecond
	var idles atomic.Int32
	s, _ := start(t, methods{"echo": echo}, control.Options{Interval: interval, Callbacks: control.Callbacks{
		Idle: func(context.Context) error { idles.Add(1); return nil }}})
	poll.Until(t, "it was idle twice", func() bool { return idles.Load() >= 2 })
	c := newClient(t, s, "")
	call(c, "echo", 0)
	// A loaded machine may pause between two calls for so long that idle is called
	// correctly: these pauses are counted.
	before, pauses, last := idles.Load(), int32(0), time.Now()
	for end := time.Now().Add(8 * interval); time.Now().Before(end); last = time.Now() {
		if _, err := call(c, "echo", 1); err != nil {
			t.Fatal(err)
		}
		if time.Since(last) > interval/2 {
			pauses++
		}
	}
	if got := idles.Load() - before; got > pauses {
		t.Errorf("it was idle %d times while it was being called", got)
	}
	before = idles.Load()
	poll.Until(t, "it is idle again", func() bool { return idles.Load() > before })
}

func TestStopListening(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := newClient(t, s, "")
	call(c, "echo", 1)
	s.StopListening()
	if err := newClient(t, s, "").Connect(ctx); !errors.Is(err, exceptions.ConnectionRefused) {
		t.Errorf("new client: got %v", err)
	}
	if got, err := call(c, "echo", 2); got != "2" || err != nil {
		t.Errorf("old client: got %s, %v", got, err)
	}
}

func TestListenerIsHandedIn(t *testing.T) {
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := sock.Listener()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, methods{"echo": echo}, control.Options{Address: connection.Address{Port: port}, Listener: l})
	if got, err := call(newClient(t, s, ""), "echo", 1); got != "1" || err != nil || s.Address().Port != port {
		t.Errorf("got %s, %v on port %d", got, err, s.Address().Port)
	}
}

func TestListenerIsClosedWhenThereIsNoService(t *testing.T) {
	empty := ""
	for name, options := range map[string]control.Options{
		"another port": {Address: connection.Address{Port: 1}},
		"empty key":    {AltKeys: map[string]*string{"admin": &empty}},
	} {
		options.Listener = localListener(t)
		if _, err := control.NewServer(methods{}, options); err == nil {
			t.Errorf("%s: a service was made", name)
		}
		if conn, err := net.Dial("tcp", options.Listener.Addr().String()); err == nil {
			conn.Close()
			t.Errorf("%s: clients still find somebody who listens", name)
		}
	}
}

func TestPortIsTaken(t *testing.T) {
	s, _ := start(t, methods{}, control.Options{})
	port := s.Address().Port
	_, err := control.NewServer(methods{}, control.Options{Address: connection.Address{Port: port}})
	if want := fmt.Sprintf("listen on port %d: address already in use", port); !errors.Is(err, syscall.EADDRINUSE) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func localListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// failingListener cannot accept the first connections.
type failingListener struct {
	net.Listener
	failures []syscall.Errno
}

func (l *failingListener) Accept() (net.Conn, error) {
	if len(l.failures) > 0 {
		errno := l.failures[0]
		l.failures = l.failures[1:]
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", errno)}
	}
	return l.Listener.Accept()
}

func TestAcceptGoesOnAfterErrorsThatPass(t *testing.T) {
	failures := []syscall.Errno{syscall.EMFILE, syscall.EPROTO, syscall.EHOSTUNREACH}
	s, _ := start(t, methods{"echo": echo}, control.Options{Listener: &failingListener{localListener(t), failures}})
	if got, err := call(newClient(t, s, ""), "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPanicIsTheErrorOfOneCall(t *testing.T) {
	var log events
	panics := func() { panic("a bug") }
	s, _ := start(t, methods{
		"echo": echo,
		"panics": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
			panics()
			return nil, nil
		}},
	}, control.Options{
		Log: func(message string) { log.add("%s", message) },
		Callbacks: control.Callbacks{NewConnection: func(context.Context, *control.Conn) error {
			panics()
			return nil
		}},
	})
	c := newClient(t, s, "")
	_, err := call(c, "panics")
	var e *exceptions.Error
	if !errors.As(err, &e) || e.Class != exceptions.Exception || e.Message != "internal error: a bug" {
		t.Errorf("got %#v", err)
	}
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("after the panic: got %s, %v", got, err)
	}
	for _, want := range []string{"error in the callback new_connection: internal error: a bug\n", "panics: internal error: a bug\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, &log)
		}
	}
	if n := strings.Count(log.String(), "TestPanicIsTheErrorOfOneCall"); n < 2 {
		t.Errorf("the log lacks the stacks: %s", &log)
	}
}

// A listener from outside may listen on more interfaces than the service should.
func TestListenerIsWiderThanTheAddress(t *testing.T) {
	elsewhere := foreignAddress(t)
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := sock.Listener()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, methods{"echo": echo}, control.Options{Address: connection.Address{Host: "127.0.0.1", Port: port}, Listener: l})
	if got, err := call(newClient(t, s, ""), "echo", 1); got != "1" || err != nil {
		t.Errorf("on this host: got %s, %v", got, err)
	}
	c := control.NewClient(control.ClientOptions{Address: connection.Address{Host: elsewhere, Port: port}, Timeout: late})
	defer c.Close()
	if got, err := call(c, "echo", 1); err == nil {
		t.Errorf("at %s: got %s, want that the connection is closed", elsewhere, got)
	}
}

// foreignAddress is an address of this host that other hosts can reach.
func foreignAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			return ip.IP.String()
		}
	}
	t.Skip("this host has no address but those of the loopback")
	return ""
}
