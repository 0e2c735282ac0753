package process

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/posix"
)

// A program inherits which signals are ignored and blocked. This one may have been
// started under nohup, or in the background of a script, where SIGINT and SIGQUIT are
// ignored. The processes that are a part of it inherit that. Programs on a terminal
// must obey the terminal, so they get the defaults.

// inherited are the signals that were ignored when this program was started, except
// those that the Go runtime always catches.
var inherited = sync.OnceValue(func() (signals []os.Signal) {
	var buf [4096]byte
	n, err := readFile("/proc/self/status", buf[:])
	if err != nil {
		return nil
	}
	set, _ := signalSet(buf[:n], "SigIgn")
	const last = 31 // the others do not come from terminals
	for s := syscall.Signal(1); s <= last; s++ {
		if set&(1<<(s-1)) != 0 {
			signals = append(signals, s)
		}
	}
	return signals
})

// starting is held while a program is started, if it matters which signals are ignored
// then.
var starting sync.Mutex

// WithDefaultSignals calls start, which starts a program that ignores and blocks no
// signal. The goroutine must be locked to its thread.
func WithDefaultSignals(start func() error) error {
	var old, none unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, nil, &old); err != nil {
		return os.NewSyscallError("sigprocmask", err)
	}
	if old != none {
		if err := unix.PthreadSigmask(unix.SIG_SETMASK, &none, nil); err != nil {
			return os.NewSyscallError("sigprocmask", err)
		}
		defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }()
	}
	if len(inherited()) == 0 {
		return start()
	}
	starting.Lock()
	defer starting.Unlock()
	// The kernel resets a caught signal to its default in a new program. Nobody reads
	// from the channel, so in this program the signal is still ignored.
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, inherited()...)
	defer ignoreAgain(unread)
	return start()
}

// ignoreAgain undoes Notify. [signal.Ignore] would also affect others, such as a prompt
// that has begun to handle SIGINT.
func ignoreAgain(unread chan os.Signal) {
	signal.Stop(unread)
	for _, s := range inherited() {
		if s != syscall.SIGHUP && s != syscall.SIGINT { // for these Go remembers that they were ignored
			signal.Ignore(s)
		}
	}
}

// WithInheritedSignals calls start, which starts a program that ignores the signals
// that were ignored when this one was started. It is not made for many calls at once.
func WithInheritedSignals(start func() error) error {
	if len(inherited()) > 0 {
		starting.Lock()
		defer starting.Unlock()
	}
	defer posix.Busy()()
	return start()
}
