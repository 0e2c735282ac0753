// Package process starts child processes and ends them, with everything that
// they started.
//
// [Spawn] starts a child so that a parent-death signal means the death of this
// program and not of one of its threads. [KillTree] ends a command: every
// process in its session and every living descendant. [ReadStat] tells what
// the kernel knows of a process.
package process

import (
	"math"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// spawner is the thread that starts the children of [Spawn]. The kernel sends
// SysProcAttr.Pdeathsig when the thread that forked ends, and the Go runtime
// ends threads as it likes; this one lives as long as the program.
var spawner struct {
	once  sync.Once
	calls chan spawnCall
}

type spawnCall struct {
	start func() error
	done  chan<- error
}

// Spawn calls start, usually the Start method of an [os/exec.Cmd], on the one
// thread that never ends, and returns its error. Children are started one after
// the other, so start must do no more than that and must not call Spawn.
//
// Descriptors that this program was given by its own parent are not passed on
// to children, unless start asks for it as with ExtraFiles.
func Spawn(start func() error) error {
	spawner.once.Do(func() {
		spawner.calls = make(chan spawnCall)
		go serveSpawns(spawner.calls)
	})
	done := make(chan error, 1)
	spawner.calls <- spawnCall{start, done}
	return <-done
}

// SpawnHere is Spawn for a goroutine that is locked to its thread, and stays so
// until it has reaped the child. It spares switches between threads.
func SpawnHere(start func() error) error {
	closeOnExec()
	return start()
}

// closeOnExec marks the descriptors that this program was given. What Go opens
// is close-on-exec from the start; what a shell or a CI runner left open in us
// is not. Kernels before 5.11 refuse, and their children then see those
// descriptors.
var closeOnExec = sync.OnceFunc(func() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
})

func serveSpawns(calls <-chan spawnCall) {
	runtime.LockOSThread()
	closeOnExec()
	for call := range calls {
		call.done <- call.start()
	}
}
