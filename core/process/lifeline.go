package process

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// A child dies with its parent because the kernel sends it a death signal, which cannot
// be moved to another parent. A child whose parent hands it over to another process
// relies on a lifeline instead: a socket whose other end is passed from one parent to
// the next, and which is closed when the last of them ends.

// The messages on a lifeline.
const (
	entrust   = 'E' // the parent: rely on the lifeline from now on
	entrusted = 'K' // the child: done
)

// relied is the death signal that the end of the lifeline causes, or -1 while it causes
// none.
var relied atomic.Int32

func init() { relied.Store(-1) }

// Entrust makes the child at the other end of lifeline rely on it. A child that is
// stopped or not initialized yet does not answer within the timeout.
func Entrust(ctx context.Context, lifeline *os.File, timeout time.Duration) error {
	defer context.AfterFunc(ctx, func() { lifeline.SetDeadline(time.Unix(1, 0)) })()
	lifeline.SetDeadline(time.Now().Add(timeout))
	defer lifeline.SetDeadline(time.Time{})
	if _, err := lifeline.Write([]byte{entrust}); err != nil {
		return err
	}
	answer := make([]byte, 1)
	switch _, err := lifeline.Read(answer); {
	case os.IsTimeout(err):
		return exceptions.Timeout.Newf("it did not answer within %v; it may be stopped", timeout)
	case err != nil:
		return err
	case answer[0] != entrusted:
		return fmt.Errorf("wanted the answer %q, got %q", entrusted, answer)
	}
	return nil
}

// FollowLifeline makes this process, which must run in [Main], obey the lifeline. It
// returns when the other end is closed. A process that handles its death signal is
// killed after the grace.
func FollowLifeline(lifeline *os.File, grace time.Duration) {
	defer lifeline.Close()
	parent := maker(lifeline)
	message := make([]byte, 1)
	for {
		if _, err := lifeline.Read(message); err != nil {
			break
		}
		if relyOnLifeline() != nil {
			continue // the parent gets no answer
		}
		if _, err := lifeline.Write([]byte{entrusted}); err != nil {
			break
		}
	}
	if relied.Load() < 0 {
		endAfter(parent)
	}
	if signal := relied.Load(); signal > 0 {
		_ = unix.Kill(os.Getpid(), syscall.Signal(signal))
		time.Sleep(grace)
	}
	if relied.Load() > 0 {
		_ = unix.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// maker is the pid of the parent that created the lifeline; it may have ended.
func maker(lifeline *os.File) (pid int) {
	pid = os.Getppid()
	raw, err := lifeline.SyscallConn()
	if err != nil {
		return pid
	}
	_ = raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil && peer.Pid > 0 {
			pid = int(peer.Pid)
		}
	})
	return pid
}

// endAfter sends this process its death signal when its parent, which has closed the
// lifeline, ends. Usually the kernel has done so before, but not if the parent had
// changed to a user who may not send signals here.
func endAfter(parent int) {
	if ownDeathSignal() == 0 {
		return // it is a daemon
	}
	if os.Getppid() == parent {
		if p, err := FindDaemon(parent); err == nil {
			<-p.Ended()
		}
	}
	if signal := ownDeathSignal(); signal != 0 {
		_ = unix.Kill(os.Getpid(), signal)
	}
}

// ownDeathSignal is the death signal of the main thread, which [Main] keeps to itself.
func ownDeathSignal() (signal syscall.Signal) {
	_ = onMainThread(func() (err error) {
		signal, err = deathSignal()
		return err
	})
	return signal
}
