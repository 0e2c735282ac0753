package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mainThread runs functions on the thread on which the program began, because the
// parent-death signal that it was started with belongs to that thread.
var mainThread chan func()

// Main runs work on another goroutine and returns its status. Meanwhile this goroutine,
// which must be locked to the main thread since init, serves [SetDeathSignal].
func Main(work func() (status int)) (status int) {
	mainThread = make(chan func())
	ended := make(chan int, 1)
	go func() { ended <- work() }()
	for {
		select {
		case f := <-mainThread:
			f()
		case status := <-ended:
			return status
		}
	}
}

// onMainThread runs f on the main thread.
func onMainThread(f func() error) error {
	if mainThread == nil {
		return ErrNoMain
	}
	done := make(chan error, 1)
	mainThread <- func() { done <- f() }
	return <-done
}

// ErrNoMain is the error of functions that only work in [Main].
var ErrNoMain = errors.New("this process was not started with process.Main")

// SetDeathSignal sets the signal that this process gets when its parent dies; 0 for
// none. It only works in [Main]; otherwise the error wraps [ErrNoMain].
func SetDeathSignal(signal syscall.Signal) error {
	err := onMainThread(func() error {
		if relied.Load() >= 0 {
			relied.Store(int32(signal))
			return nil
		}
		return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0)
	})
	if err != nil {
		return fmt.Errorf("cannot set the death signal %d: %w", signal, err)
	}
	choose()
	return nil
}

// KeepDeathSignal calls change, which changes the user of this process. The kernel then
// clears the death signal, so it is set again. Outside of [Main] it only calls change.
func KeepDeathSignal(change func() error) error {
	if mainThread == nil {
		return change()
	}
	return onMainThread(func() error {
		signal, err := deathSignal()
		if err != nil {
			return err
		}
		parent := os.Getppid()
		if err := change(); err != nil {
			return err
		}
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0); err != nil {
			return fmt.Errorf("cannot set the death signal %d: %w", signal, err)
		}
		if signal != 0 && os.Getppid() != parent { // the parent has ended meanwhile
			return syscall.Kill(os.Getpid(), signal)
		}
		return nil
	})
}

// SetName sets the name of this process; the kernel keeps 15 bytes of it. It only works
// in [Main], because the name of a process is that of its main thread.
func SetName(name string) error {
	return onMainThread(func() error {
		text, err := unix.BytePtrFromString(name)
		if err != nil {
			return err
		}
		return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
	})
}

// deathSignal is the death signal of the calling thread.
func deathSignal() (syscall.Signal, error) {
	var signal int32
	err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
	return syscall.Signal(signal), err
}

// relyOnLifeline makes the end of the lifeline replace the death of the parent.
func relyOnLifeline() error {
	return onMainThread(func() error {
		signal, err := deathSignal()
		if err != nil {
			return err
		}
		relied.CompareAndSwap(-1, int32(signal))
		choose()
		return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	})
}
