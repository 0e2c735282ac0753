package leftovers

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// reapInterval is how long a dead child is left to who may be waiting for it.
const reapInterval = 200 * time.Millisecond

// Reap waits for the orphans that this process has adopted, when they have died:
// as zombies they would look alive. It never returns. Those of which owned holds
// are somebody's own children, who waits for them when he likes.
func Reap(owned func(pid int) bool) {
	before := map[int]bool{}
	for range time.Tick(reapInterval) {
		now := map[int]bool{}
		for _, pid := range zombies() {
			now[pid] = true
			if before[pid] && !owned(pid) {
				_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
			}
		}
		before = now
	}
}

// EndAll kills the descendants of this process, which all become its children when
// their parents die.
func EndAll(within time.Duration) {
	for deadline := time.Now().Add(within); hasChildren() && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		children, err := process.Children(os.Getpid())
		if err != nil || len(children) == 0 {
			return
		}
		for _, child := range children {
			_ = unix.Kill(child.PID, unix.SIGKILL)
		}
	}
}

// zombies are the children that have died. That there are none is known from one
// system call.
func zombies() (pids []int) {
	if !hasChildren() {
		return nil
	}
	dead, _ := process.Zombies(os.Getpid())
	for _, z := range dead {
		pids = append(pids, z.PID)
	}
	return pids
}

// hasChildren tells whether there are any, dead or alive.
func hasChildren() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return !errors.Is(err, unix.ECHILD)
}
