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
)

// piece is how much is read or written between two looks at the context.
const piece = 256 << 10

// Read reads a file, up to a limit of bytes; more is an error. The limit 0 is
// none.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var content bytes.Buffer
	if info, err := file.Stat(); err == nil && (limit == 0 || info.Size() <= limit) {
		content.Grow(int(info.Size()) + bytes.MinRead)
	}
	var source io.Reader = file
	if limit > 0 {
		source = io.LimitReader(file, limit+1)
	}
	if _, err := transfer(ctx, &content, source); err != nil {
		return nil, err
	}
	if limit > 0 && int64(content.Len()) > limit {
		return nil, fmt.Errorf("read %s: wanted at most %d bytes, got more", path, limit)
	}
	return content.Bytes(), nil
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
	old, err := os.Stat(path)
	if err == nil && !old.Mode().IsRegular() {
		return 0, &fs.PathError{Op: "write", Path: path, Err: notRegular(old)}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	dir, name := filepath.Split(path)
	part, err := createPart(dir, name)
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

func notRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return syscall.EISDIR
	}
	return fmt.Errorf("wanted a regular file, got a %s", TypeOf(info.Mode()))
}

// destination is where a path leads that may be a symbolic link, also to a
// file that is not there yet.
func destination(path string) (string, error) {
	for range 40 { // as many links as the kernel follows
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: syscall.ELOOP}
}

// createPart makes the file under its other name. Its mode is that of any new
// file, which os.CreateTemp would not give it.
func createPart(dir, name string) (*os.File, error) {
	const tries, longestName = 100, 200
	name = name[:min(len(name), longestName)]
	for i := 0; ; i++ {
		path := fmt.Sprintf("%s.%s.%08x", dir, name, rand.Uint32())
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
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
