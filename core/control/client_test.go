package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/goroutines"
)

// stranger listens and runs script on the first connection.
func stranger(t *testing.T, script func(r *raw)) connection.Address {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		script(newRaw(t, conn))
	}()
	return connection.AddressOf(l.Addr())
}

// scripted runs a service that runs script after the handshake.
func scripted(t *testing.T, script func(r *raw)) *control.Client {
	t.Helper()
	address := stranger(t, func(r *raw) {
		r.put("#CHALLENGE#salt")
		r.get()
		r.put(`{"authenticated": true}`)
		script(r)
	})
	c := control.NewClient(control.ClientOptions{Address: address, Timeout: late})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTimeoutPoisons(t *testing.T) {
	timedOut := make(chan struct{})
	c := scripted(t, func(r *raw) {
		r.get()
		<-timedOut
		connection.WriteFrame(r.Conn, []byte(`{"result": "late"}`))
		r.get()
	})
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(ctx, "slow", nil, nil, 20*time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
	close(timedOut)
	result, err := c.Call(ctx, "next", nil, nil, late)
	if !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %s, %v; want ConnectionClosed", result, err)
	}
}

func TestUnexpectedFramesAreNoAnswers(t *testing.T) {
	for _, frame := range []string{"garbage", "{}", "[]", `{"exception": 5}`, ""} {
		c := scripted(t, func(r *raw) {
			r.get()
			r.put(frame)
			r.get()
		})
		if _, err := call(c, "x"); err == nil {
			t.Errorf("%q was taken for an answer", frame)
		}
		if _, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("after %q: got %v, want ConnectionClosed", frame, err)
		}
	}
}

func TestSecondAnswerIsNotTheNextCalls(t *testing.T) {
	second := make(chan bool)
	c := scripted(t, func(r *raw) {
		r.get()
		r.put(`{"result": 1}`)
		r.put(`{"result": 2}`)
		second <- true
		r.get()
	})
	if got, err := call(c, "x"); got != "1" || err != nil {
		t.Fatalf("got %s, %v", got, err)
	}
	<-second
	if got, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %s, %v; want ConnectionClosed", got, err)
	}
}

func TestServiceIsKilledInMidCall(t *testing.T) {
	c := scripted(t, func(r *raw) {
		r.get()
		r.Write([]byte{0, 0, 0, 20, '{'})
		r.Conn.(*net.TCPConn).SetLinger(0)
	})
	if _, err := c.Call(ctx, "x", nil, nil, connection.Forever); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestAnotherProtocolIsNoService(t *testing.T) {
	for _, opening := range []string{"SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"} {
		address := stranger(t, func(r *raw) {
			r.Write([]byte(opening))
			r.get()
		})
		c := control.NewClient(control.ClientOptions{Address: address})
		failed := make(chan error)
		go func() { failed <- c.Connect(ctx) }()
		select {
		case err := <-failed:
			if !errors.Is(err, exceptions.AuthError) || !strings.Contains(err.Error(), "is not an AVE service") {
				t.Errorf("%q: got %v", opening, err)
			}
		case <-time.After(late):
			t.Errorf("%q: the client waits for a message as long as that", opening)
		}
		c.Close()
	}
}

func TestCloseEndsConnecting(t *testing.T) {
	arrived := make(chan bool)
	address := stranger(t, func(r *raw) {
		arrived <- true
		r.get()
	})
	c := control.NewClient(control.ClientOptions{Address: address})
	failed := make(chan error)
	go func() { failed <- c.Connect(ctx) }()
	<-arrived
	c.Close()
	select {
	case err := <-failed:
		if !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("got %v, want ConnectionClosed", err)
		}
	case <-time.After(late):
		t.Error("it goes on waiting for a challenge")
	}
}

func TestNullIsNoException(t *testing.T) {
	c := scripted(t, func(r *raw) {
		r.get()
		r.put(`{"result": 42, "exception": null}`)
		r.get()
		r.put(`{"exception": null}`)
		r.get()
	})
	if got, err := call(c, "x"); got != "42" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := call(c, "x"); err == nil {
		t.Errorf("got %s from an answer without a result", got)
	}
}

