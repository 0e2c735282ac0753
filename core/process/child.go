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

// Spec says how a child is started.
type Spec struct {
	Path string   // the program
	Args []string // with its name first
	Env  []string

	// Files are the files of the child, by their descriptors there. It gets no others.
	Files map[int]*os.File

	// DeathSignal is the signal that the child gets when this program dies; 0 for none.
	DeathSignal syscall.Signal

	// OwnGroup makes the child the leader of a process group, so that keys of the
	// terminal, such as Ctrl-C, do not reach it.
	OwnGroup bool
}

// Child is a process that was started here. It is always waited for, so it is never a
// zombie for long, whether it is joined or not.
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
	start := func() (err error) {
		c.process, err = os.StartProcess(spec.Path, spec.Args, &os.ProcAttr{
			Env:   spec.Env,
			Files: files,
			Sys:   &syscall.SysProcAttr{Pdeathsig: spec.DeathSignal, Setpgid: spec.OwnGroup},
		})
		return err
	}
	err := Spawn(func() error { return WithInheritedSignals(start) })
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	c.Pid = c.process.Pid
	go c.wait(Own(c.Pid))
	return c, nil
}

func (c *Child) wait(release func()) {
	defer close(c.ended)
	defer release()
	Await(c.Pid)
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

// Join waits until the child has ended. The status is its exit status, or the negative
// number of the signal that ended it. A negative timeout means no limit; after the
// timeout the error is an exceptions.Timeout.
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

// Signal sends a signal. It is not an error if the child has already ended.
func (c *Child) Signal(signal syscall.Signal) error {
	if err := c.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send signal %d to process %d: %w", signal, c.Pid, err)
	}
	return nil
}
