package leftovers

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// reapInterval is how long a dead child is left for another goroutine that may wait for
// it.
const reapInterval = 200 * time.Millisecond

// Reap waits for the adopted orphans that have died: as zombies they would look alive.
// It never returns. It leaves out the processes for which owned is true: these are
// children of code that waits for them itself.
func Reap(owned func(pid int) bool) {
	orphans := map[int]bool{}
	for range time.Tick(reapInterval) {
		orphans = reapOnce(orphans, owned)
	}
}

// reapOnce reaps the orphans that were dead at the last look and still are. It returns
// the ones found for the first time. On a busy machine it may take a while until the
// code that waits for a child continues.
func reapOnce(orphans map[int]bool, owned func(pid int) bool) map[int]bool {
	now := map[int]bool{}
	for _, pid := range zombies() {
		switch {
		case process.Owns(pid), owned(pid):
		case orphans[pid]:
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		default:
			now[pid] = true
		}
	}
	return now
}

// EndAll kills the descendants of this process. All of them become its children when
// their parents die.
func EndAll(within time.Duration) {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		children, err := process.Children(os.Getpid())
		if err != nil || len(children) == 0 {
			return
		}
		for _, child := range children {
			_ = unix.Kill(child.PID, unix.SIGKILL)
		}
	}
}

// zombies returns the children that have died.
func zombies() (pids []int) {
	dead, _ := process.Zombies(os.Getpid())
	for _, z := range dead {
		pids = append(pids, z.PID)
	}
	return pids
}
