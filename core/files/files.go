// Package files does with files and directories what scripts ask for, so that
// a context can end it: between two pieces of a file, and between two files of
// a tree. A symbolic link in a tree is never followed.
//
// A file is written under another name in its directory and then takes its
// place, so that readers see the old content or the new one, and a program
// that is interrupted leaves the old one.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

const (
	// piece is how much is read or written between two looks at the context.
	piece = 256 << 10

	// mostAhead bounds the memory that is made ready for a file because of its
	// size, which may be that of a hole.
	mostAhead = 64 << 20
)

// Read reads a file, up to a limit of bytes; more is an error. The limit 0 is
// none. That of a named pipe is what its next writers write, until the last of
// them closes it.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var content bytes.Buffer
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err == nil && (limit == 0 || stat.Size <= limit) {
		content.Grow(int(min(stat.Size, mostAhead)) + bytes.MinRead)
	}
	var source io.Reader = &opened{ctx, path, fd}
	if limit > 0 {
		source = io.LimitReader(source, limit+1)
	}
	if _, err := transfer(ctx, &content, source); err != nil {
		return nil, err
	}
	if limit > 0 && int64(content.Len()) > limit {
		return nil, fmt.Errorf("read %s: wanted at most %d bytes, got more", path, limit)
	}
	return content.Bytes(), nil
}

// opened is a file to be read that may be a pipe, whose writer is waited for no
// longer than ctx.
type opened struct {
	ctx  context.Context
	path string
	fd   int
}

func (o *opened) Read(p []byte) (int, error) {
	n, err := posix.Read(o.ctx, o.fd, p, -1)
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return 0, &fs.PathError{Op: "read", Path: o.path, Err: errno}
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return n, err
}

// Write puts what source gives into a file and returns its length. An existing
// file keeps its mode and owner unless mode, which is then set exactly, is not
// nil. A symbolic link stays, and the file that it names is replaced. The
// content is on the disk when Write returns.
func Write(ctx context.Context, path string, source io.Reader, mode *fs.FileMode) (int64, error) {
	path, err := destination(path)
	if err != nil {
		return 0, err
	}
	old, err := os.Lstat(path)
	if err == nil && !old.Mode().IsRegular() {
		return 0, &fs.PathError{Op: "write", Path: path, Err: notRegular(old)}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	dir, name := filepath.Split(path)
	part, err := createPart(dir, name, old == nil && mode == nil)
	if err != nil {
		return 0, err
	}
	defer os.Remove(part.Name()) // in vain when all went well
	defer part.Close()
	n, err := transfer(ctx, part, source)
	if err != nil {
		return 0, err
	}
	if err := finish(part, old, mode); err != nil {
		return 0, err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return 0, err
	}
	return n, syncDirectory(dir)
}

// Create makes the file path with data and mode, whatever the umask. If
// anything has that name already, be it a link that leads nowhere, the error
// is fs.ErrExist and nothing was touched: link(2), which gives the file its
// name, never replaces. The file system must have hard links.
func Create(path string, data []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	dir, name := filepath.Split(path)
	part, err := createPart(dir, name, false)
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	defer part.Close()
	if _, err := part.Write(data); err != nil {
		return err
	}
	if err := finish(part, nil, &mode); err != nil {
		return err
	}
	if err := os.Link(part.Name(), path); err != nil {
		return err
	}
	return syncDirectory(dir)
}

func notRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return syscall.EISDIR
	}
	return fmt.Errorf("wanted a regular file, got a %s", TypeOf(info.Mode()))
}

// createPart makes the file under its other name. An ordinary one has the mode
// of any new file; another is nobody else's until finish gives it its mode.
func createPart(dir, name string, ordinary bool) (*os.File, error) {
	const tries, longestName = 100, 200
	name = name[:min(len(name), longestName)]
	mode := fs.FileMode(0o600)
	if ordinary {
		mode = 0o666
	}
	for i := 0; ; i++ {
		path := fmt.Sprintf("%s.%s.%08x", dir, name, rand.Uint32())
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) || i == tries {
			return file, err
		}
	}
}

// finish gives the file the mode and owner that it is to have, and has it
// written to the disk. The owner comes first, since the kernel takes the set-id
// bits off a file that changes it. Only root can keep another's file another's.
func finish(file *os.File, old fs.FileInfo, mode *fs.FileMode) error {
	if old != nil {
		if owner, ok := old.Sys().(*syscall.Stat_t); ok {
			_ = file.Chown(int(owner.Uid), int(owner.Gid))
		}
		if mode == nil {
			mode = new(old.Mode())
		}
	}
	if mode != nil {
		if err := file.Chmod(*mode); err != nil {
			return err
		}
	}
	return file.Sync()
}

// syncDirectory makes the new name survive a loss of power. A file system that
// cannot do so for directories is good enough.
func syncDirectory(dir string) error {
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // a directory may be written and not read
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// transfer copies from source to target until its end or that of ctx.
func transfer(ctx context.Context, target io.Writer, source io.Reader) (int64, error) {
	var n int64
	for {
		if err := context.Cause(ctx); err != nil {
			return n, err
		}
		m, err := io.CopyN(target, source, piece)
		n += m
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// TypeOf is the name of a file's type: "file", "directory", "link", "pipe",
// "socket" or "device".
func TypeOf(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "file"
	case fs.ModeDir:
		return "directory"
	case fs.ModeSymlink:
		return "link"
	case fs.ModeNamedPipe:
		return "pipe"
	case fs.ModeSocket:
		return "socket"
	}
	return "device"
}
