package process

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

// Step is one rung of the ladder by which a tree is ended: a signal, and how long the
// tree may take to react.
type Step struct {
	Signal syscall.Signal
	Grace  time.Duration
}

// HangUp is the ladder of a terminal that is hung up.
var HangUp = []Step{{syscall.SIGHUP, 100 * time.Millisecond}}

const (
	// freezeTime limits the wait for processes that do not stop, for example in an
	// uninterruptible system call, when no new ones appear.
	freezeTime = 200 * time.Millisecond

	// emptyScans limits how often a scan is repeated that found nothing while processes
	// started and ended. The limit is only reached on very busy machines.
	emptyScans = 10

	// killTime limits the wait for the end of killed processes.
	killTime = 5 * time.Second
)

// KillTree ends the command with the session leader leader, a child of this program
// that was not reaped yet. It may have ended; as long as it is not reaped, no other
// process and no other session can have its number. The caller reaps it afterwards.
//
// The tree is every process in the leader's session, every living descendant, and
// everything that shares a session with these. A process that has lost its parent and
// leads a session of its own is a daemon. It does not belong to the tree and survives,
// with everything in its session.
//
// The signal of each step goes to the whole tree; SIGKILL goes to what is left after
// the last step. The error names the processes that are still running, because they
// belong to another user or cannot be killed. After any other error, SIGKILL was sent
// to all processes that had been found.
//
// If this program is the init of a container, it becomes the parent of killed
// processes; these are reaped.
func KillTree(leader int, ladder []Step) error {
	if gone, err := isGone(leader); gone || err != nil {
		return err
	}
	t := tree{
		leader:   leader,
		members:  map[int]*member{},
		zombies:  map[int]bool{},
		sessions: map[int]uint64{leader: math.MaxUint64},
	}
	defer t.release()
	err := t.kill(ladder)
	t.signalAtOnce(syscall.SIGKILL) // after an error, too, nothing must stay stopped
	return err
}

// isGone reports whether a leader has ended and it is certain that nothing of its tree
// is left. Only a few callers at a time can check that: it is much work.
func isGone(leader int) (bool, error) {
	defer posix.Busy()()
	ended, err := hasEnded(leader)
	if err != nil {
		return false, err
	}
	if session, err := unix.Getsid(leader); err != nil || session != leader {
		return false, fmt.Errorf("wanted the leader of a session, got process %d of session %d", leader, session)
	}
	return ended && sessionIsEmpty(leader), nil
}

// tree is the processes of a command that were seen alive. They are remembered, because
// a process that was a descendant before its parent was killed has to die, too.
type tree struct {
	leader  int
	members map[int]*member // by pid
	added   int             // how many members there were in total
	zombies map[int]bool    // zombies seen in the leader's session

	// sessions are the sessions in which a member was seen, with the start time of the
	// first one. Members that end during the grace may leave children there, which look
	// like daemons otherwise.
	sessions map[int]uint64
}

// member is one process of a tree. The tree owns its pidfd.
type member struct {
	Stat
	pidfd  int
	denied error // why it cannot be signalled
}

func (t *tree) kill(ladder []Step) error {
	for _, step := range ladder {
		if err := t.scan(); err != nil || len(t.members) == 0 {
			return err
		}
		t.signal(step.Signal)
		t.signal(syscall.SIGCONT) // a stopped process reacts only to SIGKILL
		t.wait(step.Grace)
	}
	deadline := time.Now().Add(killTime)
	for {
		if err := t.freeze(deadline); err != nil || len(t.members) == 0 {
			return err
		}
		t.signalAtOnce(syscall.SIGKILL)
		t.wait(time.Until(deadline))
		if len(t.members) > 0 && (t.allDenied() || time.Now().After(deadline)) {
			return t.remaining()
		}
	}
}

