// Package files contains the operations on files and directories for scripts. A context
// can interrupt them: between two pieces of a file, and between two files of a tree. A
// symbolic link in a tree is never followed.
//
// A file is written under another name in its directory and then renamed, so that
// readers see either the old or the new content, and a program that is interrupted
// leaves the old one.
package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

const (
	// piece is how much is read or written between two checks of the context.
	piece = 256 << 10

	// mostAhead limits the memory that is allocated because of the size of a file,
	// which may have holes.
	mostAhead = 64 << 20
)

// Read reads a file. If it is longer than limit bytes, that is an error; 0 means no
// limit. The content of a named pipe is what its next writers write, until the last of
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

// opened is a file that is being read. It may be a pipe; ctx limits the wait for its
// writer.
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

// Write writes the data of source to a file and returns its length. An existing file
// keeps its mode and owner; if mode is not nil, it is set exactly. A symbolic link
// stays, and the file that it names is replaced. The content is on the disk when Write
// returns.
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
	defer os.Remove(part.Name()) // fails after success, because the file was renamed
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
	return n, SyncDirectory(dir)
}

// Create creates the file path with data and mode, whatever the umask. If the name
// exists, even as a symbolic link without a target, the error is fs.ErrExist and
// nothing was changed: link(2), which gives the file its name, never replaces. The file
// system must support hard links.
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
	return SyncDirectory(dir)
}

func notRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return syscall.EISDIR
	}
	return fmt.Errorf("wanted a regular file, got a %s", TypeOf(info.Mode()))
}

// createPart creates the file under its other name. An ordinary file has the mode of
// any new file; others can only be accessed by their owner until finish sets the mode.
func createPart(dir, name string, ordinary bool) (*os.File, error) {
	const tries = 100
	mode := fs.FileMode(0o600)
	if ordinary {
		mode = 0o666
	}
	for i := 0; ; i++ {
		path := fmt.Sprintf("%s%s.%08x", dir, partPrefix(name), rand.Uint32())
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) || i == tries {
			return file, err
		}
	}
}

// partPrefix is the beginning of the other names of a file; it is followed by a dot and
// eight hexadecimal digits.
func partPrefix(name string) string {
	const longest = 200
	return "." + name[:min(len(name), longest)]
}

// RemoveParts removes what writers of the file path have left that were killed before
// they renamed it. Nobody may write the file meanwhile.
func RemoveParts(path string) error {
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, entry := range entries {
		random, ours := strings.CutPrefix(entry.Name(), partPrefix(name)+".")
		if ours && isRandom(random) && entry.Type().IsRegular() {
			errs = append(errs, os.Remove(dir+entry.Name()))
		}
	}
	return errors.Join(errs...)
}

func isRandom(text string) bool {
	return len(text) == 8 && strings.Trim(text, "0123456789abcdef") == ""
}

// finish sets the mode and owner of the file, and writes it to the disk. The owner is
// set first, because the kernel clears the set-id bits of a file when its owner
// changes. Only root can keep the owner of another user's file.
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

// SyncDirectory makes sure that the new name survives a loss of power, if the file
// system can do that for directories.
func SyncDirectory(dir string) error {
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil // a directory may be writable but not readable
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// transfer copies from source to target until the end of source or ctx.
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

// TypeOf is the name of a file type: "file", "directory", "link", "pipe", "socket" or
// "device".
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
