package lualib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"time"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	"avescript/lualib/vm"
)

// processModule is ave.network.process: Lua functions and classes in processes
// of their own.
var processModule = bind.Module{Name: "ave.network.process", Classes: []*bind.Class{&processClass}}

// processClass is Process. Its settings are fields of the object, so that they
// go to the child with it; its Go part is the *process.Child, which only the
// one has that started it.
var processClass = bind.Class{
	Name:   "Process",
	Params: "options?",
	Init:   initProcess,
	Methods: []bind.Fn{
		bind.Func("close_fds", "exclude", processCloseFds),
		bind.Func("disable_death_signalling", "", processDisableDeathSignalling),
		bind.Func("exit", "status?", processExit),
		bind.Func("handle_SIGUSR1", "signum", processHandleSIGUSR1),
		bind.Func("initialize", "", processNothing),
		bind.Func("is_alive", "", processIsAlive),
		bind.Func("join", "timeout?", processJoin),
		bind.Func("kill", "", processKill),
		bind.Func("log", "message", processLog),
		bind.Func("perform_prctl", "death_signal?", processPerformPrctl),
		bind.Func("redirect", "", processNothing),
		bind.Func("run", "...", processRun),
		bind.Func("start", "options?", processStart),
		bind.Func("terminate", "", processTerminate),
	},
	// Whoever gets a copy is not the parent, and has no Go part.
	Copy: bind.Copy{Stays: true},
}

// longestName is what the kernel keeps of a process's name.
const longestName = 15

func initProcess(c *bind.Call) error {
	var options struct {
		Target   *lua.LFunction `lua:"target"`
		Args     *lua.LTable    `lua:"args"`
		Logging  bool           `lua:"logging"`
		ProcName string         `lua:"proc_name"`
	}
	if err := c.Args(&options); err != nil {
		return err
	}
	if options.Target != nil {
		c.Self.RawSetString("target", options.Target)
	}
	if options.Args != nil {
		c.Self.RawSetString("args", options.Args)
	}
	setProcessFields(c.Self, options.Logging, options.ProcName)
	return nil
}

