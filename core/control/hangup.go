package control

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// HungUp reports whether the client has closed its side of the connection. A
// method that takes long can ask: otherwise that is only noticed when it has
// returned.
func (c *Conn) HungUp() bool {
	socket, ok := c.socket.(syscall.Conn)
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
