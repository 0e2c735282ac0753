package connection

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// The default range of FindFreePort; the stop is excluded. IANA leaves these ports to
// private use.
const (
	DefaultPortStart = 49152
	DefaultPortStop  = 65536
)

const portAttempts = 20000

// FindFreePort binds a socket to a random port from start up to but excluding stop, on
// all interfaces. With listen, the socket starts to listen. The error is an Exception
// if no free port is found in 20000 attempts.
func FindFreePort(start, stop int, listen bool) (*Socket, int, error) {
	if start < 1 || stop > 65536 || start >= stop {
		return nil, 0, fmt.Errorf("wanted a range of ports between 1 and 65536, got %d and %d", start, stop)
	}
	for range portAttempts {
		port := start + rand.IntN(stop-start)
		sock, err := bind(port, listen)
		switch {
		case err == nil:
			return sock, port, nil
		case errors.Is(err, unix.EADDRINUSE), errors.Is(err, unix.EACCES):
		default:
			return nil, 0, exceptions.Exception.Newf("find a free port: %w", err)
		}
	}
	return nil, 0, exceptions.Exception.Newf("found no free port from %d to %d in %d attempts", start, stop-1, portAttempts)
}

// bind creates an IPv6 socket that also accepts IPv4 or, on a host without IPv6, an
// IPv4 socket.
func bind(port int, listen bool) (*Socket, error) {
	sock, err := bindTo(unix.AF_INET6, &unix.SockaddrInet6{Port: port}, listen)
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
		return bindTo(unix.AF_INET, &unix.SockaddrInet4{Port: port}, listen)
	}
	return sock, err
}

func bindTo(family int, addr unix.Sockaddr, listen bool) (*Socket, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := bindDescriptor(fd, family, addr, listen); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return NewSocket(fd)
}

func bindDescriptor(fd, family int, addr unix.Sockaddr, listen bool) error {
	if family == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			return err
		}
	}
	if err := unix.Bind(fd, addr); err != nil {
		return err
	}
	// If it was set before bind, SO_REUSEADDR would let two processes bind the same
	// port as long as neither listens. Set afterwards, it still lets a service bind its
	// port again while old connections are in TIME_WAIT.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if listen {
		return unix.Listen(fd, unix.SOMAXCONN)
	}
	return nil
}
