package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stale makes a pid file with the number of a process that is gone, whose
// number may have come to mean another.
func stale(t *testing.T, text string) (path string, fd int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return path, fd
}

// What starts holds the file with a stranger's number in it, until it has
// written its own.
func TestAStaleNumberIsNotTheStarters(t *testing.T) {
	path, fd := stale(t, "1\n")
	if err := lockByte(fd, claimByte); err != nil {
		t.Fatal(err)
	}
	var running *RunningError
	if pid, err := HolderOf(path); !errors.As(err, &running) || running.Pid != 0 {
		t.Errorf("HolderOf: got %d, %v", pid, err)
	}
	running = nil
	if err := HoldPidFile(path); !errors.As(err, &running) || running.Pid != 0 {
		t.Errorf("HoldPidFile: got %v", err)
	}
}

func TestHolderOfWaitsForTheNumber(t *testing.T) {
	path, fd := stale(t, "1\n")
	if err := lockByte(fd, claimByte); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(4*numberStep, func() {
		_, _ = unix.Pwrite(fd, []byte("7\n"), 0)
		_ = lockByte(fd, numberByte)
	})
	if pid, err := HolderOf(path); pid != 7 || err != nil {
		t.Errorf("got %d, %v", pid, err)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	for _, text := range []string{"", "x", "-5\n", "0", "99999999999999999999"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel() // because each waits for a number
			path, fd := stale(t, text)
			if pid, err := HolderOf(path); pid != 0 || err != nil {
				t.Errorf("stale: got %d, %v", pid, err)
			}
			if err := errors.Join(lockByte(fd, claimByte), lockByte(fd, numberByte)); err != nil {
				t.Fatal(err)
			}
			var running *RunningError
			if pid, err := HolderOf(path); !errors.As(err, &running) {
				t.Errorf("got %d, %v", pid, err)
			}
		})
	}
}

func TestHeldPidFile(t *testing.T) {
	path, _ := stale(t, "123456789\n")
	if err := HoldPidFile(path); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != fmt.Sprintln(os.Getpid()) || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	if pid, err := HolderOf(path); pid != os.Getpid() || err != nil {
		t.Errorf("HolderOf: got %d, %v", pid, err)
	}
	var running *RunningError
	if err := HoldPidFile(path); !errors.As(err, &running) || running.Pid != os.Getpid() {
		t.Errorf("the second: got %v", err)
	}
}
