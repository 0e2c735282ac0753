package workers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/process"
)

// worker is a process that runs files. It must be ended by the code that started it.
type worker struct {
	command *exec.Cmd
	link    *os.File
	journal *journal
	output  *os.File     // the file in the place of its streams 1 and 2
	told    atomic.Int64 // how much of it was part of events
	closed  chan struct{}
	temp    string // its directory for temporary files
}

// startWorker starts a command as a worker. The worker leads a session, so that only
// this process gets a Ctrl-C, and so that it can be killed with everything it has
// started.
//
// The worker owns the directory temp from now on.
//
// If this process dies, the worker is told by the link. A suspended worker has to be
// continued for that: hence the signal.
func startWorker(command *exec.Cmd, temp string, onDeath syscall.Signal, terminal Terminal, patience time.Duration) (_ *worker, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		_ = os.RemoveAll(temp)
		return nil, fmt.Errorf("socket to a worker: %w", err)
	}
	w := &worker{command: command, temp: temp, link: os.NewFile(uintptr(fds[0]), "link to a worker"), closed: make(chan struct{})}
	theirs := os.NewFile(uintptr(fds[1]), "link")
	defer theirs.Close()
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.output, err = newMemory("output"); err != nil {
		return nil, err
	}
	said, err := newMemory("journal")
	if err != nil {
		return nil, err
	}
	w.journal = &journal{file: said, bell: &listener{worker: w, patience: patience}}
	if err := os.Chmod(w.temp, os.ModeSticky|0o777); err != nil { // as /tmp is: tests may run programs as other users
		return nil, err
	}
	command.Stdout, command.Stderr = w.output, w.output
	command.ExtraFiles = []*os.File{linkFD - 3: theirs, journalFD - 3: said}
	if terminal != nil {
		command.ExtraFiles = append(command.ExtraFiles, terminal.File())
	}
	command.Env = append(command.Environ(), "TMPDIR="+w.temp)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: onDeath}
	if err := process.Spawn(command.Start); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	go w.bound()
	return w, nil
}

// tell sends an order. If the worker has died, reading from it returns that error. It
// is called with the pool's lock, so it must not wait for a worker that does not read.
func (w *worker) tell(o order) {
	line, err := json.Marshal(o)
	if err != nil {
		return
	}
	_ = w.link.SetWriteDeadline(time.Now().Add(farewell))
	_, _ = w.link.Write(append(line, '\n'))
}

// wake continues a worker that was suspended.
func (w *worker) wake() { _ = w.command.Process.Signal(syscall.SIGCONT) }

// rest is the output of the worker that is not part of an event yet.
func (w *worker) rest() string {
	var stat unix.Stat_t
	fd := int(w.output.Fd())
	if unix.Fstat(fd, &stat) != nil || stat.Size <= w.told.Load() {
		return ""
	}
	return harness.Text(readOutput(fd, w.told.Load(), stat.Size))
}

// bound frees the memory of output that nobody will read, until the worker is closed: a
// program can write a gigabyte per second.
func (w *worker) bound() {
	const (
		interval = 50 * time.Millisecond
		much     = 16 * mostOutput
		page     = 1 << 12
	)
	conn, err := w.output.SyscallConn()
	if err != nil {
		return
	}
	given := int64(0)
	for {
		select {
		case <-w.closed:
			return
		case <-time.After(interval):
		}
		_ = conn.Control(func(fd uintptr) {
			var stat unix.Stat_t
			if unix.Fstat(int(fd), &stat) != nil {
				return
			}
			from := (max(given, w.told.Load()+headOutput) + page - 1) &^ (page - 1)
			to := (stat.Size - tailOutput) &^ (page - 1)
			if to-from < much {
				given = min(given, stat.Size) // the file may have been emptied
				return
			}
			const how = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
			if unix.Fallocate(int(fd), how, from, to-from) == nil {
				given = to
			}
		})
	}
}

// farewell is how long a worker without further work may take to end.
const farewell = 3 * time.Second

// end ends the worker, with everything it has started. It returns how the process
// ended, and whether it had to be killed.
func (w *worker) end(patience time.Duration) (how string, forced bool) {
	_ = unix.Shutdown(int(w.link.Fd()), unix.SHUT_WR)
	pid := w.command.Process.Pid
	forced = !w.awaitEnd(patience)
	_ = process.KillTree(pid, nil)
	err := w.command.Wait()
	w.close()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return describeEnd(exit.Sys().(syscall.WaitStatus)), forced
	case err != nil:
		return err.Error(), forced
	}
	return "exit status 0", forced
}

func describeEnd(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %s", unix.SignalName(status.Signal()))
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// awaitEnd waits until the process has ended, without reaping it.
func (w *worker) awaitEnd(patience time.Duration) (ended bool) {
	pidfd, err := unix.PidfdOpen(w.command.Process.Pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(pidfd)
	deadline := time.Now().Add(patience)
	for {
		left := max(0, time.Until(deadline))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}

func (w *worker) close() {
	close(w.closed)
	_ = w.link.Close()
	if w.journal != nil {
		_ = w.journal.file.Close()
	}
	if w.output != nil {
		_ = w.output.Close()
	}
	if w.temp != "" {
		_ = os.RemoveAll(w.temp)
	}
}
