package leftovers

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// startDead starts a child and waits until it is dead, without reaping it.
func startDead(t *testing.T) *os.Process {
	t.Helper()
	child, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "exit 3"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, child.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	return child
}

// On a busy machine, the code that waits for a child may continue late.
func TestOnlyOrphansAreReaped(t *testing.T) {
	nobodys, somebodys := startDead(t), startDead(t)
	defer process.Own(somebodys.Pid)()
	orphans := map[int]bool{}
	for range 3 {
		orphans = reapOnce(orphans, func(int) bool { return false })
	}
	if state, err := somebodys.Wait(); err != nil || state.ExitCode() != 3 {
		t.Errorf("a child that somebody waits for: got %v, %v", state, err)
	}
	if _, err := nobodys.Wait(); !errors.Is(err, unix.ECHILD) {
		t.Errorf("an orphan was not reaped: got %v", err)
	}
}
