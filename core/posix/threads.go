package posix

import (
	"math"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// The kernel counts threads as processes, whose number is limited for an account by
// RLIMIT_NPROC. The Go runtime creates threads as it needs them, and ends the program
// if it cannot. So there are limits for operations that need threads, and if
// RLIMIT_NPROC is low, the threads are created before commands use it up.

const (
	// mostThreads is how many threads may wait for commands at once.
	mostThreads = 64

	// threadShare is the share of the process limit that may be used for such threads.
	threadShare = 16

	// mostBusy is how many goroutines may start and end processes at once.
	mostBusy = 16

	// otherThreads are threads that the runtime needs for itself.
	otherThreads = 8
)

type bounds struct{ waiting, busy chan struct{} }

var limits = sync.OnceValue(func() bounds {
	waiting := mostThreads
	limit, limited := processLimit()
	if limited && limit < mostThreads*threadShare {
		waiting = max(limit/threadShare, 1)
	}
	b := bounds{make(chan struct{}, waiting), make(chan struct{}, min(mostBusy, waiting))}
	if waiting < mostThreads {
		makeThreads(cap(b.waiting) + cap(b.busy) + otherThreads)
	}
	return b
})

// processLimit is the process limit of the account of this process. It does not apply
// to root, but this process may become another user.
func processLimit() (limit int, limited bool) {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &l) != nil || l.Cur > math.MaxInt32 {
		return 0, false
	}
	return int(l.Cur), true
}

// makeThreads makes the runtime create n threads, which it keeps.
func makeThreads(n int) {
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	ready.Add(n)
	for range n {
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	close(release)
	done.Wait()
}

// TryThread reserves a thread for a goroutine that will wait on it, if not too many do
// so. It must be released.
func TryThread() (release func(), ok bool) {
	waiting := limits().waiting
	select {
	case waiting <- struct{}{}:
		return func() { <-waiting }, true
	default:
		return nil, false
	}
}

// Busy waits until not too many goroutines start or end processes, which needs threads,
// too. The caller does so then, and must not wait for anything before it calls done.
func Busy() (done func()) {
	busy := limits().busy
	busy <- struct{}{}
	return func() { <-busy }
}
