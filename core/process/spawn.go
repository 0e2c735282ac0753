// Package process starts child processes and ends them, with everything that
// they started.
//
// [Start] starts a child that can be waited for and signalled. [KillTree] ends a
// command: every process in its session and every living descendant. [ReadStat] returns
// what the kernel knows about a process. [Spawn] is for code that starts processes in
// other ways.
//
// If a process that was itself started as a child runs in [Main], it can do what only
// the main thread may do. The words of this package:
//
//   - session leader: the first process of a session; the pid of the leader is the
//     number of the session. A terminal or a daemon begins with one.
//   - tree: what [KillTree] ends.
//   - ladder: the signals that a tree gets before SIGKILL, each with its grace, the
//     time that the tree may take to react.
//   - daemon: a process that has no parent here. A [Daemon] is known only by its pid, and
//     its exit status is unknown.
//   - death signal: what the kernel sends a child when its parent dies.
//   - lifeline: a socket between parent and child. A parent can pass its end on to
//     another parent, which it cannot do with a child. If a child was entrusted to its
//     lifeline, by [Entrust], the end of the lifeline counts as the death of its parent.
//   - pid file: a file with the pid of a daemon, which the daemon keeps locked.
package process

import (
	"math"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// spawner is the thread that starts the children of [Spawn]. The kernel sends
// SysProcAttr.Pdeathsig when the thread that forked ends, and the Go runtime ends
// threads at any time; this one lives as long as the program.
var spawner struct {
	once  sync.Once
	calls chan spawnCall
}

type spawnCall struct {
	start func() error
	done  chan<- error
}

// Spawn calls start, usually the Start method of an [os/exec.Cmd], on the thread that
// never ends, and returns its error. Children are started one after the other, so start
// must do nothing else and must not call Spawn.
//
// Descriptors that this program got from its own parent are not passed on to children,
// unless start requests it, as with ExtraFiles.
func Spawn(start func() error) error {
	spawner.once.Do(func() {
		spawner.calls = make(chan spawnCall)
		go serveSpawns(spawner.calls)
	})
	done := make(chan error, 1)
	spawner.calls <- spawnCall{start, done}
	return <-done
}

// SpawnHere is like Spawn, for a goroutine that is locked to its thread until it has
// reaped the child. It avoids switching threads.
func SpawnHere(start func() error) error {
	closeOnExec()
	return start()
}

// closeOnExec marks the descriptors that this program has inherited. Descriptors opened
// by Go are close-on-exec, but those that a shell or a CI runner left open are not.
// Kernels before 5.11 refuse this; their children see these descriptors.
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
