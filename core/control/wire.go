package control

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// wire is the connection to a client: its socket, or TLS on the socket.
type wire struct {
	net.Conn
	socket net.Conn
}

// Close closes the socket. Closing TLS would wait for a client that does not read.
func (w *wire) Close() error { return w.socket.Close() }

// allArrived reports whether the system of the client has confirmed everything that was
// written.
func (w *wire) allArrived() bool {
	waiting, ok := w.queued(unix.SIOCOUTQ)
	return ok && waiting == 0
}

// hasInput reports whether the client has sent something that was not read yet.
func (w *wire) hasInput() bool {
	waiting, ok := w.queued(unix.SIOCINQ)
	return ok && waiting > 0
}

// queued is how many bytes are in a queue of the system for the connection: none if it
// is closed. ok is false if there is no such queue.
func (w *wire) queued(queue uint) (bytes int, ok bool) {
	sock, ok := w.socket.(syscall.Conn)
	if !ok {
		return 0, false
	}
	if raw, err := sock.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { bytes, _ = unix.IoctlGetInt(int(fd), queue) })
	}
	return bytes, true
}

// hungUp reports whether the client has closed its side.
func (w *wire) hungUp() bool {
	socket, ok := w.socket.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, _ := unix.Poll(fds, 0)
		gone = n > 0
	})
	return gone || err != nil
}
