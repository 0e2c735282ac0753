package connection

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Socket is a TCP socket that is not in use yet: a port that was found, or a descriptor
// from another process. Its holder owns it, until [Socket.Listener] or [Socket.Conn]
// use it.
type Socket struct {
	file *os.File
}

// NewSocket makes a Socket from the descriptor fd and owns it. Anything except a TCP
// socket is refused, and still belongs to the caller.
func NewSocket(fd int) (*Socket, error) {
	if err := CheckStream(fd, unix.AF_INET, unix.AF_INET6); err != nil {
		return nil, fmt.Errorf("wanted the descriptor of a TCP socket, got %d: %w", fd, err)
	}
	// The network poller only accepts a descriptor that is non-blocking when os.NewFile
	// is called.
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	unix.CloseOnExec(fd)
	return &Socket{os.NewFile(uintptr(fd), "socket")}, nil
}

// Listener makes the socket listen, if it does not listen yet, and gives it away: the
// Socket is then closed.
func (s *Socket) Listener() (*net.TCPListener, error) {
	var err error
	if e := s.control(func(fd int) { err = unix.Listen(fd, unix.SOMAXCONN) }); e != nil {
		err = e
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l, err := net.FileListener(s.file)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	listener, ok := l.(*net.TCPListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("listen: wanted a TCP socket, got %T", l)
	}
	return listener, s.Close()
}

// Conn makes a connection from the socket, which must be connected, and gives it away:
// the Socket is then closed.
func (s *Socket) Conn() (*net.TCPConn, error) {
	if err := s.control(func(int) {}); err != nil {
		return nil, err
	}
	c, err := net.FileConn(s.file)
	if err != nil {
		return nil, fmt.Errorf("wanted a connected socket: %w", err)
	}
	conn, ok := c.(*net.TCPConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("wanted a connected TCP socket, got %T", c)
	}
	return conn, s.Close()
}

// CheckStream returns what is wrong with fd as the descriptor of a stream socket of one
// of the families.
func CheckStream(fd int, families ...int) error {
	family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return err
	}
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return err
	}
	if kind != unix.SOCK_STREAM || !slices.Contains(families, family) {
		return fmt.Errorf("it is a socket of family %d and type %d", family, kind)
	}
	return nil
}

// Detach gives away the descriptor, under another number: the Socket is then closed.
func (s *Socket) Detach() (fd int, err error) {
	if err := s.control(func(int) {}); err != nil {
		return -1, err
	}
	if fd, err = duplicateFd(s); err != nil {
		return -1, err
	}
	return fd, s.Close()
}

// Close closes the socket.
func (s *Socket) Close() error { return s.file.Close() }

// SyscallConn gives access to the descriptor, which still belongs to the socket.
func (s *Socket) SyscallConn() (syscall.RawConn, error) { return s.file.SyscallConn() }

// Fileno is the descriptor, for code that only inherits it or needs its number.
func (s *Socket) Fileno() (fd int, err error) {
	err = s.control(func(number int) { fd = number })
	return fd, err
}

// control calls the function control. Its only error for a socket is that it is closed,
// for which package os uses other words.
func (s *Socket) control(f func(fd int)) error {
	if control(s.file, f) != nil {
		return errSocketClosed
	}
	return nil
}

var errSocketClosed = errors.New("the socket is closed")

// Address is the address to which the socket is bound.
func (s *Socket) Address() (Address, error) {
	var name unix.Sockaddr
	var err error
	if e := s.control(func(fd int) { name, err = unix.Getsockname(fd) }); e != nil {
		err = e
	}
	if err != nil {
		return Address{}, fmt.Errorf("address of a socket: %w", err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return Address{net.IP(name.Addr[:]).String(), name.Port}, nil
	case *unix.SockaddrInet6:
		return Address{net.IP(name.Addr[:]).String(), name.Port}, nil
	}
	return Address{}, fmt.Errorf("wanted a TCP socket, got one with the address %v", name)
}

// isListening and isConnected tell what a socket from outside is for.
func (s *Socket) isListening() (yes bool) {
	_ = control(s.file, func(fd int) {
		value, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		yes = err == nil && value != 0
	})
	return yes
}

func (s *Socket) isConnected() (yes bool) {
	_ = control(s.file, func(fd int) {
		_, err := unix.Getpeername(fd)
		yes = err == nil
	})
	return yes
}

// readable reports whether a read would not wait.
func readable(sock syscall.Conn) (yes bool) {
	_ = control(sock, func(fd int) {
		_, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		yes = err != unix.EAGAIN
	})
	return yes
}

// control runs f on the descriptor of c, which cannot be closed meanwhile. The Fd
// methods are never used for this: they make a socket blocking, including every copy of
// it in other processes.
func control(c syscall.Conn, f func(fd int)) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

// duplicateFd returns a new descriptor of the same socket, which the caller owns.
func duplicateFd(c syscall.Conn) (dup int, err error) {
	if e := control(c, func(fd int) { dup, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }); e != nil {
		err = e
	}
	return dup, err
}

func fileno(c syscall.Conn) (n int, err error) {
	err = control(c, func(fd int) { n = fd })
	return n, err
}
