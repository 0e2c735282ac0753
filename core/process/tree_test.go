package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestKillTreeOfALeaderThatLives(t *testing.T) {
	for name, script := range map[string]string{
		"alone":                  `echo up; exec sleep 1000`,
		"children":               `sleep 1000 & (sleep 1000; true) & echo up; wait`,
		"deaf":                   `trap "" HUP TERM; sleep 1000 & echo up; sleep 1000`,
		"job control":            `set -m; sleep 1000 & nohup sleep 1000 >&2 & echo up; wait`,
		"child in a session":     `setsid -w nohup sh -c 'echo up; sleep 1000' & wait`,
		"orphan in the session":  `(nohup sleep 1000 >&2 &) ; echo up; sleep 1000`,
		"orphan in a subsession": `setsid -w sh -c '(nohup sleep 1000 >&2 &); echo up; sleep 1000' & wait`,
		"stopped":                `sleep 1000 & kill -STOP $!; echo up; kill -STOP $$`,
		"first thread ended":     `setsid -w "$1" "$2" & wait`,
	} {
		t.Run(name, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			c := lead(t, script, self, reexec.Argument("headless"))
			c.said(1)
			c.kill(HangUp)
		})
	}
}

func TestKillTreeOfALeaderThatEnded(t *testing.T) {
	for name, script := range map[string]string{
		"nothing":     `exit 7`,
		"short child": `/bin/true; exit 7`,
		"nohup":       `nohup sleep 1000 >&2 & exit 7`,
		"job control": `set -m; nohup sh -c "sleep 1000; true" >&2 & exit 7`,
		"deaf":        `trap "" HUP TERM; (sleep 1000; true) & exit 7`,
	} {
		t.Run(name, func(t *testing.T) {
			c := lead(t, script)
			c.ended()
			c.kill(HangUp)
			if err := c.Wait(); c.ProcessState.ExitCode() != 7 {
				t.Errorf("the leader's status is gone: got %v, want 7", err)
			}
		})
	}
}

