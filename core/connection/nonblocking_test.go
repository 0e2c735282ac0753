package connection_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

func TestNonBlockingGet(t *testing.T) {
	b, peer := pair(t)
	c := connection.Connection{BlockingConnection: b}
	stream := framed("hello")
	for i := range stream {
		if _, err := c.Get(); !errors.Is(err, exceptions.ConnectionAgain) {
			t.Fatalf("after %d bytes: got %v", i, err)
		}
		peer.Write(stream[i : i+1])
		awaitReadable(t, b)
	}
	if got, err := c.Get(); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := c.Read(1); !errors.Is(err, exceptions.ConnectionAgain) {
		t.Errorf("got %v", err)
	}
	peer.Close()
	awaitReadable(t, b)
	_, err := c.Get()
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed")
}

// What begins in one mode can be continued in the other.
func TestModesShareThePartialFrame(t *testing.T) {
	b, peer := pair(t)
	c := connection.Connection{BlockingConnection: b}
	peer.Write(framed("hello")[:6])
	awaitReadable(t, b)
	if _, err := c.Get(); !errors.Is(err, exceptions.ConnectionAgain) {
		t.Fatalf("got %v", err)
	}
	peer.Write(framed("hello", "next")[6:])
	if got, err := b.Get(ctx, late); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
	if got, err := c.Get(); err != nil || string(got) != "next" {
		t.Fatalf("got %q, %v", got, err)
	}

	large := bytes.Repeat([]byte("x"), 16<<20)
	if err := c.Put(large); !errors.Is(err, exceptions.ConnectionAgain) {
		t.Fatalf("got %v", err)
	}
	received := make(chan []byte)
	go func() { data, _ := io.ReadAll(peer); received <- data }()
	if err := b.Put(ctx, large, late); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if data := <-received; !bytes.Equal(data, framed(string(large))) {
		t.Errorf("the peer got %d bytes, want the frame of %d once", len(data), len(large))
	}
}

const nothingBegun = "wanted data to send, got none: there is no unfinished message to continue"

// Put and Write are continued by the same call or by Resume, repeatedly, and every byte
// is sent once.
func TestNonBlockingSend(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	for name, send := range map[string]struct {
		begin func(connection.Connection) error
		want  []byte
	}{
		"put":   {func(c connection.Connection) error { return c.Put(large) }, framed(string(large))},
		"write": {func(c connection.Connection) error { return c.Write(large) }, large},
	} {
		for mode, again := range map[string]func(connection.Connection) error{
			"same call": send.begin,
			"resume":    connection.Connection.Resume,
		} {
			b, peer := pair(t)
			c := connection.Connection{BlockingConnection: b}
			received := make(chan []byte)
			begun := make(chan struct{})
			go func() { <-begun; data, _ := io.ReadAll(peer); received <- data }()
			err := send.begin(c)
			if !errors.Is(err, exceptions.ConnectionAgain) {
				t.Fatalf("%s: got %v", name, err)
			}
			close(begun)
			for errors.Is(err, exceptions.ConnectionAgain) {
				b.Poll(ctx, connection.PollOut, late)
				err = again(c)
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", name, mode, err)
			}
			wantClass(t, c.Resume(), exceptions.TypeError, nothingBegun)
			b.Close()
			if data := <-received; !bytes.Equal(data, send.want) {
				t.Errorf("%s, %s: the peer got %d bytes, want %d", name, mode, len(data), len(send.want))
			}
		}
	}
}

func TestEmptyWriteLeavesNothing(t *testing.T) {
	b, _ := pair(t)
	if err := b.Write(ctx, nil, late); err != nil {
		t.Fatal(err)
	}
	wantClass(t, b.Resume(ctx, late), exceptions.TypeError, nothingBegun)
	b.Close()
	wantClass(t, b.Resume(ctx, late), exceptions.ConnectionClosed, "connection closed")
}

func TestNonBlockingConnectAndAccept(t *testing.T) {
	listener, _ := connection.NewConnection(connection.Address{}, nil)
	if err := listener.Listen(); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := listener.Accept(); !errors.Is(err, exceptions.ConnectionAgain) {
		t.Errorf("nobody is there: got %v", err)
	}
	c, _ := connection.NewConnection(listener.Address(), nil)
	defer c.Close()
	await(t, func() error { return c.Connect(ctx) }, exceptions.ConnectionInProgress)
	if err := c.Connect(ctx); err != nil {
		t.Errorf("connecting again: %v", err)
	}
	awaitReadable(t, listener.BlockingConnection)
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if err := peer.Put([]byte("welcome")); err != nil {
		t.Fatal(err)
	}
	awaitReadable(t, c.BlockingConnection)
	if got, err := c.Get(); err != nil || string(got) != "welcome" {
		t.Errorf("got %q, %v", got, err)
	}
}

