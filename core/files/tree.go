package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Copy copies a file with its mode. With recursive it also copies a directory with
// everything below it; the target directory may exist. Symbolic links in it are copied
// as links. Pipes, sockets and devices are refused.
func Copy(ctx context.Context, from, to string, recursive bool) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if there, err := os.Stat(to); err == nil && os.SameFile(info, there) {
		return fmt.Errorf("copy %s: %s is the same file", from, to)
	}
	if !info.IsDir() {
		return copyFile(ctx, from, to, info, 0)
	}
	if !recursive {
		return &fs.PathError{Op: "copy", Path: from, Err: syscall.EISDIR}
	}
	if inside, err := isInside(to, from); err != nil || inside {
		return errors.Join(err, fmt.Errorf("copy %s: %s is inside it", from, to))
	}
	return copyTree(ctx, from, to, info)
}

// isInside reports whether path lies below dir. The last parts of path may not exist
// yet.
func isInside(path, dir string) (bool, error) {
	dir, err := realPath(dir)
	if err != nil {
		return false, err
	}
	path, err = realPath(path)
	return strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/"), err
}

func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if found, err := filepath.EvalSymlinks(path); err == nil || path == "/" {
		return found, err
	}
	parent, err := realPath(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// copyFile copies the file of info. If another file has replaced it meanwhile, it is
// only opened to find that out.
func copyFile(ctx context.Context, from, to string, info fs.FileInfo, flags int) error {
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "copy", Path: from, Err: notRegular(info)}
	}
	source, err := os.OpenFile(from, os.O_RDONLY|unix.O_NONBLOCK|flags, 0)
	if err != nil {
		return err
	}
	defer source.Close()
	if now, err := source.Stat(); err != nil || !os.SameFile(info, now) {
		return errors.Join(err, fmt.Errorf("copy %s: it was replaced during the copy", from))
	}
	_, err = Write(ctx, to, source, new(info.Mode()))
	return err
}

func copyTree(ctx context.Context, from, to string, info fs.FileInfo) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	// The mode of the original may forbid writing, and is set at the end.
	if err := os.Mkdir(to, info.Mode().Perm()|0o700); err != nil && !isDirectory(to) {
		return err
	}
	for _, entry := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := copyEntry(ctx, filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return os.Chmod(to, info.Mode())
}

func isDirectory(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func copyEntry(ctx context.Context, from, to string) error {
	info, err := os.Lstat(from)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return copyTree(ctx, from, to, info)
	case info.Mode().Type() == fs.ModeSymlink:
		return copyLink(from, to)
	}
	// Replace an existing link, which Write would follow.
	if there, err := os.Lstat(to); err == nil && there.Mode().Type() == fs.ModeSymlink {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	return copyFile(ctx, from, to, info, unix.O_NOFOLLOW)
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(to); err == nil && !info.IsDir() {
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	return os.Symlink(target, to)
}

// Move renames a file or directory. If the new name is on another file system, it is
// copied and then removed.
func Move(ctx context.Context, from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if info.IsDir() && isDirectory(to) {
		// Like rename, which replaces an empty directory.
		if err := os.Remove(to); err != nil {
			return err
		}
	}
	if err := copyEntry(ctx, from, to); err != nil {
		return err
	}
	return Remove(ctx, from, true)
}

// TempDir creates a directory for temporary files. Its name is ave-PURPOSE-PID-RANDOM,
// or ave-PID-RANDOM without a purpose, so that it can be removed if the process was
// killed.
func TempDir(purpose string) (string, error) {
	if purpose != "" {
		purpose += "-"
	}
	return os.MkdirTemp("", fmt.Sprintf("ave-%s%d-", purpose, os.Getpid()))
}

// Remove removes a file, a symbolic link or an empty directory, and with recursive a
// directory with everything below it.
func Remove(ctx context.Context, path string, recursive bool) error {
	if !recursive {
		return os.Remove(path)
	}
	if last := filepath.Base(path); last == "/" || last == "." || last == ".." {
		return fmt.Errorf("remove %s: wanted a path that ends in a name", path)
	}
	return removeAt(ctx, unix.AT_FDCWD, strings.TrimRight(path, "/"), path)
}

// removeAt removes a name in an open directory, so that a symbolic link cannot redirect
// it. It needs one descriptor per level.
func removeAt(ctx context.Context, dir int, name, path string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := unix.Unlinkat(dir, name, 0)
	if !errors.Is(err, unix.EISDIR) {
		return pathError("remove", path, err)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return pathError("remove", path, err)
	}
	opened := os.NewFile(uintptr(fd), path)
	defer opened.Close()
	names, err := opened.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, entry := range names {
		err := removeAt(ctx, fd, entry, filepath.Join(path, entry))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process was faster
			return err
		}
	}
	return pathError("remove", path, unix.Unlinkat(dir, name, unix.AT_REMOVEDIR))
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
