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
	"avescript/internal/goroutines"
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
	goroutines.AwaitBlocked(t, "connection.(*BlockingConnection).Poll")
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
	goroutines.AwaitBlocked(t, "connection.(*BlockingConnection).Connect")
	c.Close()
	wantClosed(t, ended)
}

func TestCloseEndsLookup(t *testing.T) {
	asked := make(chan bool, 10)
	system := net.DefaultResolver
	defer func() { net.DefaultResolver = system }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		asked <- true
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	c, err := connection.NewConnection(connection.Address{Host: "slow.example.com.", Port: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Connect(context.Background()) }()
	<-asked
	c.Close()
	wantClosed(t, ended)
}

func TestDetachConn(t *testing.T) {
	c, peer := pair(t)
	frame := framed("whole")
	peer.Write(frame[:6])
	_, err := c.Get(ctx, soon)
	wantClass(t, err, exceptions.ConnectionTimeout, "timed out")
	conn, unread, err := c.DetachConn()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = c.Get(ctx, late)
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed")
	peer.Write(frame[6:])
	got, err := connection.WrapRead(conn, unread).Get(ctx, connection.Forever)
	if string(got) != "whole" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	_, _, err = c.DetachConn()
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed")
}

func TestAddressOfPeerThatHasGone(t *testing.T) {
	if got := connection.AddressOf(nil); got != (connection.Address{}) {
		t.Errorf("got %v", got)
	}
}
