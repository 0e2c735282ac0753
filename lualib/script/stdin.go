package script

import (
	"context"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// OpenStdin returns standard input as a file whose reads can be interrupted.
//
// Go cannot interrupt a read of the descriptor that it was started with, and making
// that descriptor non-blocking would affect every process that shares it. So a
// terminal or pipe is opened again, without waiting for a writer of a FIFO that has
// none. If that is not possible, and for other kinds of file, which do not block
// readers, it is os.Stdin itself.
func OpenStdin() *os.File {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&(fs.ModeCharDevice|fs.ModeNamedPipe) == 0 {
		return os.Stdin
	}
	f, err := os.OpenFile("/proc/self/fd/0", os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return os.Stdin
	}
	return f
}

// InterruptReads ends reads from a file of [OpenStdin] when ctx is done. After stop
// the file can be read again.
func InterruptReads(ctx context.Context, f *os.File) (stop func()) {
	done := make(chan struct{})
	detach := context.AfterFunc(ctx, func() {
		defer close(done)
		// Reads of a file without deadlines do not block for long.
		_ = f.SetReadDeadline(time.Now())
	})
	return func() {
		if !detach() {
			<-done
			_ = f.SetReadDeadline(time.Time{})
		}
	}
}

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	err = conn.Control(func(fd uintptr) {
		_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		terminal = err == nil
	})
	return err == nil && terminal
}

// HasColor reports whether output to f may have colours.
func HasColor(f *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && IsTerminal(f)
}
