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
)

// Step is one rung of the ladder that a tree is killed by: a signal, and how
// long the tree may take to act on it.
type Step struct {
	Signal syscall.Signal
	Grace  time.Duration
}

// HangUp is the ladder of a terminal that goes away.
var HangUp = []Step{{syscall.SIGHUP, 100 * time.Millisecond}}

const (
	// freezeTime bounds the wait for processes that don't stop, such as one in
	// an uninterruptible system call, when there are no new ones any more.
	freezeTime = 200 * time.Millisecond

	// emptyScans bounds how often a scan is repeated that found nothing while
	// processes came and went. It is reached on very busy machines only.
	emptyScans = 10

	// killTime bounds the wait for killed processes to be gone.
	killTime = 5 * time.Second
)

// KillTree ends the command whose session leader is leader, a child of this
// program that has not been reaped yet. It may have ended; as nobody has waited
// for it, its pid cannot be another's, and neither can its session. The caller
// reaps it afterwards.
//
// The tree is every process in the leader's session, every living descendant,
// and what shares a session with these. A process that has lost its parent and
// leads a session of its own is a daemon, no part of the tree, and lives, with
// all in that session.
//
// Each step's signal goes to the whole tree; SIGKILL goes to those that are
// left after the last step. The error names the processes that remain, if they
// are another user's or cannot be killed. If it is another one then SIGKILL has
// gone to all that were found by then.
//
// Killed processes whose parent has become this program, because it is the init
// of a container, are reaped.
func KillTree(leader int, ladder []Step) error {
	ended, err := hasEnded(leader)
	if err != nil {
		return err
	}
	if session, err := unix.Getsid(leader); err != nil || session != leader {
		return fmt.Errorf("wanted the leader of a session, got process %d of session %d", leader, session)
	}
	if ended && sessionIsEmpty(leader) {
		return nil
	}
	t := tree{
		leader:   leader,
		members:  map[int]*member{},
		zombies:  map[int]bool{},
		sessions: map[int]uint64{leader: math.MaxUint64},
	}
	defer t.release()
	err = t.kill(ladder)
	t.signalAtOnce(syscall.SIGKILL) // whatever has failed, nobody stays stopped for ever
	return err
}

// tree is the processes of a command that were seen alive. They are remembered,
// because one that was a descendant before its parent was killed is to die too.
type tree struct {
	leader  int
	members map[int]*member // by pid
	added   int             // how many members there ever were
	zombies map[int]bool    // those seen in the leader's session

	// sessions are those in which a member was ever seen, with the start of the
	// first one. Members that end in the grace may leave children there that
	// nothing else tells from daemons.
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
		t.signal(syscall.SIGCONT) // who is stopped acts on nothing but SIGKILL
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

// freeze stops the tree, until a scan finds nobody new and nobody that runs.
// Killing processes that still run would race with their forks: a child that is
// made after the scan and leaves the session before its parent dies looks like
// a daemon. What cannot be stopped may go on forking until the deadline.
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

// scan brings the members up to date: those that have ended are dropped, those
// that are new are added. A process that forks and ends during the scan can
// hide its child from it, so a scan that finds nothing is believed only if
// nothing ended meanwhile. Otherwise the leader's group is made to hold still
// for the next one.
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

// note notes the session of a member.
func (t *tree) note(s Stat) {
	if first, known := t.sessions[s.Session]; !known || s.Start < first {
		t.sessions[s.Session] = s.Start
	}
}

// forgetReused forgets the sessions that have ended and whose number is another's
// by now: nobody in a session is older than its leader.
func (t *tree) forgetReused(all []Stat) {
	for _, s := range all {
		if first, known := t.sessions[s.PID]; known && s.Session == s.PID && s.Start > first {
			delete(t.sessions, s.PID)
		}
	}
}

// reapOrphans reaps the dead of the tree that have become children of this
// program. No other child of it can be in one of the tree's sessions, all of
// which the leader or a descendant has made; so nobody else waits for these.
func (t *tree) reapOrphans(all []Stat) {
	self := os.Getpid()
	for _, s := range all {
		_, ours := t.sessions[s.Session]
		if ours && s.Dead() && s.Parent == self && s.PID != t.leader {
			_, _ = unix.Wait4(s.PID, nil, unix.WNOHANG, nil)
		}
	}
}

// find gives the living processes of the tree: known members and sessions, and
// from there on to children and to their sessions.
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
			delete(parents, s.PID) // the member has ended since, and its pid is another's
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

// add adds a process that a scan found, if it is still there.
func (t *tree) add(s Stat) (added bool, err error) {
	m, err := hold(s)
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, os.ErrNotExist):
		return false, nil
	case errors.Is(err, unix.EMFILE) && len(t.members) > 0:
		return false, nil // its turn comes when some of the others are dead
	case err != nil:
		return false, fmt.Errorf("pidfd of process %d (%s): %w", s.PID, s.Comm, err)
	}
	t.members[s.PID] = m
	t.note(m.Stat)
	t.added++
	return true, nil
}

// hold opens a process. Its pid may be another's by now, so who it is gets
// asked again when the pidfd holds it.
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

// signalAtOnce signals the leader's process group and then the members. No list
// keeps up with a chain of processes that each fork the next and end; the
// kernel signals a group atomically. The group is the leader's for as long as
// the leader is not reaped, and cannot reach beyond its session.
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

// wait returns when every member that took its signal has ended, or d is over.
func (t *tree) wait(d time.Duration) {
	deadline := time.Now().Add(d)
	for {
		t.dropEnded()
		left := time.Until(deadline).Milliseconds()
		if t.allDenied() || left <= 0 {
			return
		}
		fds, _ := t.pollSet(func(m *member) bool { return m.denied == nil })
		_, _ = unix.Poll(fds, int(left)) // an interruption only comes round again
	}
}

// dropEnded forgets the members that have ended, reaped or not.
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

// pollSet is for poll(2) on the pidfds of some members: one becomes readable
// when its process has ended.
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
			err = errors.New("did not die of SIGKILL")
		}
		errs = append(errs, fmt.Errorf("process %d (%s) is left: %w", m.PID, m.Comm, err))
	}
	return errors.Join(errs...)
}

func (t *tree) release() {
	for _, m := range t.members {
		unix.Close(m.pidfd)
	}
}
