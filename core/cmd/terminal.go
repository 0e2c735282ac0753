package cmd

import (
	"errors"
	"fmt"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// windowSize is that of a terminal nobody has sized.
var windowSize = pty.Winsize{Rows: 24, Cols: 80}

// openTerminal makes a pseudoterminal with the kernel's default modes, so that
// a line ends in "\r\n" as on a real one. The caller closes both ends.
//
// The master can be waited for by the network poller: deadlines and Close wake
// a Read that waits. The replica is blocking, as programs expect their
// terminal to be.
func openTerminal() (master, replica *os.File, err error) {
	blocking, replica, err := pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pseudoterminal: %w", err)
	}
	defer blocking.Close()
	if err := pty.Setsize(replica, &windowSize); err != nil {
		replica.Close()
		return nil, nil, fmt.Errorf("set the size of the pseudoterminal: %w", err)
	}
	// The library's own file was made blocking by the ioctls on it, and has
	// told the poller so. Its duplicate starts afresh.
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		replica.Close()
		return nil, nil, fmt.Errorf("make the pseudoterminal non-blocking: %w", err)
	}
	return os.NewFile(uintptr(fd), blocking.Name()), replica, nil
}

// readPending reads what the terminal holds by now and does not wait for more.
// It returns 0 when there is nothing. Deadlines don't matter to it.
func readPending(master *os.File, buf []byte) (n int, err error) {
	conn, err := master.SyscallConn()
	if err != nil {
		return 0, err
	}
	outer := conn.Control(func(fd uintptr) { n, err = unix.Read(int(fd), buf) })
	if outer != nil {
		return 0, outer
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EIO) {
		return 0, nil
	}
	return max(n, 0), err
}
