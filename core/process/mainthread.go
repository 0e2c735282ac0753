package process

import (
	"errors"
	"fmt"
	"syscall"

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

// SetDeathSignal chooses what this process gets when its parent dies; 0 is
// nothing. It works below [Main] alone.
func SetDeathSignal(signal syscall.Signal) error {
	if mainThread == nil {
		return errors.New("the death signal can be set in a process that was started by Process:start alone")
	}
	done := make(chan error, 1)
	mainThread <- func() {
		done <- unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0)
	}
	if err := <-done; err != nil {
		return fmt.Errorf("set the death signal %d: %w", signal, err)
	}
	return nil
}
