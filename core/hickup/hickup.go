// Package hickup writes files that show what a process is doing: information from the
// caller, and the stacks of Go's goroutines.
//
// A process writes such a file when it gets SIGUSR1, even if it is stuck, and passes
// the signal on to its children. Only the owner can read the file, and keys and
// passwords must be masked in it: see [Keys].
package hickup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/config"
	"avescript/core/control"
	"avescript/core/files"
	"avescript/core/process"
)

// Grace is how long to wait for the information of a process, before its file is
// written without it.
const Grace = 2 * time.Second

// goPart begins the part of a file with Go's goroutines.
const goPart = "Go:"

// Write writes <home>/.ave/hickup/<time>-<name>-<pid> and makes the children write
// their files. An empty home means the home of the user.
func Write(home, name string, text []byte) error {
	return errors.Join(save(home, name, text), signalChildren())
}

// Keys are the keys that this process may have in its memory: those of its services and
// clients, and those of the accounts below home and the user's home.
func Keys(home string) []string {
	keys := control.KeysInUse()
	ofUser, _ := os.UserHomeDir()
	for _, dir := range []string{home, ofUser} {
		if dir == "" {
			continue
		}
		accounts, _ := config.LoadAuthkeys(dir) // a machine may not have the file
		for _, key := range accounts {
			if key != nil {
				keys = append(keys, *key)
			}
		}
	}
	return keys
}

func save(home, name string, text []byte) (err error) {
	if home == "" {
		if home, err = os.UserHomeDir(); err != nil {
			return fmt.Errorf("where to write the hickup file: %w", err)
		}
	}
	dir, err := directory(home)
	if err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	now := time.Now()
	head := fmt.Sprintf("%s %s %d\n\n", now.Format(time.ANSIC), name, os.Getpid())
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", now.Format("20060102-150405"), strings.ReplaceAll(name, "/", "_"), os.Getpid()))
	file := bytes.NewBuffer(append([]byte(head), text...))
	file.WriteString(goPart + "\n")
	if err := pprof.Lookup("goroutine").WriteTo(file, 1); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	// The file gets its name when it is complete: a waiting process reads it at once.
	if _, err := files.Write(context.Background(), path, file, new(fs.FileMode(0o600))); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	return nil
}

// directory is the directory of the files, which is created if needed. If an earlier
// version has made it readable for everybody, it becomes private.
func directory(home string) (string, error) {
	const private = 0o700
	dir := filepath.Join(home, ".ave", "hickup")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, private); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	// The directory of another user is not changed, and neither is the target of a
	// symbolic link: the home may belong to another user.
	opened, err := os.OpenFile(dir, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err == nil {
		_ = opened.Chmod(private)
		opened.Close()
	}
	return dir, nil
}

// signalChildren makes the children write their files. Other children, such as
// commands, would be killed by the signal.
func signalChildren() error {
	children, err := process.Children(os.Getpid())
	if err != nil {
		return err
	}
	for _, child := range children {
		if strings.HasPrefix(child.Comm, process.NamePrefix) {
			_ = syscall.Kill(child.PID, syscall.SIGUSR1)
		}
	}
	return nil
}
