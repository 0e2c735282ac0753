// Package launch starts this program again, to do some work in a process of its own.
//
// The parent calls [Start], and hands over the work:
//
//	started, err := launch.Start(launch.Spec{DeathSignal: syscall.SIGKILL})
//	...
//	ready, err := started.HandOver(ctx, work, true)
//
// The program calls [Main] before it does anything else. If it was started by Start,
// Main does the work and exits; otherwise it returns at once.
//
// The two processes are connected by the link, a socket. It carries frames as in
// [connection]: the work and, if the parent waits, the answer. The rest of the
// conversation is up to the caller, such as [process.Entrust].
//
// A daemon is started by a child of this process, which sends the daemon's pid through
// the link and ends; the daemon then uses the link alone.
package launch

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/process"
)

// In a child, childVariable is the number of the link's descriptor. daemonVariable is
// also set in a child that has to start a daemon and end; it lists the other
// descriptors that the daemon inherits.
const (
	childVariable  = "AVESCRIPT_CHILD"
	daemonVariable = "AVESCRIPT_DAEMON"
)

// self is the executable of this program, even if the file was replaced.
const self = "/proc/self/exe"

// MaxWork is the longest message between a parent and its child, in bytes.
const MaxWork = 1 << 30

// Flags in the first byte of the work.
const (
	workAwaited = 1 << iota // the parent waits for the answer
	workDaemon              // the process is a daemon
)

// The first byte of the answer.
const (
	answerReady  = 'R' // followed by the message of the process
	answerFailed = 'F' // followed by an exception, encoded as in the RPC protocol
)

// endTime is how long a process may take to end after it has closed the link or failed.
const endTime = 10 * time.Second

// Spec says how this program is started again.
type Spec struct {
	// Files are inherited by the process in addition to the standard streams; the keys
	// are their descriptors there. The caller still has to close them.
	Files map[int]*os.File

	// Output, if not nil, replaces standard output and standard error. The process is
	// then detached from the terminal: Ctrl-C does not reach it.
	Output *os.File

	// Daemon makes the process a child of init and the leader of its own session.
	Daemon bool

	// DeathSignal is the signal that a child gets when this program dies; 0 for none. A
	// daemon gets none.
	DeathSignal syscall.Signal
}

// Process is a [*process.Child], or the [*process.Daemon] that a child has started.
type Process interface {
	Alive() bool
	Ended() <-chan struct{}
	Signal(signal syscall.Signal) error
}

// Started is a process that waits for its work. After [Started.HandOver] to a daemon,
// Process and Pid are those of the daemon.
type Started struct {
	Process Process
	Pid     int
	Link    *os.File // the caller closes it

	daemon bool
}

// Start starts this program again.
func Start(spec Spec) (*Started, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	link := os.NewFile(uintptr(pair[0]), "link to a child")
	theirs := os.NewFile(uintptr(pair[1]), "link to the parent")
	defer theirs.Close()

	files := map[int]*os.File{}
	var numbers []string
	for fd, file := range spec.Files {
		files[fd] = file
		numbers = append(numbers, strconv.Itoa(fd))
	}
	files[0], files[1], files[2] = os.Stdin, os.Stdout, os.Stderr
	if spec.Output != nil {
		files[1], files[2] = spec.Output, spec.Output
	}
	number := 3
	for files[number] != nil {
		number++
	}
	files[number] = theirs
	env := append(os.Environ(), fmt.Sprintf("%s=%d", childVariable, number))
	if spec.Daemon {
		env = append(env, daemonVariable+"="+strings.Join(numbers, ","))
	}

	child, err := process.Start(process.Spec{
		Path:        self,
		Args:        os.Args[:1],
		Env:         env,
		Files:       files,
		DeathSignal: spec.DeathSignal,
		OwnGroup:    spec.Output != nil,
	})
	if err != nil {
		link.Close()
		return nil, err
	}
	return &Started{Process: child, Pid: child.Pid, Link: link, daemon: spec.Daemon}, nil
}

// HandOver sends the process its work, which must be shorter than [MaxWork]. With await
// it returns the message of the process when it is ready, or the exception with which
// it failed; in that case the process has ended, so it can be started again.
func (s *Started) HandOver(ctx context.Context, work []byte, await bool) (ready []byte, err error) {
	defer context.AfterFunc(ctx, func() { s.Link.SetDeadline(time.Unix(1, 0)) })()
	var flags byte
	if s.daemon {
		if err := s.meetDaemon(ctx); err != nil {
			return nil, err
		}
		flags |= workDaemon
	}
	if !await {
		if err := connection.WriteFrame(s.Link, []byte{flags}, work); err != nil {
			return nil, fmt.Errorf("the new process %d did not accept its work: %w", s.Pid, err)
		}
		return nil, nil
	}
	_ = connection.WriteFrame(s.Link, []byte{flags | workAwaited}, work) // if this fails, reading the answer does, too
	return s.awaitReady(ctx)
}

// meetDaemon waits for the daemon that the child has started, which then replaces it.
func (s *Started) meetDaemon(ctx context.Context) error {
	greeting, err := connection.NewFrameReader(s.Link, MaxWork).Next()
	if err != nil {
		return s.endedEarly(ctx)
	}
	pid, err := strconv.Atoi(string(greeting))
	if err != nil {
		return fmt.Errorf("wanted the number of the daemon from process %d, got %q", s.Pid, greeting)
	}
	daemon, err := process.FindDaemon(pid)
	if err != nil {
		return err
	}
	if _, err := s.Process.(*process.Child).Join(ctx, connection.Forever); err != nil {
		return err
	}
	s.Process, s.Pid = daemon, pid
	return nil
}

func (s *Started) awaitReady(ctx context.Context) (ready []byte, err error) {
	answer, err := connection.NewFrameReader(s.Link, MaxWork).Next()
	switch {
	case err != nil:
		return nil, s.endedEarly(ctx)
	case len(answer) > 0 && answer[0] == answerReady:
		return answer[1:], nil
	case len(answer) == 0 || answer[0] != answerFailed:
		return nil, fmt.Errorf("wanted an answer from process %d, got %.200q", s.Pid, answer)
	}
	select {
	case <-s.Process.Ended():
	case <-time.After(endTime):
	case <-ctx.Done():
	}
	exception, err := exceptions.Parse(answer[1:])
	if err != nil {
		return nil, err
	}
	return nil, exception
}

// endedEarly returns why a process has closed the link early.
func (s *Started) endedEarly(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	child, ok := s.Process.(*process.Child)
	if !ok {
		return fmt.Errorf("the new daemon %d ended before it was initialized", s.Pid)
	}
	status, err := child.Join(ctx, endTime)
	if err != nil {
		return err
	}
	return fmt.Errorf("the new process %d ended before it was initialized, with status %d", s.Pid, status)
}