// setProcessFields sets what every process has.
func setProcessFields(self *lua.LTable, logging bool, name string) {
	if name == "" {
		name = "ave-" + bind.NameOf(self)
	}
	self.RawSetString("logging", lua.LBool(logging))
	if len(name) > longestName {
		cut := longestName
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	self.RawSetString("proc_name", lua.LString(name))
}

func processNothing(*bind.Call) error { return nil }

// processCloseFds ends the chain of close_fds methods, which have put the
// descriptors to keep into exclude.
func processCloseFds(c *bind.Call) error {
	var exclude *lua.LTable
	return c.Args(&exclude)
}

func processRun(c *bind.Call) error {
	return fmt.Errorf("%s has neither a target nor a method run", bind.NameOf(c.Self))
}

func processLog(c *bind.Call) error {
	var message string
	if err := c.Args(&message); err != nil {
		return err
	}
	logger(c.Self)(message)
	return nil
}

// logger prints messages if the process was made with logging. It may be used
// without the lock.
func logger(self *lua.LTable) func(message string) {
	if self.RawGetString("logging") != lua.LTrue {
		return func(string) {}
	}
	name := self.RawGetString("proc_name")
	return func(message string) {
		fmt.Fprintf(os.Stderr, "%s %s %d -- %s\n", time.Now().Format(time.ANSIC), name, os.Getpid(), message)
	}
}

func processStart(c *bind.Call) error {
	var options struct {
		Daemonize   bool `lua:"daemonize"`
		Synchronize bool `lua:"synchronize"`
	}
	if err := c.Args(&options); err != nil {
		return err
	}
	if started, ok := bind.Part[startedProcess](c.Self); ok && started.Alive() {
		return fmt.Errorf("%s:start: it is running already, as process %v", bind.NameOf(c.Self), c.Self.RawGetString("pid"))
	}
	kept, err := keptDescriptors(c)
	if err != nil {
		return err
	}
	work, err := closure.Pack(c.L, func(fd int) { kept[fd] = true }, map[string]lua.LValue{
		"self": c.Self,
	})
	if err != nil {
		return err
	}
	if len(work) >= MaxWork {
		return fmt.Errorf("%s:start: wanted less than %d bytes to copy to the process, got %d", bind.NameOf(c.Self), MaxWork, len(work))
	}
	launch := launch{kept: kept, daemon: options.Daemonize, deathSignal: deathSignal(c.L, c.Self)}
	link, child, err := launch.spawn()
	if err != nil {
		return err
	}
	var started startedProcess
	var pid int
	c.Unlocked(func(ctx context.Context) {
		started, pid, err = launch.handOver(ctx, link, child, work, options.Synchronize)
	})
	if err != nil || options.Daemonize {
		link.Close()
	} else {
		kinOf(c.L).add(kinsman{Pid: pid, Name: c.Self.RawGetString("proc_name").String(), process: started, lifeline: link})
	}
	vm.Made(c.L, vm.MadeProcess, pid)
	bind.Attach(c.L, c.Self, started)
	c.Self.RawSetString("pid", lua.LNumber(pid))
	return err
}

// startedProcess is the Go part of a Process in the process that started it: a
// *process.Child or a *process.Daemon.
type startedProcess interface {
	Alive() bool
	Ended() <-chan struct{}
	Signal(signal syscall.Signal) error
}

// deathSignal is what a child gets when its parent dies: SIGTERM if it wants to
// handle it, for which it has [process.LimitAfterlife].
func deathSignal(L *lua.LState, self *lua.LTable) syscall.Signal {
	if L.GetField(self, "handle_SIGTERM") != lua.LNil {
		return syscall.SIGTERM
	}
	return syscall.SIGKILL
}

// keptDescriptors asks the process's close_fds which ones the child inherits.
func keptDescriptors(c *bind.Call) (map[int]bool, error) {
	exclude := c.L.NewTable()
	bind.Method(c.L, c.Self, "close_fds", exclude)
	kept := map[int]bool{}
	for i := 1; i <= exclude.Len(); i++ {
		var fd int
		if err := bind.Unpack(c.L, exclude.RawGetInt(i), &fd); err != nil || fd < 0 || fd > math.MaxInt32 {
			return nil, exceptions.TypeError.Newf("%s:close_fds: wanted the number of a descriptor to exclude, got %v",
				bind.NameOf(c.Self), exclude.RawGetInt(i))
		}
		kept[fd] = true
	}
	return kept, nil
}

// childOf is the process of an object that can be waited for.
func childOf(self *lua.LTable) (startedProcess, error) {
	switch started, _ := bind.Part[startedProcess](self); started.(type) {
	case *process.Child, adopted:
		return started, nil
	case *process.Daemon:
		return nil, fmt.Errorf("%s is a daemon, process %v, which only init can wait for", bind.NameOf(self), self.RawGetString("pid"))
	}
	return nil, notStarted(self)
}

func startedOf(c *bind.Call) (startedProcess, error) {
	if started, ok := bind.Part[startedProcess](c.Self); ok {
		return started, nil
	}
	return nil, notStarted(c.Self)
}

func notStarted(self *lua.LTable) error {
	return errors.New(bind.NameOf(self) + " is not a child of this process, or was never started")
}

func processJoin(c *bind.Call) error {
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	child, err := childOf(c.Self)
	if err != nil {
		return err
	}
	var status any
	c.Unlocked(func(ctx context.Context) { status, err = join(ctx, child, timeout(limit)) })
	if err != nil {
		return err
	}
	return c.Return(status)
}

// join waits until a process ends that is a child here, or was adopted. The
// status of the latter nobody knows: it is nil.
func join(ctx context.Context, p startedProcess, timeout time.Duration) (status any, err error) {
	if a, ok := p.(adopted); ok {
		return nil, a.Wait(ctx, timeout)
	}
	return p.(*process.Child).Join(ctx, timeout)
}

func processIsAlive(c *bind.Call) error {
	started, err := startedOf(c)
	if err != nil {
		return err
	}
	return c.Return(started.Alive())
}

func processTerminate(c *bind.Call) error { return signalProcess(c, syscall.SIGTERM) }
func processKill(c *bind.Call) error      { return signalProcess(c, syscall.SIGKILL) }

func signalProcess(c *bind.Call, signal syscall.Signal) error {
	started, err := startedOf(c)
	if err != nil {
		return err
	}
	return started.Signal(signal)
}

// processPerformPrctl is called without a signal in every new process, which
// keeps the one that it was started with; 0 is none.
func processPerformPrctl(c *bind.Call) error {
	signal := -1
	if err := c.Args(&signal); err != nil {
		return err
	}
	if signal < 0 {
		return nil
	}
	return process.SetDeathSignal(syscall.Signal(signal))
}

func processDisableDeathSignalling(*bind.Call) error { return process.SetDeathSignal(0) }

// processExit ends the process at once, as os.exit does.
func processExit(c *bind.Call) error {
	status := 0
	if err := c.Args(&status); err != nil {
		return err
	}
	bind.Invoke(c.L, c.L.GetField(c.L.GetGlobal("os"), "exit"), status)
	return nil
}

// processHandleSIGUSR1 writes the hickup file.
func processHandleSIGUSR1(c *bind.Call) error {
	return writeHickup(c.L, c.Self)
}