func TestKillTreeWhileItForks(t *testing.T) {
	for name, text := range map[string]string{
		"chain of orphans":     `trap "" HUP TERM; echo x; sh "$1/script" "$1" &`,
		"children in sessions": `trap "" HUP TERM; for i in $(seq 300); do setsid sleep 1000 & echo x; done; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "script"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			c := lead(t, `exec sh "$1/script" "$1"`, dir)
			c.said(20)
			c.kill(HangUp)
		})
	}
}

func TestDaemonLives(t *testing.T) {
	c := lead(t, `(setsid sh -c 'echo $$; exec sleep 1000' &); sleep 1000`)
	daemon, err := strconv.Atoi(c.said(1)[0])
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the daemon is an orphan", func() bool {
		s, err := ReadStat(daemon)
		if err != nil {
			t.Fatal(err)
		}
		parent, err := ReadStat(s.Parent)
		return err == nil && parent.Session != c.Process.Pid
	})
	if err := KillTree(c.Process.Pid, HangUp); err != nil {
		t.Error(err)
	}
	if left := c.survivors(); len(left) != 1 || left[0] != daemon {
		t.Errorf("got survivors %v, want the daemon %d", left, daemon)
	}
}

func TestLadderIsClimbedNoFurtherThanNeeded(t *testing.T) {
	c := lead(t, `trap "" HUP; trap "echo bye; exit" TERM; echo up; while :; do sleep 0.01; done`)
	c.said(1)
	start := time.Now()
	c.kill([]Step{{syscall.SIGHUP, 10 * time.Millisecond}, {syscall.SIGTERM, time.Minute}})
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v, though the command ended at once", took)
	}
	if got := c.said(2); !slices.Contains(got, "bye") {
		t.Errorf("got %q, want that the handler of SIGTERM ran", got)
	}
}

func TestKillTreeRefusesWhatIsNoLeader(t *testing.T) {
	reaped := exec.Command("true")
	if err := reaped.Run(); err != nil {
		t.Fatal(err)
	}
	plain := exec.Command("sleep", "1000")
	if err := plain.Start(); err != nil {
		t.Fatal(err)
	}
	defer plain.Wait()
	defer plain.Process.Kill()
	for name, pid := range map[string]int{
		"reaped": reaped.Process.Pid, "parent": os.Getppid(), "no leader": plain.Process.Pid,
	} {
		if err := KillTree(pid, nil); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if s, err := ReadStat(plain.Process.Pid); err != nil || s.Dead() {
		t.Errorf("a refused process was killed: %+v, %v", s, err)
	}
}

func TestKillTreeOfMembersThatForkInTheGrace(t *testing.T) {
	c := lead(t, `setsid sh -c 'trap "(trap \"\" HUP; exec sleep 1000) & exit" HUP; echo up; while :; do sleep 0.01; done' & wait`)
	c.said(1)
	c.kill(HangUp)
}

// A snapshot with a pid that was used twice cannot be created on purpose.
func TestAReusedPidIsNoParent(t *testing.T) {
	tree := tree{
		leader:   10,
		sessions: map[int]uint64{10: 1},
		members: map[int]*member{
			11: {Stat: Stat{PID: 11, Start: 1}},
			12: {Stat: Stat{PID: 12, Start: 1}},
		},
	}
	found := tree.find([]Stat{
		{PID: 11, Parent: 1, Session: 5, Start: 2, State: 'S', Threads: 1},
		{PID: 13, Parent: 11, Session: 5, Start: 3, State: 'S', Threads: 1},
		{PID: 14, Parent: 12, Session: 14, Start: 3, State: 'S', Threads: 1}, // 12 has ended since 14 was read
	})
	if len(found) != 1 || found[0].PID != 14 {
		t.Errorf("got %+v, want only process 14", found)
	}
}

func TestAReusedSessionIsAnothers(t *testing.T) {
	tree := tree{leader: 10, sessions: map[int]uint64{10: 1, 20: 5, 30: 5}}
	all := []Stat{
		{PID: 10, Parent: 1, Session: 10, Start: 1, State: 'Z', Threads: 1},
		{PID: 20, Parent: 1, Session: 20, Start: 9, State: 'S', Threads: 1}, // created when all processes of session 20 had ended
		{PID: 21, Parent: 20, Session: 20, Start: 10, State: 'S', Threads: 1},
		{PID: 31, Parent: 1, Session: 30, Start: 9, State: 'S', Threads: 1}, // left there by a member
	}
	tree.forgetReused(all)
	found := tree.find(all)
	if len(found) != 1 || found[0].PID != 31 {
		t.Errorf("got %+v, want only process 31", found)
	}
}

func TestKilledOrphansOfAnInitAreReaped(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	c := lead(t, `(nohup sleep 1000 >&2 &); (sleep 0.01 &); setsid -w sh -c 'sleep 1000 & echo up; wait' & exec sleep 1000`)
	c.said(1)
	c.kill(HangUp)
	if err := c.Wait(); err == nil {
		t.Error("the leader's status is gone")
	}
	all, _, err := snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Parent == os.Getpid() && s.Dead() {
			t.Errorf("a zombie is left: %+v", s)
		}
	}
}

func TestKillTreeWhereProcIsHidden(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount /proc anew")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hidden := exec.Command("unshare", "--mount", "--pid", "--fork", "sh", "-c",
		`mount -t proc -o hidepid=1 proc /proc && setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$1"`, self, reexec.Argument("hidden"))
	if out, err := hidden.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNobodyStaysStoppedWhenKillTreeFails(t *testing.T) {
	c := lead(t, `trap "" HUP; sleep 1000 & echo up; wait`)
	c.said(1)
	free := exhaustDescriptors(t)
	unix.Close(free[0]) // one is enough to list processes, but not to hold one of them
	err := KillTree(c.Process.Pid, HangUp)
	for _, fd := range free[1:] {
		unix.Close(fd)
	}
	if !errors.Is(err, unix.EMFILE) {
		t.Errorf("got %v, want %v", err, unix.EMFILE)
	}
	poll.Until(t, "all have died", func() bool { return len(c.survivors()) == 0 })
}

// exhaustDescriptors uses up all descriptors of this program until the test ends.
func exhaustDescriptors(t *testing.T) (taken []int) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = 100
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before) })
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return taken
		}
		taken = append(taken, fd)
	}
}
