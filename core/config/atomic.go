package config

// Files that appear whole or not at all, and never in the place of another.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// createFile makes the file path with data and mode, whatever the umask. If
// anything has that name already, be it a link that leads nowhere, the error
// is fs.ErrExist and nothing was touched.
//
// The data is on the disk before link(2), which never replaces, gives the file
// its name. A crash can leave a hidden temporary file beside it, nothing else.
// The file system must have hard links.
func createFile(path string, data []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := fill(temp, data, mode); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// fill writes the file, makes it durable and closes it.
func fill(file *os.File, data []byte, mode fs.FileMode) error {
	_, err := file.Write(data)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeDir makes the directory path, but not its parents, with mode 0755
// whatever the umask. One that exists is left as it is.
func makeDir(path string) error {
	err := os.Mkdir(path, 0o755)
	if err == nil {
		return os.Chmod(path, 0o755)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("wanted a directory, got a file: %s", path)
	}
	return nil
}

// ReplaceFile puts data in the place of the file path: whoever reads it, also
// after a crash, finds the old content or the new one.
func ReplaceFile(path string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	if err := fill(temp, data, mode); err != nil {
		os.Remove(temp.Name())
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		os.Remove(temp.Name())
		return err
	}
	return syncDir(dir)
}
