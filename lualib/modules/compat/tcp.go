package compat

import (
	"context"
	"errors"
	"runtime"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/posix"
	"avescript/lualib/vm"
)

const (
	receiveSize    = 8192
	defaultBacklog = 32
	noSocket       = -1
	noLimit        = time.Duration(-1)
)

// tcp is a tcp object. It is a master until it connects or listens.
//
// Several threads may wait for it. The descriptor is closed when none waits any more,
// because the system may give its number to another file.
type tcp struct {
	fd     int
	family int    // of the socket
	wanted int    // the family that addresses must have
	keep   bool   // the socket is not replaced for the next address
	kind   string // master, client or server
	unread []byte
	lines  int             // so many bytes of unread are known to have no end of a line
	forget runtime.Cleanup // closes what a script has left open
	waits  int
	closed bool

	perWait, perCall time.Duration // the limits of settimeout
	started          time.Time     // when the running call has begun
	created          time.Time
	received, sent   int
}

func newTCP() *tcp {
	return &tcp{fd: noSocket, kind: "master", perWait: noLimit, perCall: noLimit, created: time.Now()}
}

// create makes the socket, unless it is to be kept. Another one has failed with the address
// before, and the system may refuse to use it again.
func (t *tcp) create(L *lua.LState, family int) error {
	if t.fd != noSocket && (t.keep || t.waits > 0) {
		return nil
	}
	t.close()
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if family == unix.AF_INET6 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	t.own(L, fd, family)
	return nil
}

// own gives the object a descriptor.
func (t *tcp) own(L *lua.LState, fd, family int) {
	vm.Made(L, vm.MadeDescriptor, fd)
	t.fd, t.family, t.closed = fd, family, false
	t.forget = runtime.AddCleanup(t, func(fd int) { _ = unix.Close(fd) }, fd)
}

// fix keeps the socket, which has an address or options now.
func (t *tcp) fix() { t.keep, t.wanted = true, t.family }

// close closes the socket, and wakes those who wait for it.
func (t *tcp) close() {
	t.closed = true
	if t.fd == noSocket {
		return
	}
	if t.waits > 0 {
		_ = unix.Shutdown(t.fd, unix.SHUT_RDWR)
		return // the last of them closes it
	}
	t.forget.Stop()
	_ = unix.Close(t.fd)
	t.fd = noSocket
}

// left is how long the next wait may take.
func (t *tcp) left() time.Duration {
	limit := t.perWait
	if t.perCall >= 0 {
		rest := max(0, t.perCall-time.Since(t.started))
		if limit < 0 || rest < limit {
			limit = rest
		}
	}
	return limit
}

// wait waits until the socket is ready, without the lock.
func (t *tcp) wait(L *lua.LState, events int16) error {
	n, fd, limit := 0, t.fd, t.left()
	var err error
	t.waits++
	defer func() {
		t.waits--
		if t.closed {
			t.close()
		}
	}()
	vm.Unlocked(L, func(ctx context.Context) {
		n, err = posix.Poll(ctx, []unix.PollFd{{Fd: int32(fd), Events: events}}, limit)
	})
	switch {
	case err != nil:
		return err
	case t.closed:
		return errClosed
	case n == 0:
		return errTimeout
	}
	return nil
}

// retry does an operation that does not block, and waits where it would.
func (t *tcp) retry(L *lua.LState, events int16, operation func() error) error {
	for {
		if t.closed || t.fd == noSocket {
			return errClosed
		}
		err := operation()
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if err := t.wait(L, events); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// bind gives the socket a local address.
func (t *tcp) bind(L *lua.LState, host, port string, reuse bool) error {
	found, err := resolve(L, host, port, t.wanted)
	for _, address := range found {
		if err = t.create(L, familyOf(address.Addr())); err != nil {
			continue
		}
		if reuse {
			_ = unix.SetsockoptInt(t.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		}
		if err = unix.Bind(t.fd, sockaddr(address)); err == nil {
			t.fix()
			return nil
		}
	}
	return err
}

func (t *tcp) listen(backlog int) error {
	err := unix.Listen(t.fd, backlog)
	if err == nil {
		t.kind = "server"
	}
	return err
}

// connect tries the addresses of a host, each with all of the time. Even after a timeout the
// object is a client, because the connection may come about.
func (t *tcp) connect(L *lua.LState, host, port string) error {
	found, err := resolve(L, host, port, t.wanted)
	if err != nil {
		return err
	}
	for _, address := range found {
		t.started = time.Now()
		if err = t.create(L, familyOf(address.Addr())); err != nil {
			continue
		}
		t.kind = "client"
		err = unix.Connect(t.fd, sockaddr(address))
		if errors.Is(err, unix.EINPROGRESS) || errors.Is(err, unix.EAGAIN) {
			if err = t.wait(L, unix.POLLOUT); err == nil {
				err = t.pending()
			}
		}
		if err == nil || t.perWait == 0 || t.perCall == 0 {
			t.fix() // a caller that does not wait asks for the result of this address
			return err
		}
	}
	return err
}

// pending is the error that the system keeps for the socket.
func (t *tcp) pending() error {
	number, err := unix.GetsockoptInt(t.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && number != 0 {
		err = unix.Errno(number)
	}
	return err
}

func (t *tcp) accept(L *lua.LState) (*tcp, error) {
	t.started = time.Now()
	client := newTCP()
	err := t.retry(L, unix.POLLIN, func() error {
		fd, _, err := unix.Accept4(t.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err == nil {
			client.own(L, fd, t.family)
			client.kind = "client"
		}
		return err
	})
	return client, err
}

// send returns how much was sent, even if there was an error.
func (t *tcp) send(L *lua.LState, data string) (n int, err error) {
	t.started = time.Now()
	for n < len(data) && err == nil {
		err = t.retry(L, unix.POLLOUT, func() error {
			const piece = 1 << 16
			count, err := unix.SendmsgN(t.fd, []byte(data[n:min(len(data), n+piece)]), nil, nil, unix.MSG_NOSIGNAL)
			n += max(count, 0)
			return err
		})
	}
	t.sent += n
	return n, err
}

// fill reads more into unread.
func (t *tcp) fill(L *lua.LState) error {
	piece := make([]byte, receiveSize)
	return t.retry(L, unix.POLLIN, func() error {
		n, err := unix.Read(t.fd, piece)
		if err == nil && n == 0 {
			return errClosed
		}
		if err == nil {
			t.unread = append(t.unread, piece[:n]...)
		}
		return err
	})
}

// take returns the first n bytes of unread.
func (t *tcp) take(n int) []byte {
	taken := t.unread[:n]
	t.lines = 0
	t.unread = t.unread[n:]
	if len(t.unread) == 0 {
		t.unread = nil
	}
	t.received += n
	return taken
}