// await calls op until its error changes.
func await(t *testing.T, op func() error, retry *exceptions.Class) {
	t.Helper()
	var err error
	poll.Holds(func() bool {
		err = op()
		return !errors.Is(err, retry)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNonBlockingConnectRefused(t *testing.T) {
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, false)
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	for _, host := range []string{"", "localhost", "127.0.0.1", "::1"} {
		c, _ := connection.NewConnection(connection.Address{Host: host, Port: port}, nil)
		err := c.Connect(ctx)
		for errors.Is(err, exceptions.ConnectionInProgress) {
			err = c.Connect(ctx)
		}
		if !errors.Is(err, exceptions.ConnectionRefused) {
			t.Errorf("%q: got %v", host, err)
		}
		if _, err := c.Fileno(); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("%q: a socket is left: %v", host, err)
		}
	}
}

// A listener whose queue is full makes a peer hang while connecting.
func TestConnectInProgress(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := connection.Address{Host: "127.0.0.1", Port: name.(*unix.SockaddrInet4).Port}
	var c connection.Connection
	for err = nil; err == nil; {
		c, _ = connection.NewConnection(address, nil)
		defer c.Close()
		err = c.Connect(ctx)
	}
	wantClass(t, err, exceptions.ConnectionInProgress, "connection in progress")
	before, err := c.Fileno()
	if err != nil {
		t.Fatal(err)
	}
	if events, err := c.Poll(ctx, connection.PollOut, soon); err != nil || events != nil {
		t.Errorf("a connection in progress can be written: %v, %v", events, err)
	}
	wantClass(t, c.Connect(ctx), exceptions.ConnectionInProgress, "connection in progress")
	if now, _ := c.Fileno(); now != before {
		t.Errorf("the descriptor went from %d to %d", before, now)
	}
	accepted, _, err := unix.Accept(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(accepted)
	if events, err := c.Poll(ctx, connection.PollOut, late); err != nil || events == nil {
		t.Fatalf("got %v, %v", events, err)
	}
	if err := c.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Put([]byte("x")); err != nil {
		t.Error(err)
	}
}

// A descriptor that is given away within a frame is continued there.
func TestDetachAndFromFd(t *testing.T) {
	for cut := range framed("hello") {
		c, peer := pair(t)
		peer.Write(framed("hello")[:cut])
		if cut > 0 {
			awaitReadable(t, c)
		}
		c.Get(ctx, 0)
		fd, unread, err := c.Detach()
		if err != nil || len(unread) != cut {
			t.Fatalf("cut at %d: got %q, %v", cut, unread, err)
		}
		wantClass(t, c.Put(ctx, nil, late), exceptions.ConnectionClosed, "connection closed")
		taken, err := connection.FromFd(fd, unread)
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		if want := connection.AddressOf(peer.LocalAddr()); taken.Address() != want {
			t.Errorf("got the address %v, want %v", taken.Address(), want)
		}
		peer.Write(framed("hello", "next")[cut:])
		for _, want := range []string{"hello", "next"} {
			if got, err := taken.Get(ctx, late); err != nil || string(got) != want {
				t.Fatalf("cut at %d: got %q, %v", cut, got, err)
			}
		}
	}
}

func TestDetachLongPartialFrame(t *testing.T) {
	c, peer := pair(t)
	frame := framed(string(bytes.Repeat([]byte("x"), 3<<20)))
	half := len(frame) / 2
	go peer.Write(frame[:half])
	var unread []byte
	deadline := time.Now().Add(late)
	for len(unread) < half && time.Now().Before(deadline) {
		c.Get(ctx, soon)
		unread, _ = c.Unread()
	}
	fd, unread, err := c.Detach()
	if err != nil || len(unread) != half {
		t.Fatalf("got %d bytes, %v", len(unread), err)
	}
	taken, err := connection.FromFd(fd, unread)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	go peer.Write(frame[half:])
	if got, err := taken.Get(ctx, late); err != nil || !bytes.Equal(got, frame[4:]) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestDetachWaitsForWhatIsHalfSent(t *testing.T) {
	c, peer := pair(t)
	large := bytes.Repeat([]byte("x"), 16<<20)
	c.Put(ctx, large, soon)
	if _, _, err := c.Detach(); !errors.Is(err, exceptions.ConnectionAgain) {
		t.Fatalf("got %v", err)
	}
	received := make(chan int64)
	go func() { n, _ := io.Copy(io.Discard, peer); received <- n }()
	if err := c.Resume(ctx, late); err != nil {
		t.Fatal(err)
	}
	fd, _, err := c.Detach()
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	if n := <-received; n != int64(len(large))+4 {
		t.Errorf("the peer got %d bytes", n)
	}
}

func TestDetachListener(t *testing.T) {
	c, _ := connection.NewBlockingConnection(connection.Address{}, nil)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	port := c.Address().Port
	client, err := net.Dial("tcp", c.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fd, unread, err := c.Detach()
	if err != nil || unread != nil {
		t.Fatalf("got %q, %v", unread, err)
	}
	taken, err := connection.FromFd(fd, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if taken.Address().Port != port {
		t.Errorf("got the address %v, want port %d", taken.Address(), port)
	}
	peer, err := taken.Accept(ctx, late) // it was in the queue before
	if err != nil {
		t.Fatal(err)
	}
	peer.Close()
}

func TestFromFdTakesTCPAlone(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := connection.FromFd(int(file.Fd()), nil); err == nil {
		t.Error("a file was taken")
	}
	if _, err := file.Stat(); err != nil {
		t.Errorf("the descriptor that was refused was closed: %v", err)
	}
}

func TestFromFdWhosePeerHasGone(t *testing.T) {
	c, peer := pair(t)
	peer.Write([]byte("\x00\x00"))
	awaitReadable(t, c)
	c.Get(ctx, 0)
	fd, unread, err := c.Detach()
	if err != nil || len(unread) != 2 {
		t.Fatalf("got %q, %v", unread, err)
	}
	peer.SetLinger(0)
	peer.Close() // a reset
	_, err = connection.FromFd(fd, unread)
	wantClass(t, err, exceptions.ConnectionClosed, "connection closed: the peer has gone, and 2 bytes that it sent are unread")
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); !errors.Is(err, unix.EBADF) {
		t.Errorf("the descriptor is left open: %v", err)
	}
}
