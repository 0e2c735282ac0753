package connection_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

func wantClosed(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("got %v, want ConnectionClosed", err)
		}
	case <-time.After(late):
		t.Error("the wait goes on after Close")
	}
}

// begun waits until the goroutine of a wait is likely to be in it; if it isn't,
// the test passes for another reason.
func begun() { time.Sleep(20 * time.Millisecond) }

func TestCloseEndsPoll(t *testing.T) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := connection.NewBlockingConnection(connection.AddressOf(l.Addr()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(context.Background(), connection.Forever, false); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Poll(context.Background(), connection.PollIn, connection.Forever)
		ended <- err
	}()
	begun()
	c.Close()
	wantClosed(t, ended)
	peer.SetReadDeadline(time.Now().Add(late))
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the peer got %v, want EOF", err)
	}
}

func TestCloseEndsConnect(t *testing.T) {
	socket, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, false)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close() // bound, but nobody listens
	c, err := connection.NewBlockingConnection(connection.Address{Port: port}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Connect(context.Background(), connection.Forever, true) }()
	begun()
	c.Close()
	wantClosed(t, ended)
}
