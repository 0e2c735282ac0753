package process

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mainThread takes what has to be done on the thread that the program began
// on: the parent-death signal that it was started with belongs to that one.
var mainThread chan func()

// Main runs work on another goroutine and returns its status. Meanwhile this
// one, which must be locked to the main thread since its init, serves
// [SetDeathSignal].
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

// onMainThread runs f there.
func onMainThread(f func() error) error {
	if mainThread == nil {
		return errors.New("the death signal can be set in a process that was started by Process:start alone")
	}
	done := make(chan error, 1)
	mainThread <- func() { done <- f() }
	return <-done
}

// SetDeathSignal chooses what this process gets when its parent dies; 0 is
// nothing. It works below [Main] alone.
func SetDeathSignal(signal syscall.Signal) error {
	err := onMainThread(func() error {
		if relied.Load() >= 0 {
			relied.Store(int32(signal))
			return nil
		}
		return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0)
	})
	if err != nil {
		return fmt.Errorf("set the death signal %d: %w", signal, err)
	}
	choose()
	return nil
}

// relyOnLifeline has the end of the lifeline mean what the parent's death has
// meant.
func relyOnLifeline() error {
	return onMainThread(func() error {
		var signal int32
		if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0); err != nil {
			return err
		}
		relied.CompareAndSwap(-1, signal)
		choose()
		return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	})
}
