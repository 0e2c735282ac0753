package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"avescript/core/exceptions"
)

// Spec is how a child is started.
type Spec struct {
	Path string   // the program
	Args []string // with its name first
	Env  []string

	// Files are what the child gets, by the number that each has there. It
	// has no others.
	Files map[int]*os.File

	// DeathSignal is what the child gets when this program dies; 0 for
	// nothing.
	DeathSignal syscall.Signal
}

// Child is a process that was started here. It is waited for from the start,
// so it is never a zombie for long, whether somebody joins it or not.
type Child struct {
	Pid int

	process *os.Process
	ended   chan struct{}
	status  int // valid when ended is closed
	err     error
}

// Start starts a child.
func Start(spec Spec) (*Child, error) {
	highest := 2
	for fd := range spec.Files {
		highest = max(highest, fd)
	}
	files := make([]*os.File, highest+1) // nil is closed in the child
	for fd, file := range spec.Files {
		files[fd] = file
	}
	c := &Child{ended: make(chan struct{})}
	err := Spawn(func() (err error) {
		c.process, err = os.StartProcess(spec.Path, spec.Args, &os.ProcAttr{
			Env:   spec.Env,
			Files: files,
			Sys:   &syscall.SysProcAttr{Pdeathsig: spec.DeathSignal},
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	c.Pid = c.process.Pid
	go c.wait()
	return c, nil
}

func (c *Child) wait() {
	defer close(c.ended)
	state, err := c.process.Wait()
	if err != nil {
		c.err = err
		return
	}
	c.status = state.ExitCode()
	if wait := state.Sys().(syscall.WaitStatus); wait.Signaled() {
		c.status = -int(wait.Signal())
	}
}

// Join waits until the child has ended. The status is what it exited with, or
// the negative number of the signal that ended it. A negative timeout waits
// for ever; one that passes is an exceptions.Timeout.
func (c *Child) Join(ctx context.Context, timeout time.Duration) (status int, err error) {
	if err := await(ctx, c.Pid, c.ended, timeout); err != nil {
		return 0, err
	}
	return c.status, c.err
}

// await waits until a process has ended.
func await(ctx context.Context, pid int, ended <-chan struct{}, timeout time.Duration) error {
	var expired <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-ended:
		return nil
	default:
	}
	select {
	case <-ended:
		return nil
	case <-expired:
		return exceptions.Timeout.Newf("process %d did not end within %v", pid, timeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Ended is closed when the child has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Alive reports whether the child is running.
func (c *Child) Alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// Signal sends a signal. A child that has ended already is no error.
func (c *Child) Signal(signal syscall.Signal) error {
	if err := c.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send signal %d to process %d: %w", signal, c.Pid, err)
	}
	return nil
}