// freeze stops the tree, until a scan finds no new and no running process. Killing
// running processes would race with their forks: a child that is created after the scan
// and leaves the session before its parent dies looks like a daemon. What cannot be
// stopped may continue to fork until the deadline.
func (t *tree) freeze(deadline time.Time) error {
	patience := time.Now().Add(freezeTime)
	for {
		known := t.added
		if err := t.scan(); err != nil {
			return err
		}
		now := time.Now()
		frozen := t.added == known && (t.allStopped() || now.After(patience))
		if frozen || now.After(deadline) {
			return nil
		}
		t.signalAtOnce(syscall.SIGSTOP)
		time.Sleep(time.Millisecond)
	}
}

// scan updates the members: those that have ended are removed, and new ones are added.
// A process that forks and ends during the scan can hide its child from it, so the scan
// counts only if nothing has ended meanwhile. Otherwise the leader's process group is
// stopped for the next scan.
func (t *tree) scan() error {
	for range emptyScans {
		settled, err := t.look()
		if err != nil || settled || len(t.members) > 0 {
			return err
		}
		t.signalAtOnce(syscall.SIGSTOP)
	}
	return nil
}

func (t *tree) look() (settled bool, err error) {
	t.dropEnded()
	all, vanished, err := snapshot()
	if err != nil {
		return false, err
	}
	settled = !vanished
	t.forgetReused(all)
	t.reapOrphans(all)
	for _, s := range all {
		if s.Dead() && s.Session == t.leader && s.PID != t.leader && !t.zombies[s.PID] {
			t.zombies[s.PID] = true
			settled = false
		}
	}
	for _, s := range t.find(all) {
		if m := t.members[s.PID]; m != nil && m.Start == s.Start {
			m.Stat = s
			t.note(s)
			continue
		}
		added, err := t.add(s)
		if err != nil {
			return false, err
		}
		settled = settled && added
	}
	return settled, nil
}

// note remembers the session of a member.
func (t *tree) note(s Stat) {
	if first, known := t.sessions[s.Session]; !known || s.Start < first {
		t.sessions[s.Session] = s.Start
	}
}

// forgetReused forgets sessions that have ended and whose number was used again: no
// process in a session is older than its leader.
func (t *tree) forgetReused(all []Stat) {
	for _, s := range all {
		if first, known := t.sessions[s.PID]; known && s.Session == s.PID && s.Start > first {
			delete(t.sessions, s.PID)
		}
	}
}

// reapOrphans reaps dead processes of the tree that have become children of this
// program. They can only be in sessions of the tree, which were created by the leader
// or a descendant, so nobody else waits for them.
func (t *tree) reapOrphans(all []Stat) {
	self := os.Getpid()
	for _, s := range all {
		_, ours := t.sessions[s.Session]
		if ours && s.Dead() && s.Parent == self && s.PID != t.leader {
			_, _ = unix.Wait4(s.PID, nil, unix.WNOHANG, nil)
		}
	}
}

// find returns the living processes of the tree: known members and sessions, then their
// children and the sessions of these.
func (t *tree) find(all []Stat) []Stat {
	self := os.Getpid()
	parents, sessions := map[int]bool{}, map[int]bool{}
	for pid := range t.members {
		parents[pid] = true
	}
	for session := range t.sessions {
		sessions[session] = true
	}
	for _, s := range all {
		if m := t.members[s.PID]; m != nil && m.Start != s.Start {
			delete(parents, s.PID) // the member has ended meanwhile, and its pid was reused
		}
	}
	isIn := func(s *Stat) bool {
		m := t.members[s.PID]
		return parents[s.Parent] || sessions[s.Session] || m != nil && m.Start == s.Start
	}
	var found []Stat
	rest := slices.DeleteFunc(all, func(s Stat) bool { return s.Dead() || s.PID == self })
	for grown := true; grown; {
		grown = false
		rest = slices.DeleteFunc(rest, func(s Stat) bool {
			if !isIn(&s) {
				return false
			}
			parents[s.PID], sessions[s.Session] = true, true
			found, grown = append(found, s), true
			return true
		})
	}
	return found
}

