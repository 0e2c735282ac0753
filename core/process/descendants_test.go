package process

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// killDescendants is a subreaper with daemons and a shell that forks all the time. It kills
// all of them but for one shell with its child, and then this one.
func killDescendants([]string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	spared := exec.Command("sh", "-c", "sleep 6001 & wait")
	spared.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := spared.Start(); err != nil {
		return err
	}
	for _, script := range []string{
		"setsid sh -c 'setsid sleep 6002 & exec sleep 6003' & exit",
		"setsid sh -c 'while :; do setsid sleep 6004 & sleep 0.001; done' &",
		"trap '' TERM HUP INT; (sleep 6005 & wait) & exit",
	} {
		if err := exec.Command("sh", "-c", script).Run(); err != nil {
			return err
		}
	}
	poll.Holds(func() bool { return count(os.Getpid()) > 10 })
	err := KillDescendants(os.Getpid(), func(s Stat) bool { return s.PID == spared.Process.Pid })
	fmt.Println(count(os.Getpid()), err)
	if err := KillDescendants(os.Getpid(), nil); err != nil {
		return err
	}
	fmt.Println(count(os.Getpid()))
	zombies, err := Zombies(os.Getpid())
	fmt.Println(len(zombies), err)
	return nil
}

// count is the number of living descendants.
func count(pid int) (n int) {
	d := descendants{of: pid}
	all, _, err := snapshot()
	if err != nil {
		return -1
	}
	for _, s := range d.find(all) {
		if !s.Dead() {
			n++
		}
	}
	return n
}

func TestKillDescendants(t *testing.T) {
	out, err := reexec.Command("descendants").CombinedOutput()
	if want := "2 <nil>\n0\n0 <nil>\n"; err != nil || string(out) != want {
		t.Errorf("got %v, %q, wanted %q", err, out, want)
	}
	if left, _ := exec.Command("pgrep", "-f", "sleep 600[1-5]").Output(); strings.TrimSpace(string(left)) != "" {
		t.Errorf("left %s", left)
	}
}