func TestCallIsCancelled(t *testing.T) {
	c := scripted(t, func(r *raw) { r.get(); r.get() })
	limited, cancel := context.WithCancel(ctx)
	goroutines.WhenBlocked(t, "control.(*Client).exchange", cancel)
	if _, err := c.Call(limited, "x", nil, nil, connection.Forever); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestExceptionsKeepEverything(t *testing.T) {
	c := scripted(t, func(r *raw) {
		r.get()
		r.put(`{"exception": {"type": "Flocked", "message": "m", "code": 9007199254740993, "trace": [["a.py", 3, "f", "x()"]]}}`)
		r.get()
	})
	_, err := call(c, "x")
	var e *exceptions.Error
	if !errors.As(err, &e) || !errors.Is(e, exceptions.AveException) || e.Class.Name != "Flocked" || len(e.Trace) != 1 {
		t.Fatalf("got %#v", err)
	}
	data, _ := e.MarshalJSON()
	wantSame(t, 0, string(data), `{"type": "Flocked", "message": "m", "code": 9007199254740993, "trace": [["a.py", 3, "f", "x()"]]}`)
}

func TestConnectsLateAndTriesAgain(t *testing.T) {
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, false)
	if err != nil {
		t.Fatal(err)
	}
	options := control.ClientOptions{Address: connection.Address{Port: port}, Timeout: late}
	c := control.NewClient(options)
	defer c.Close()
	if _, err := call(c, "echo", 1); !errors.Is(err, exceptions.ConnectionRefused) {
		t.Errorf("got %v, want ConnectionRefused", err)
	}
	options.Optimist = true
	optimist := control.NewClient(options)
	defer optimist.Close()
	began := time.Now()
	err = optimist.Async(ctx, "echo", nil, nil, connection.Forever)
	if took := time.Since(began); !errors.Is(err, exceptions.ConnectionTimeout) || took > late/2 {
		t.Errorf("asynchronous call: got %v after %v", err, took)
	}
	listening := make(chan struct{})
	goroutines.WhenBlocked(t, "connection.(*BlockingConnection).Connect", func() {
		defer close(listening)
		l, err := sock.Listener()
		if err != nil {
			t.Error(err)
			return
		}
		start(t, methods{"echo": echo}, control.Options{Listener: l})
	})
	if got, err := call(optimist, "echo", 1); got != "1" || err != nil {
		t.Errorf("optimist: got %s, %v", got, err)
	}
	<-listening
	if got, err := call(c, "echo", 2); got != "2" || err != nil {
		t.Errorf("second attempt: got %s, %v", got, err)
	}
}

func TestClientOfAConnection(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Authkey: "k"})
	c := control.NewClient(control.ClientOptions{Conn: dialRaw(t, s).Conn, Authkey: "k"})
	defer c.Close()
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestKeylessClientLearnsWhyItWasDropped(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{Authkey: "k"})
	_, err := call(newClient(t, s, ""), "echo", 1)
	if !errors.Is(err, exceptions.ConnectionClosed) || !strings.HasSuffix(err.Error(), ": connection closed; the service may require a key") {
		t.Errorf("got %v", err)
	}
	if _, err := call(newClient(t, s, "x"), "echo", 1); !errors.Is(err, exceptions.AuthError) {
		t.Errorf("got %v, want an AuthError", err)
	}
}

func TestGoroutinesShareAClient(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := newClient(t, s, "")
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			for range 20 {
				got, err := call(c, "echo", i)
				if want := fmt.Sprint(i); got != want || err != nil {
					t.Errorf("got %s, %v; want %s", got, err, want)
				}
			}
		})
	}
	callers.Wait()
}

// Services of the earlier system may send errors of their own connections.
func TestErrorOfTheServicesConnectionIsNotTheClients(t *testing.T) {
	c := scripted(t, func(r *raw) {
		for range 2 {
			r.get()
			r.put(`{"exception": {"type": "ConnectionClosed", "message": "connection closed", "trace": [["f", 1, "g", "h"]]}}`)
		}
		r.get()
	})
	for range 2 {
		_, err := call(c, "x")
		var e *exceptions.Error
		if !errors.As(err, &e) || e.Class != exceptions.AveException || !e.Foreign || len(e.Trace) != 1 {
			t.Fatalf("got %#v", err)
		}
		if want := "a connection of the service failed: ConnectionClosed: connection closed"; e.Message != want {
			t.Errorf("got %s, want %s", e.Message, want)
		}
	}
}
