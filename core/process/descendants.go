package process

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

// KillDescendants kills all descendants of a process, but not the process itself. Those
// for which spares returns true stay, with their own descendants.
//
// If the process is a subreaper (PR_SET_CHILD_SUBREAPER), nothing that it has started can
// escape: a daemon is its descendant, too. If the process is this one, those that become
// its children are reaped, unless they are reserved by [Own].
//
// The processes are stopped first, so that none of them can start another one unseen. The
// error names those that are still running, because they belong to another user or cannot
// be killed.
func KillDescendants(of int, spares func(Stat) bool) error {
	d := descendants{of: of, spares: spares, members: map[int]*member{}}
	defer d.release()
	deadline := time.Now().Add(killTime)
	for empty := 0; ; {
		settled, err := d.freeze(deadline)
		if err != nil {
			d.signal(unix.SIGKILL)
			return err
		}
		if len(d.members) == 0 {
			// What was orphaned during the scan may have been missed.
			if empty++; settled || empty >= emptyScans {
				return nil
			}
			continue
		}
		d.signal(unix.SIGKILL)
		if left := d.wait(deadline); len(left) > 0 && (d.allDenied() || time.Now().After(deadline)) {
			return d.remaining()
		}
	}
}

// descendants are the living descendants of a process that were found.
type descendants struct {
	of      int
	spares  func(Stat) bool
	members map[int]*member // by pid
	added   int
}

// freeze finds and stops the descendants, until there are no new ones. settled is false if
// a process has ended meanwhile, which may have hidden its children.
func (d *descendants) freeze(deadline time.Time) (settled bool, err error) {
	patience := time.Now().Add(freezeTime)
	for {
		known := d.added
		if settled, err = d.scan(); err != nil {
			return false, err
		}
		now := time.Now()
		if d.added == known && (d.allStopped() || now.After(patience)) || now.After(deadline) {
			return settled, nil
		}
		d.signal(unix.SIGSTOP)
		if d.added == known {
			time.Sleep(time.Millisecond)
		}
	}
}

func (d *descendants) scan() (settled bool, err error) {
	d.dropEnded()
	all, vanished, err := snapshot()
	if err != nil {
		return false, err
	}
	settled = !vanished
	for _, s := range d.find(all) {
		if s.Dead() {
			if d.of == os.Getpid() && s.Parent == d.of && !Owns(s.PID) {
				_, _ = unix.Wait4(s.PID, nil, unix.WNOHANG, nil)
			}
			continue
		}
		if m := d.members[s.PID]; m != nil && m.Start == s.Start {
			m.Stat = s
			continue
		}
		m, err := hold(s)
		switch {
		case err == nil:
			d.members[s.PID] = m
			d.added++
		case errors.Is(err, unix.ESRCH), errors.Is(err, os.ErrNotExist):
			settled = false
		case errors.Is(err, unix.EMFILE) && len(d.members) > 0: // it is added when others are dead
			settled = false
		default:
			return false, fmt.Errorf("pidfd of process %d (%s): %w", s.PID, s.Comm, err)
		}
	}
	return settled, nil
}

// find returns the descendants, dead ones included.
func (d *descendants) find(all []Stat) (found []Stat) {
	children := map[int][]Stat{}
	for _, s := range all {
		children[s.Parent] = append(children[s.Parent], s)
	}
	seen := map[int]bool{d.of: true} // a reused pid may make a process its own descendant
	for next := []int{d.of}; len(next) > 0; {
		parent := next[0]
		next = next[1:]
		for _, s := range children[parent] {
			if seen[s.PID] || d.spares != nil && d.spares(s) {
				continue
			}
			seen[s.PID] = true
			found, next = append(found, s), append(next, s.PID)
		}
	}
	return found
}

func (d *descendants) signal(sig unix.Signal) {
	for _, m := range d.members {
		if err := unix.PidfdSendSignal(m.pidfd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			m.denied = err
		}
	}
}

// wait waits until all that can be killed have ended, and returns the others.
func (d *descendants) wait(deadline time.Time) map[int]*member {
	for {
		d.dropEnded()
		var fds []unix.PollFd
		for _, m := range d.members {
			if m.denied == nil {
				fds = append(fds, unix.PollFd{Fd: int32(m.pidfd), Events: unix.POLLIN})
			}
		}
		left := time.Until(deadline)
		if len(fds) == 0 || left <= 0 {
			return d.members
		}
		_, _ = posix.Wait(fds, left)
	}
}

func (d *descendants) dropEnded() {
	for pid, m := range d.members {
		fds := []unix.PollFd{{Fd: int32(m.pidfd), Events: unix.POLLIN}}
		if n, _ := unix.Poll(fds, 0); n > 0 {
			unix.Close(m.pidfd)
			delete(d.members, pid)
		}
	}
}

func (d *descendants) allStopped() bool {
	for _, m := range d.members {
		if !m.Stopped() && m.denied == nil {
			return false
		}
	}
	return true
}

func (d *descendants) allDenied() bool {
	for _, m := range d.members {
		if m.denied == nil {
			return false
		}
	}
	return true
}

func (d *descendants) remaining() error {
	t := tree{members: d.members}
	return t.remaining()
}

func (d *descendants) release() {
	for _, m := range d.members {
		unix.Close(m.pidfd)
	}
}
