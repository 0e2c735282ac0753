package fdtx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ListenOptions says who may use a socket file; the defaults only allow the own user.
// To connect, the kernel requires write permission.
type ListenOptions struct {
	Mode    fs.FileMode // of the socket file; default 0600
	DirMode fs.FileMode // of the directory, if it is created; default 0700
}

// longestPath is the maximum length of the address of a Unix socket.
const longestPath = len(unix.RawSockaddrUnix{}.Path) - 1

// listener is a listening socket and its file.
type listener struct {
	*socket
	path string
	file fs.FileInfo // the file at path, unless somebody else has replaced it
}

func listen(dir, name string, options ListenOptions) (*listener, error) {
	if options.Mode == 0 {
		options.Mode = 0o600
	}
	if options.DirMode == 0 {
		options.DirMode = 0o700
	}
	path, err := socketPath(dir, name)
	if err != nil {
		return nil, err
	}
	if err := makeDirectory(filepath.Dir(path), options.DirMode); err != nil {
		return nil, fmt.Errorf("make the directory of a socket file: %w", err)
	}
	sock, err := newSocket()
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	l := &listener{socket: sock, path: path}
	if err := l.bind(options.Mode); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, errors.Join(err, l.close()))
	}
	return l, nil
}

func socketPath(dir, name string) (string, error) {
	if name == "" {
		name = "fdtx-" + rand.Text()
	}
	if name != filepath.Base(name) || name == "." || name == ".." {
		return "", fmt.Errorf("wanted a file name without a directory, got %q", name)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, checkPath(path)
}

func checkPath(path string) error {
	if n := len(path); n == 0 || n > longestPath {
		return fmt.Errorf("wanted a path of 1 to %d bytes for a socket file, got %d: %q", longestPath, n, path)
	}
	return nil
}

// makeDirectory does not change an existing directory.
func makeDirectory(dir string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(dir), mode); err != nil {
		return err
	}
	err := os.Mkdir(dir, mode)
	if errors.Is(err, fs.ErrExist) {
		return os.MkdirAll(dir, mode) // an error if it is not a directory
	}
	if err != nil {
		return err
	}
	return os.Chmod(dir, mode) // regardless of the umask
}

// bind creates the file. Nobody can connect before it has its mode: until the socket
// listens, connections are refused.
func (l *listener) bind(mode fs.FileMode) error {
	return l.control(func(fd int) error {
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: l.path}); errors.Is(err, unix.EADDRINUSE) {
			return fs.ErrExist
		} else if err != nil {
			return err
		}
		var err error
		if l.file, err = os.Lstat(l.path); err != nil {
			return err
		}
		if err := os.Chmod(l.path, mode); err != nil {
			return err
		}
		return unix.Listen(fd, unix.SOMAXCONN)
	})
}

func (l *listener) accept(ctx context.Context) (*socket, error) {
	if err := l.reading.take(ctx); err != nil {
		return nil, err
	}
	defer l.reading.Give()
	var peer int
	err := l.read(ctx, func(fd int) (err error) {
		peer, _, err = unix.Accept4(fd, unix.SOCK_CLOEXEC)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ownSocket(peer)
}

// close also removes the file, unless somebody else has replaced it.
func (l *listener) close() error {
	var removed error
	if there, err := os.Lstat(l.path); err == nil && l.file != nil && os.SameFile(there, l.file) {
		removed = os.Remove(l.path)
	}
	return errors.Join(removed, l.socket.close())
}

// How long dial waits before the next attempt; it doubles up to the longest pause.
const (
	dialPause   = 5 * time.Millisecond
	dialLongest = 100 * time.Millisecond
)

// dial retries until it succeeds, ctx ends or closed is closed.
func dial(ctx context.Context, path string, closed <-chan struct{}) (*socket, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	for pause := dialPause; ; pause = min(2*pause, dialLongest) {
		conn, err := dialOnce(path)
		if err == nil {
			return conn, nil
		}
		select {
		case <-time.After(pause):
		case <-closed:
			return nil, errClosed
		case <-ctx.Done():
			return nil, &unreachedError{path, err, ctx.Err()}
		}
	}
}

func dialOnce(path string) (*socket, error) {
	sock, err := newSocket()
	if err != nil {
		return nil, err
	}
	err = sock.control(func(fd int) error { return unix.Connect(fd, &unix.SockaddrUnix{Name: path}) })
	if err != nil {
		return nil, errors.Join(err, sock.close())
	}
	return sock, nil
}

// unreachedError is the error of a connection attempt that has ended, with the last
// failure.
type unreachedError struct {
	path       string
	last, ends error
}

func (e *unreachedError) Error() string   { return fmt.Sprintf("connect to %s: %v", e.path, e.last) }
func (e *unreachedError) Unwrap() []error { return []error{e.ends, e.last} }
