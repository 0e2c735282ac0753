// Package pty starts programs on pseudoterminals.
//
// [Start] makes a [Program] the leader of a session of its own, with the
// replica of a new pseudoterminal as its input, output and controlling
// terminal. Whoever has started it holds the master: what is written there is
// typed, what is read is what the program says.
//
//	p, err := pty.Start([]string{"sh"}, pty.Options{})
//	...
//	defer p.Close()
//	for {
//		n, err := p.Read(buf) // until io.EOF: the program has ended
//		...
//	}
//	status, err := p.Kill(process.HangUp) // what it has left behind; reaps it
//	err = p.Drain(use)                    // what they wrote last
package pty

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// Options are how a program is started. The zero value is good.
type Options struct {
	// Dir is the directory to run in, the current one if empty.
	Dir string

	// Env are settings "NAME=value" above those of this program, or all that
	// there are if ClearEnv. PATH among them is the program's, it does not say
	// where the program is found.
	Env      []string
	ClearEnv bool

	// Size is that of the terminal; a zero is as good as DefaultSize's.
	Size Size

	// User is the name or the number of the user to run as, this program's if
	// empty. It needs root. The program gets all groups of the user, and HOME,
	// USER and LOGNAME below Env.
	User string
}

// Program is a program on a terminal of its own. It must be killed and then
// closed.
//
// All methods but Close may be called at the same time. Those that wait take up
// a thread while they do: to be woken by the network poller instead would make a
// short command half as long again.
type Program struct {
	Argv []string
	PID  int // of the session leader; its own until Kill has reaped it

	// The program's descriptors. The replica is kept open, so that the master
	// never reports an end of output while the program lives, which may close
	// its terminal and open it again as /dev/tty. It is blocking, as programs
	// expect their terminal to be; the master is not.
	master, replica, pidfd int

	interruption int // an eventfd, readable from Interrupt to Resume
	watch        watch
	end          end
}

// Start runs argv on a new pseudoterminal. The program is found in PATH unless
// its name has a slash. It inherits no other descriptors, and is killed when
// this program dies. The error is a RunError.
func Start(argv []string, opts Options) (*Program, error) {
	return startRunning(argv, opts, process.Spawn)
}

// StartHere is Start for a goroutine that is locked to its thread, and stays so
// until it has killed the program. It spares switches between threads.
func StartHere(argv []string, opts Options) (*Program, error) {
	return startRunning(argv, opts, process.SpawnHere)
}

// StartDetached starts a program that is left to the caller, who must wait for
// the pid and close the descriptor of its terminal's master, which is
// non-blocking. Closing that hangs the program up. The master gives EIO when
// nobody has the terminal open any more.
func StartDetached(argv []string, opts Options) (pid, master int, err error) {
	p, err := start(argv, opts, func(_ *Program, fork func() error) error { return process.Spawn(fork) })
	if err != nil {
		return 0, -1, runError(argv, err)
	}
	_ = closeAll(p.replica, p.pidfd)
	return p.PID, p.master, nil
}

func startRunning(argv []string, opts Options, spawn func(fork func() error) error) (*Program, error) {
	interruption, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, runError(argv, fmt.Errorf("eventfd: %w", scarcity(err)))
	}
	p, err := start(argv, opts, func(p *Program, fork func() error) error {
		return running.add(p, func() error { return spawn(fork) })
	})
	if err != nil {
		_ = closeAll(interruption)
		return nil, runError(argv, err)
	}
	p.interruption = interruption
	return p, nil
}

// spawner calls fork on the right thread.
type spawner func(p *Program, fork func() error) error

func start(argv []string, opts Options, spawn spawner) (*Program, error) {
	if err := checkWords(argv); err != nil {
		return nil, err
	}
	who, err := findUser(opts.User)
	if err != nil {
		return nil, err
	}
	path := argv[0]
	if !strings.Contains(path, "/") {
		if path, err = exec.LookPath(path); err != nil {
			return nil, startFailure(err, "")
		}
	}
	master, replica, err := openTerminal(opts.Size, who)
	if err != nil {
		return nil, err
	}
	p := &Program{Argv: argv, master: master, replica: replica}
	if err := p.exec(path, opts, who, spawn); err != nil {
		_ = closeAll(master, replica)
		return nil, startFailure(err, opts.Dir)
	}
	return p, nil
}

// exec starts the program at path. Its pidfd comes with it, so that there is no
// descriptor to run out of afterwards.
func (p *Program) exec(path string, opts Options, who *account, spawn spawner) error {
	terminal := uintptr(p.replica)
	attr := syscall.ProcAttr{
		Dir:   opts.Dir,
		Env:   environment(opts, who),
		Files: []uintptr{terminal, terminal, terminal},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Setctty:    true,
			Pdeathsig:  syscall.SIGKILL,
			Credential: who.credential(),
			PidFD:      &p.pidfd,
		},
	}
	err := spawn(p, func() (err error) {
		p.PID, err = syscall.ForkExec(path, p.Argv, &attr)
		return err
	})
	if err != nil {
		return &os.PathError{Op: "start", Path: path, Err: err}
	}
	return nil
}

// Signal sends a signal to the program itself.
func (p *Program) Signal(signal syscall.Signal) error {
	return unix.PidfdSendSignal(p.pidfd, signal, nil, 0)
}

// Descriptors are those that the program takes up here: the master's, and what goes
// with it.
func (p *Program) Descriptors() (master int, others []int) {
	return p.master, []int{p.replica, p.pidfd, p.interruption}
}

// Close closes the terminal, which hangs up whoever still has it. Nobody may be
// waiting in another method.
func (p *Program) Close() error {
	p.watch.stop()
	// The master comes last: it is cheaper to hang up a terminal that nobody has.
	return closeAll(p.replica, p.master, p.pidfd, p.interruption)
}

func closeAll(fds ...int) (err error) {
	for _, fd := range fds {
		if closeErr := unix.Close(fd); err == nil {
			err = closeErr
		}
	}
	return err
}
