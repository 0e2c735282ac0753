package connection_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

func TestFindFreePort(t *testing.T) {
	for _, listen := range []bool{true, false} {
		sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, listen)
		if err != nil {
			t.Fatal(err)
		}
		defer sock.Close()
		if port < connection.DefaultPortStart || port >= connection.DefaultPortStop {
			t.Errorf("port %d is out of range", port)
		}
		if addr, err := sock.Address(); err != nil || addr.Port != port {
			t.Errorf("the socket is bound to %v, %v; want port %d", addr, err, port)
		}
		_, err = net.Dial("tcp", connection.Address{Port: port}.String())
		if accepted := err == nil; accepted != listen {
			t.Errorf("listen %v: connecting gave %v", listen, err)
		}
		// The port is taken, also as long as nobody listens.
		_, _, err = connection.FindFreePort(port, port+1, listen)
		if !errors.Is(err, exceptions.Exception) {
			t.Errorf("listen %v: the port was found twice: %v", listen, err)
		}
	}
	if _, _, err := connection.FindFreePort(10, 5, true); err == nil {
		t.Error("an empty range was taken")
	}
}

// A service that is restarted gets its port back at once.
func TestPortCanBeBoundAgain(t *testing.T) {
	sock, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := sock.Listener()
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close() // the side that closes first gets TIME_WAIT
	io.Copy(io.Discard, client)
	client.Close()
	l.Close()
	again, err := net.Listen("tcp", connection.Address{Port: port}.String())
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestSocketsOfDescriptors(t *testing.T) {
	c, peer := pair(t)
	raw, err := peer.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var dup int
	raw.Control(func(fd uintptr) { dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil {
		t.Fatal(err)
	}
	sock, err := connection.NewSocket(dup)
	if err != nil {
		t.Fatal(err)
	}
	adopted, err := connection.NewBlockingConnection(connection.Address{}, sock)
	if err != nil {
		t.Fatal(err)
	}
	defer adopted.Close()
	if err := adopted.Put(ctx, []byte("by another hand"), late); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(ctx, late); err != nil || string(got) != "by another hand" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := connection.NewSocket(-1); err == nil {
		t.Error("the descriptor -1 was taken")
	}
}
