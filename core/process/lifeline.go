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

// A child dies with its parent because the kernel sends it its death signal.
// Another parent it cannot be given. One whose parent hands it over to another
// process relies on a lifeline instead: a socket whose other end goes from one
// parent to the next, and which ends with the last of them.

// The messages on a lifeline.
const (
	entrust   = 'E' // the parent: rely on the lifeline from now on
	entrusted = 'K' // the child: it does
)

// relied is the death signal that the end of the lifeline means, or -1 as long
// as it means nothing.
var relied atomic.Int32

func init() { relied.Store(-1) }

// Entrust has the child at the other end of lifeline rely on it. One that is
// stopped, or not initialized yet, does not within the timeout.
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

// FollowLifeline has this process, which runs below [Main], do what the other
// end of its lifeline says, for as long as that is open. It does not return
// before. A process that handles its death signal is killed after the grace.
func FollowLifeline(lifeline *os.File, grace time.Duration) {
	defer lifeline.Close()
	message := make([]byte, 1)
	for {
		if _, err := lifeline.Read(message); err != nil {
			break
		}
		if relyOnLifeline() != nil {
			continue // the parent waits in vain
		}
		if _, err := lifeline.Write([]byte{entrusted}); err != nil {
			break
		}
	}
	if signal := relied.Load(); signal > 0 {
		_ = unix.Kill(os.Getpid(), syscall.Signal(signal))
		time.Sleep(grace)
	}
	if relied.Load() > 0 {
		_ = unix.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
