package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

// keeping runs a service that does what script says after the handshake, for a client
// that keeps its connection.
func keeping(t *testing.T, script func(r *raw)) *control.Client {
	t.Helper()
	address := stranger(t, func(r *raw) {
		r.handshake()
		script(r)
	})
	c := control.NewClient(control.ClientOptions{Address: address, Timeout: late, Keep: true})
	t.Cleanup(func() { c.Close() })
	return c
}

func (r *raw) handshake() {
	r.put("#CHALLENGE#salt")
	r.get()
	r.put(`{"authenticated": true}`)
}

// giveUp makes a call and ends it when it was sent, before its answer.
func giveUp(t *testing.T, c *control.Client, method string, sent <-chan bool) {
	t.Helper()
	limited, cancel := context.WithCancel(ctx)
	go func() {
		<-sent
		cancel()
	}()
	if _, err := c.Call(limited, method, nil, nil, connection.Forever); !errors.Is(err, context.Canceled) {
		t.Errorf("%s: got %v", method, err)
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	sent := make(chan bool)
	c := keeping(t, func(r *raw) {
		for _, method := range []string{"a", "b", "c"} {
			r.want(callText(method, "[]"))
			sent <- true
		}
		r.want(callText("d", "[]"))
		r.put(`{"result": "a"}`)
		r.put(`{"exception": {"type": "Busy", "message": "b"}}`)
		r.Write([]byte{0, 0}) // of the length of the next frame
		sent <- true
		r.Write([]byte("\x00\x0f" + `{"result": "c"}`))
		r.put(`{"result": "d"}`)
		r.want(callText("e", "[]"))
		r.put(`{"exception": {"type": "Busy", "message": "e"}}`)
		r.get()
	})
	for _, method := range []string{"a", "b"} {
		giveUp(t, c, method, sent)
	}
	go func() { <-sent }()
	if _, err := c.Call(ctx, "c", nil, nil, 20*time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) ||
		!strings.Contains(err.Error(), "has not answered 2 earlier calls") {
		t.Errorf("got %v, want ConnectionTimeout and why", err)
	}
	go func() { <-sent }()
	if got, err := call(c, "d"); got != `"d"` || err != nil {
		t.Errorf("got %s, %v; want the answer of the call itself", got, err)
	}
	if _, err := call(c, "e"); err == nil || err.Error() != "e" {
		t.Errorf("got %v, want the error of the call itself", err)
	}
}

// A call that ends before it was sent leaves the connection as it was.
func TestCallsThatWereNotSent(t *testing.T) {
	c := keeping(t, func(r *raw) {
		for _, method := range []string{"a", "b", "c"} {
			r.want(callText(method, "[]"))
		}
		for _, result := range []string{"1", "2", "3"} {
			r.put(`{"result": ` + result + `}`)
		}
		r.get()
	})
	ended, cancel := context.WithCancel(ctx)
	cancel()
	unsent := func() {
		t.Helper()
		if _, err := c.Call(ended, "unsent", nil, nil, connection.Forever); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was cancelled", err)
		}
		if err := c.Async(ended, "unsent", nil, nil, connection.Forever); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that it was cancelled", err)
		}
	}
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	unsent()
	first := begin(t, c, "a")
	unsent()
	second, third := begin(t, c, "b"), begin(t, c, "c")
	wantResult(t, first, "1")
	wantResult(t, second, "2")
	wantResult(t, third, "3")
}

func TestFutureThatWasGivenUpCanBeAskedAgain(t *testing.T) {
	answer := make(chan bool)
	c := keeping(t, func(r *raw) {
		r.get()
		r.get()
		<-answer
		r.put(`{"result": 1}`)
		r.put(`{"result": 2}`)
		r.get()
	})
	first, second := begin(t, c, "a"), begin(t, c, "b")
	if _, err := first.Wait(ctx, time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
	if _, err := second.Wait(ctx, time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
	close(answer)
	wantResult(t, second, "2")
	wantResult(t, first, "1")
}

// restarting is a service that can be stopped, and started again on the same port.
type restarting struct {
	t       *testing.T
	address connection.Address
	clients chan *raw
	listens net.Listener
}

func (s *restarting) start() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.address.String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.listens, s.address = l, connection.AddressOf(l.Addr())
	s.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r := newRaw(s.t, conn)
			r.handshake()
			s.clients <- r
		}
	}()
}

func TestReconnects(t *testing.T) {
	s := &restarting{t: t, address: connection.Address{Host: "127.0.0.1"}, clients: make(chan *raw, 9)}
	s.start()
	changes := make(chan bool, 99)
	c := control.NewClient(control.ClientOptions{
		Address: s.address, Timeout: late, Keep: true, Reconnect: true, Changed: func() { changes <- true },
	})
	t.Cleanup(func() { c.Close() })
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	wantConnections(t, c, true, 1)

	// Nobody calls when it ends.
	<-changes
	s.listens.Close()
	(<-s.clients).Close()
	<-changes
	wantConnections(t, c, false, 1)
	if _, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionRefused) {
		t.Errorf("got %v, want ConnectionRefused", err)
	}
	s.start()
	for _, method := range []string{"first", "second"} {
		answered := make(chan error, 1)
		go func() {
			got, err := call(c, method)
			if err == nil && got != `"x"` {
				err = fmt.Errorf("got %s", got)
			}
			answered <- err
		}()
		r := <-s.clients
		r.want(callText(method, "[]"))
		r.put(`{"result": "x"}`)
		if err := <-answered; err != nil {
			t.Error(err)
		}

		// Now with a call under way, behind one that was given up.
		sent := make(chan bool)
		go func() {
			r.want(callText("given_up", "[]"))
			sent <- true
		}()
		giveUp(t, c, "given_up", sent)
		go func() {
			_, err := call(c, "lost")
			answered <- err
		}()
		r.want(callText("lost", "[]"))
		r.Close()
		if err := <-answered; !errors.Is(err, exceptions.ConnectionClosed) || !strings.Contains(err.Error(), "was not repeated") {
			t.Errorf("got %v, want ConnectionClosed, and that it was not repeated", err)
		}
	}
	wantConnections(t, c, false, 3)
	c.Close()
	if _, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed: it was closed", err)
	}
}

func wantConnections(t *testing.T, c *control.Client, want bool, made uint64) {
	t.Helper()
	if is, n := c.Connections(); is != want || n != made {
		t.Errorf("wanted %v, %d; got %v, %d", want, made, is, n)
	}
}

// TestServiceThatClosesAtOnce has connections that are lost before, while and after a call
// is sent on them.
func TestServiceThatClosesAtOnce(t *testing.T) {
	s := &restarting{t: t, address: connection.Address{Host: "127.0.0.1"}, clients: make(chan *raw)}
	s.start()
	over := make(chan bool)
	t.Cleanup(func() { close(over) })
	go func() {
		for {
			select {
			case r := <-s.clients:
				r.Close()
			case <-over:
				return
			}
		}
	}()
	c := control.NewClient(control.ClientOptions{Address: s.address, Timeout: late, Keep: true, Reconnect: true})
	t.Cleanup(func() { c.Close() })
	for range 200 {
		if _, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionClosed) && !errors.Is(err, exceptions.ConnectionRefused) {
			t.Fatalf("got %v, want ConnectionClosed", err)
		}
	}
}