// add adds a process that a scan found, if it still exists.
func (t *tree) add(s Stat) (added bool, err error) {
	m, err := hold(s)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, os.ErrNotExist):
		return false, nil
	case errors.Is(err, unix.EMFILE) && len(t.members) > 0:
		return false, nil // it is added when some of the others are dead
	case err != nil:
		return false, fmt.Errorf("pidfd of process %d (%s): %w", s.PID, s.Comm, err)
	}
	t.members[s.PID] = m
	t.note(m.Stat)
	t.added++
	return true, nil
}

// hold opens a pidfd. The pid may belong to another process by now, so the process is
// checked again once the pidfd holds it.
func hold(s Stat) (*member, error) {
	pidfd, err := unix.PidfdOpen(s.PID, 0)
	if err != nil {
		return nil, err
	}
	again, err := ReadStat(s.PID)
	if err == nil && again.Start != s.Start {
		err = os.ErrNotExist
	}
	if err != nil {
		unix.Close(pidfd)
		return nil, err
	}
	return &member{Stat: again, pidfd: pidfd}, nil
}

// signalAtOnce signals the leader's process group and then the members. No list can
// keep up with a chain of processes that each fork the next and end, but the kernel
// signals a group atomically. The group belongs to the leader until the leader is
// reaped, and cannot extend beyond its session.
func (t *tree) signalAtOnce(sig syscall.Signal) {
	_ = syscall.Kill(-t.leader, sig)
	t.signal(sig)
}

func (t *tree) signal(sig syscall.Signal) {
	for _, m := range t.members {
		err := unix.PidfdSendSignal(m.pidfd, sig, nil, 0)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			m.denied = err
		}
	}
}

// wait returns when all members that got the signal have ended, or after d.
func (t *tree) wait(d time.Duration) {
	deadline := time.Now().Add(d)
	for {
		t.dropEnded()
		left := time.Until(deadline)
		if t.allDenied() || left <= 0 {
			return
		}
		fds, _ := t.pollSet(func(m *member) bool { return m.denied == nil })
		_, _ = posix.Wait(fds, left)
	}
}

// dropEnded removes the members that have ended, reaped or not.
func (t *tree) dropEnded() {
	fds, members := t.pollSet(func(*member) bool { return true })
	_, _ = unix.Poll(fds, 0)
	for i, m := range members {
		if fds[i].Revents != 0 {
			unix.Close(m.pidfd)
			delete(t.members, m.PID)
		}
	}
}

// pollSet prepares poll(2) on the pidfds of some members: a pidfd becomes readable when
// its process has ended.
func (t *tree) pollSet(wanted func(*member) bool) (fds []unix.PollFd, members []*member) {
	for _, m := range t.members {
		if wanted(m) {
			fds = append(fds, unix.PollFd{Fd: int32(m.pidfd), Events: unix.POLLIN})
			members = append(members, m)
		}
	}
	return fds, members
}

func (t *tree) allStopped() bool {
	for _, m := range t.members {
		if !m.Stopped() && m.denied == nil {
			return false
		}
	}
	return true
}

func (t *tree) allDenied() bool {
	for _, m := range t.members {
		if m.denied == nil {
			return false
		}
	}
	return true
}

// remaining is the error that names the processes that cannot be killed.
func (t *tree) remaining() error {
	var errs []error
	for _, m := range t.members {
		err := m.denied
		if err == nil {
			err = errors.New("it did not end after SIGKILL")
		}
		errs = append(errs, fmt.Errorf("process %d (%s) is still running: %w", m.PID, m.Comm, err))
	}
	return errors.Join(errs...)
}

func (t *tree) release() {
	for _, m := range t.members {
		unix.Close(m.pidfd)
	}
}
