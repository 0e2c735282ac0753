package lualib

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

// ChildVariable is the environment variable by which a program knows that it
// was started as a child: the number of the descriptor to its parent.
// DaemonVariable is set beside it in one that shall start a daemon and end; it
// lists the other descriptors that the daemon inherits.
const (
	ChildVariable  = "AVESCRIPT_CHILD"
	DaemonVariable = "AVESCRIPT_DAEMON"
)

// MaxWork is the longest message between a parent and its child, in bytes.
const MaxWork = 1 << 30

// endTime is how long a process that has closed the link may take to end.
const endTime = 10 * time.Second

// launch is how an interpreter is started anew.
type launch struct {
	kept        map[int]bool // descriptors that it inherits, under the same numbers
	daemon      bool
	deathSignal syscall.Signal
}

// spawn starts this program anew, with a socket to it.
func (l launch) spawn() (link *os.File, child *process.Child, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("start a process: %w", err)
	}
	link = os.NewFile(uintptr(pair[0]), "link to a child")
	theirs := os.NewFile(uintptr(pair[1]), "link to the parent")
	defer theirs.Close()

	files := map[int]*os.File{0: os.Stdin, 1: os.Stdout, 2: os.Stderr}
	for fd := range l.kept {
		if fd <= 2 {
			continue
		}
		// A duplicate, because the file will be closed here.
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			link.Close()
			return nil, nil, fmt.Errorf("descriptor %d, which close_fds excludes: %w", fd, err)
		}
		file := os.NewFile(uintptr(dup), "inherited")
		defer file.Close()
		files[fd] = file
	}
	number := 3
	for l.kept[number] {
		number++
	}
	files[number] = theirs
	env := append(os.Environ(), fmt.Sprintf("%s=%d", ChildVariable, number))
	if l.daemon {
		env = append(env, DaemonVariable+"="+numbers(l.kept))
	}

	child, err = process.Start(process.Spec{
		Path:        "/proc/self/exe",
		Args:        os.Args[:1],
		Env:         env,
		Files:       files,
		DeathSignal: l.deathSignal,
	})
	if err != nil {
		link.Close()
		return nil, nil, err
	}
	return link, child, nil
}

func numbers(fds map[int]bool) string {
	var list []string
	for fd := range fds {
		list = append(list, strconv.Itoa(fd))
	}
	return strings.Join(list, ",")
}

// meetDaemon waits for the daemon that a child has started in its place, which
// says its number.
func meetDaemon(ctx context.Context, link *os.File, child *process.Child) (*process.Daemon, error) {
	greeting, err := connection.NewFrameReader(link, MaxWork).Next()
	if err != nil {
		return nil, endedEarly(ctx, child, child.Pid)
	}
	pid, err := strconv.Atoi(string(greeting))
	if err != nil {
		return nil, fmt.Errorf("wanted the number of the daemon from process %d, got %q", child.Pid, greeting)
	}
	daemon, err := process.FindDaemon(pid)
	if err != nil {
		return nil, err
	}
	_, err = child.Join(ctx, connection.Forever)
	return daemon, err
}

// handOver gives the process its work. The first byte says whether the parent
// waits until it is initialized. A daemon takes the place of the child that
// starts it.
func (l launch) handOver(ctx context.Context, link *os.File, child *process.Child, work []byte, synchronize bool) (started startedProcess, pid int, err error) {
	defer context.AfterFunc(ctx, func() { link.SetDeadline(time.Unix(1, 0)) })()
	started, pid = child, child.Pid
	if l.daemon {
		daemon, err := meetDaemon(ctx, link, child)
		if err != nil {
			return started, pid, err
		}
		started, pid = daemon, daemon.Pid
	}
	if !synchronize {
		if err := connection.WriteFrame(link, []byte{0}, work); err != nil {
			return started, pid, fmt.Errorf("the new process %d took no work: %w", pid, err)
		}
		return started, pid, nil
	}
	_ = connection.WriteFrame(link, []byte{1}, work) // that it took none shows in the answer
	return started, pid, awaitReady(ctx, link, started, pid)
}

// awaitReady waits until a process says that it is ready: by an empty message,
// or by the exception that its initialization ended with. It ends then, and is
// waited for, so that it can be started again.
func awaitReady(ctx context.Context, link *os.File, started startedProcess, pid int) error {
	answer, err := connection.NewFrameReader(link, MaxWork).Next()
	switch {
	case err != nil:
		return endedEarly(ctx, started, pid)
	case len(answer) == 0:
		return nil
	}
	select {
	case <-started.Ended():
	case <-time.After(endTime):
	case <-ctx.Done():
	}
	exception, err := exceptions.Parse(answer)
	if err != nil {
		return err
	}
	return exception
}

// endedEarly says what became of a process that has closed the link.
func endedEarly(ctx context.Context, started startedProcess, pid int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	child, ok := started.(*process.Child)
	if !ok {
		return fmt.Errorf("the new daemon %d ended before it was initialized", pid)
	}
	status, err := child.Join(ctx, endTime)
	if err != nil {
		return err
	}
	return fmt.Errorf("the new process %d ended before it was initialized, with status %d", pid, status)
}
