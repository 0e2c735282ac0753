package connection_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/internal/goroutines"
)

const (
	soon = 30 * time.Millisecond
	late = time.Minute
)

var ctx = context.Background()

// pair returns the two ends of a connection: ours, and the peer's as a net.Conn.
func pair(t *testing.T) (*connection.BlockingConnection, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := connection.NewBlockingConnection(connection.AddressOf(l.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(ctx, late, false); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); peer.Close() })
	return c, peer.(*net.TCPConn)
}

func wantClass(t *testing.T, err error, class *exceptions.Class, message string) {
	t.Helper()
	if !errors.Is(err, class) || err.Error() != message {
		t.Errorf("got %T %v, want %s: %s", err, err, class.Name, message)
	}
}

func TestGetKeepsPartialFrame(t *testing.T) {
	c, peer := pair(t)
	stream := framed("hello")
	for i := range stream {
		if _, err := c.Get(ctx, 0); !errors.Is(err, exceptions.ConnectionTimeout) {
			t.Fatalf("after %d bytes: got %v", i, err)
		}
		peer.Write(stream[i : i+1])
	}
	if got, err := c.Get(ctx, late); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestGetTakesNothingBeyondItsFrame(t *testing.T) {
	c, peer := pair(t)
	peer.Write(framed("one", "two"))
	if got, err := c.Get(ctx, late); err != nil || string(got) != "one" {
		t.Fatalf("got %q, %v", got, err)
	}
	events, err := c.Poll(ctx, connection.PollIn, late)
	if err != nil || len(events) != 1 || events[0].Events&connection.PollIn == 0 {
		t.Errorf("the second frame is not in the socket: %v, %v", events, err)
	}
}

func TestPutKeepsTheRest(t *testing.T) {
	for _, retry := range []bool{true, false} {
		c, peer := pair(t)
		large := bytes.Repeat([]byte("x"), 16<<20)
		wantClass(t, c.Put(ctx, large, soon), exceptions.ConnectionTimeout, "timed out")
		got := make(chan []int)
		go func() {
			var sizes []int
			r := connection.NewFrameReader(peer, 32<<20)
			for {
				frame, err := r.Next()
				if err != nil {
					got <- sizes
					return
				}
				sizes = append(sizes, len(frame))
			}
		}()
		want := []int{len(large), len("next")}
		if retry {
			if err := c.Put(ctx, large, late); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Put(ctx, []byte("next"), late); err != nil {
			t.Fatal(err)
		}
		c.Close()
		if sizes := <-got; len(sizes) != 2 || sizes[0] != want[0] || sizes[1] != want[1] {
			t.Errorf("retry %v: the peer got frames of %v bytes, want %v", retry, sizes, want)
		}
	}
}

func TestErrors(t *testing.T) {
	c, peer := pair(t)
	_, err := c.Get(ctx, soon)
	wantClass(t, err, exceptions.ConnectionTimeout, "timed out")
	_, err = c.Read(ctx, 1, 0)
	wantClass(t, err, exceptions.ConnectionTimeout, "timed out")
	peer.Close()
	_, err = c.Get(ctx, late)
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed")

	c, peer = pair(t)
	peer.SetLinger(0)
	peer.Close()
	_, err = c.Get(ctx, connection.Forever)
	wantClass(t, err, exceptions.ConnectionReset, "connection reset")
	c.Close()
	wantClass(t, c.Put(ctx, nil, late), exceptions.ConnectionClosed, "connection closed")

	c, peer = pair(t)
	c.SetMaxFrame(3)
	peer.Write(framed("four"))
	if _, err = c.Get(ctx, late); !errors.Is(err, exceptions.OverflowError) {
		t.Errorf("frame over the limit: got %v", err)
	}
}

func TestWaitsCanBeCancelled(t *testing.T) {
	c, peer := pair(t)
	limited, cancel := context.WithCancelCause(ctx)
	reason := errors.New("interrupted")
	goroutines.WhenBlocked(t, "connection.(*BlockingConnection).Get", func() { cancel(reason) })
	if _, err := c.Get(limited, connection.Forever); !errors.Is(err, reason) {
		t.Errorf("got %v, want the reason of the context", err)
	}
	peer.Write(framed("still usable"))
	if got, err := c.Get(ctx, connection.Forever); err != nil || string(got) != "still usable" {
		t.Errorf("got %q, %v", got, err)
	}
	goroutines.WhenBlocked(t, "connection.(*BlockingConnection).Get", func() { c.Close() })
	_, err := c.Get(ctx, connection.Forever)
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed")
}

func TestConnectRefusedAndOptimist(t *testing.T) {
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, false)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := connection.NewBlockingConnection(connection.Address{Port: port}, nil)
	defer c.Close()
	wantClass(t, c.Connect(ctx, late, false), exceptions.ConnectionRefused, fmt.Sprintf("cannot connect to 127.0.0.1:%d: connection refused", port))
	wantClass(t, c.Connect(ctx, soon, true), exceptions.ConnectionTimeout,
		fmt.Sprintf("cannot connect to 127.0.0.1:%d: timed out; the last attempt failed: connection refused", port))

	server, err := connection.NewBlockingConnection(connection.Address{Port: port}, sock)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	goroutines.WhenBlocked(t, "connection.(*BlockingConnection).Connect", func() { server.Listen() })
	if err := c.Connect(ctx, late, true); err != nil {
		t.Fatal(err)
	}
	peer, err := server.Accept(ctx, late)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if err := peer.Put(ctx, []byte("welcome"), late); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(ctx, late); err != nil || string(got) != "welcome" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAcceptTimesOut(t *testing.T) {
	c, _ := connection.NewBlockingConnection(connection.Address{}, nil)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Address().Port == 0 {
		t.Error("the port is not known after Listen")
	}
	_, err := c.Accept(ctx, soon)
	wantClass(t, err, exceptions.ConnectionTimeout, "timed out")
}

func TestPoll(t *testing.T) {
	c, peer := pair(t)
	fd, err := c.Fileno()
	if err != nil {
		t.Fatal(err)
	}
	both := connection.PollIn | connection.PollOut
	for _, step := range []struct {
		name       string
		mask, want int
		do         func()
	}{
		{"nothing to read", connection.PollIn, 0, func() {}},
		{"room to write", both, connection.PollOut, func() {}},
		{"data", both, both, func() { peer.Write([]byte("x")); awaitReadable(t, c) }},
		{"end", connection.PollIn, connection.PollIn, func() { c.Read(ctx, 1, late); peer.CloseWrite(); awaitReadable(t, c) }},
	} {
		step.do()
		events, err := c.Poll(ctx, step.mask, soon)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if len(events) > 0 {
			got = events[0].Events
			if events[0].Fd != fd {
				t.Errorf("%s: got descriptor %d, want %d", step.name, events[0].Fd, fd)
			}
		}
		if got != step.want {
			t.Errorf("%s: got events %#x, want %#x", step.name, got, step.want)
		}
	}
}

func awaitReadable(t *testing.T, c *connection.BlockingConnection) {
	t.Helper()
	if events, err := c.Poll(ctx, connection.PollIn, late); err != nil || events == nil {
		t.Fatalf("nothing came: %v", err)
	}
}

// If it cannot be written to, it waits for reading and writing at the same time.
func TestPollBothDirections(t *testing.T) {
	c, peer := pair(t)
	for c.Put(ctx, make([]byte, 1<<20), soon) == nil {
	}
	both := connection.PollIn | connection.PollOut
	if events, err := c.Poll(ctx, both, soon); err != nil || events != nil {
		t.Fatalf("full socket: got %v, %v", events, err)
	}
	go io.Copy(io.Discard, peer)
	if events, err := c.Poll(ctx, both, late); err != nil || len(events) != 1 || events[0].Events != connection.PollOut {
		t.Errorf("emptied socket: got %v, %v", events, err)
	}
	c.Close()
}

func TestWriteAndRead(t *testing.T) {
	c, peer := pair(t)
	if err := c.Write(ctx, []byte("raw"), late); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(peer, got); err != nil || string(got) != "raw" {
		t.Fatalf("the peer got %q, %v", got, err)
	}
	peer.Write([]byte("ab"))
	if _, err := c.Read(ctx, 3, soon); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Fatalf("got %v", err)
	}
	peer.Write([]byte("c"))
	if got, err := c.Read(ctx, 3, late); err != nil || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
}
