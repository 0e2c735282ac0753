package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stale creates a pid file with the number of a process that has ended, and whose
// number may have been reused.
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

// A starting process holds the file with another process's number in it, until it has
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
			t.Parallel() // because each waits for a pid
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

// shareLock starts a process that may only read a pid file and locks all of it.
func shareLock(t *testing.T, path string) {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK}); err != nil {
		t.Fatal(err)
	}
}

func TestReadersKeepNobodyFromStarting(t *testing.T) {
	path, _ := stale(t, "1\n")
	shareLock(t, path)
	if err := HoldPidFile(path); err != nil {
		t.Fatal(err)
	}
	if pid, err := HolderOf(path); pid != os.Getpid() || err != nil {
		t.Errorf("got the holder %d, %v", pid, err)
	}
	var running *RunningError
	if err := HoldPidFile(path); !errors.As(err, &running) || running.Pid != os.Getpid() {
		t.Errorf("got %v, want that it is held", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("got %v, %v, want a file that all may read", info, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) != 1 || err != nil {
		t.Errorf("got %v, %v, want the pid file alone", entries, err)
	}
}

// Of many processes that start at the same time while one reads, one wins.
func TestReadersLetOneStart(t *testing.T) {
	for range 20 {
		path, _ := stale(t, "1\n")
		shareLock(t, path)
		const starters = 8
		results := make(chan error, starters)
		for range starters {
			go func() { results <- HoldPidFile(path) }()
		}
		won := 0
		for range starters {
			var running *RunningError
			switch err := <-results; {
			case err == nil:
				won++
			case !errors.As(err, &running):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Fatalf("%d hold the file, want one", won)
		}
	}
}

func TestPidFileIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	if err := HoldPidFile(path); err != nil {
		t.Fatal(err)
	}
	RemovePidFiles()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
	if err := HoldPidFile(path); err != nil { // like the next daemon
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("another's"), 0o644)); err != nil {
		t.Fatal(err)
	}
	RemovePidFiles()
	if text, err := os.ReadFile(path); string(text) != "another's" || err != nil {
		t.Errorf("the file of another process: got %q, %v", text, err)
	}
}

// A process that has opened the file that its holder is removing must not hold it:
// nobody would see that.
func TestPidFileIsRemovedWhileItIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	for range 200 {
		if err := HoldPidFile(path); err != nil {
			t.Fatal(err)
		}
		fd := held.files[path]
		var failed error
		var taking sync.WaitGroup
		taking.Go(func() {
			var running *RunningError
			for failed = HoldPidFile(path); errors.As(failed, &running); failed = HoldPidFile(path) {
			}
		})
		if err := errors.Join(os.Remove(path), unix.Close(fd)); err != nil {
			t.Fatal(err)
		}
		taking.Wait()
		if pid, err := HolderOf(path); failed != nil || pid != os.Getpid() || err != nil {
			t.Fatalf("got %v; the holder is %d, %v", failed, pid, err)
		}
		fd = held.files[path]
		RemovePidFiles()
		unix.Close(fd) // otherwise it is kept until the process ends
	}
}
