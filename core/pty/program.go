// Package pty starts programs on pseudoterminals.
//
// [Start] makes a [Program] the leader of its own session. The replica of a new
// pseudoterminal is its input, output and controlling terminal. The caller has the
// master: what it writes is typed, and what it reads is the output of the program.
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

	"avescript/core/persona"
	"avescript/core/posix"
	"avescript/core/process"
)

// Options says how a program is started. The zero value is ready to use.
type Options struct {
	// Dir is the directory to run in; "" is the current one.
	Dir string

	// Env are settings "NAME=value" in addition to those of this program, or all
	// settings if ClearEnv is set. PATH in Env is only passed on: it does not affect
	// where the program is found.
	Env      []string
	ClearEnv bool

	// Size is the size of the terminal; zeros are replaced by DefaultSize.
	Size Size

	// User is the name or number of the user to run as; "" is the user of this program.
	// It requires root. The program gets all groups of the user; HOME, USER and LOGNAME
	// are set before Env.
	User string
}

// Program is a program on its own terminal. It must be killed and then closed.
//
// All methods except Close may be called at the same time. Those that wait do so with
// [posix.Wait].
type Program struct {
	Argv []string
	PID  int // of the session leader; not reused until Kill has reaped it

	// The replica is kept open, so that the master never reports the end of the output
	// while the program runs: the program may close its terminal and open it again as
	// /dev/tty. The replica is blocking, as programs expect of their terminal; the
	// master is not.
	master, replica, pidfd int

	interruption int // an eventfd, readable from Interrupt to Resume
	wait         waiter
	watch        watch
	end          end
}

// Start runs argv on a new pseudoterminal. The program is found in PATH unless its name
// has a slash. It inherits no other descriptors, ignores and blocks no signals, and is
// killed when this program dies. The error is a RunError.
func Start(argv []string, opts Options) (*Program, error) {
	return startRunning(argv, opts, process.Spawn, posix.Wait)
}

// StartHere is like Start, for a goroutine that is locked to its thread until it has
// killed the program. It avoids switching threads. Only that goroutine may call Read
// and AwaitEnd.
func StartHere(argv []string, opts Options) (*Program, error) {
	return startRunning(argv, opts, process.SpawnHere, pollHere)
}

// StartDetached starts a program and leaves it to the caller, who must wait for the pid
// and close the descriptor of the terminal's master, which is non-blocking. Closing it
// hangs up the program. The master returns EIO when no process has the terminal open
// any more.
func StartDetached(argv []string, opts Options) (pid, master int, err error) {
	p, err := start(argv, opts, func(_ *Program, fork func() error) error { return process.Spawn(fork) })
	if err != nil {
		return 0, -1, runError(argv, err)
	}
	_ = closeAll(p.replica, p.pidfd)
	return p.PID, p.master, nil
}

func startRunning(argv []string, opts Options, spawn func(fork func() error) error, wait waiter) (*Program, error) {
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
	p.interruption, p.wait = interruption, wait
	return p, nil
}

// spawner calls fork on a suitable thread.
type spawner func(p *Program, fork func() error) error

func start(argv []string, opts Options, spawn spawner) (*Program, error) {
	if err := checkWords(argv); err != nil {
		return nil, err
	}
	who, err := findUser(opts.User)
	if err != nil {
		return nil, err
	}
	path, p, err := prepare(argv, opts, who)
	if err != nil {
		return nil, err
	}
	if err := p.exec(path, opts, who, spawn); err != nil {
		_ = closeAll(p.master, p.replica)
		return nil, startFailure(err, opts.Dir)
	}
	return p, nil
}

// prepare finds the program and opens its terminal.
func prepare(argv []string, opts Options, who *persona.Account) (path string, p *Program, err error) {
	defer posix.Busy()()
	path = argv[0]
	if !strings.Contains(path, "/") {
		if path, err = exec.LookPath(path); err != nil {
			return "", nil, startFailure(err, "")
		}
	}
	p = &Program{Argv: argv}
	p.master, p.replica, err = openTerminal(opts.Size, who)
	return path, p, err
}

// exec starts the program at path. The pidfd is created with it, so this cannot fail
// later because no descriptor is left.
func (p *Program) exec(path string, opts Options, who *persona.Account, spawn spawner) error {
	terminal := uintptr(p.replica)
	attr := syscall.ProcAttr{
		Dir:   opts.Dir,
		Env:   environment(opts, who),
		Files: []uintptr{terminal, terminal, terminal},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Setctty:    true,
			Pdeathsig:  syscall.SIGKILL,
			Credential: credential(who),
			PidFD:      &p.pidfd,
		},
	}
	fork := func() (err error) {
		defer posix.Busy()()
		p.PID, err = syscall.ForkExec(path, p.Argv, &attr)
		return err
	}
	err := spawn(p, func() error { return process.WithDefaultSignals(fork) })
	if err != nil {
		return &os.PathError{Op: "start", Path: path, Err: err}
	}
	return nil
}

// Descriptors are the descriptors of the program in this process: the master, and those
// that belong to it.
func (p *Program) Descriptors() (master int, others []int) {
	return p.master, []int{p.replica, p.pidfd, p.interruption}
}

// Close closes the terminal, which hangs up every process that still has it. No other
// method may be waiting.
func (p *Program) Close() error {
	p.watch.stop()
	defer posix.Busy()()
	// The master is closed last: hanging up a terminal that nobody has is cheaper.
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
