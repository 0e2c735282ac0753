// Package process has the modules for processes: starting and ending them, their
// hickup files, and the user that they run as.
package process

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/launch"
	"avescript/core/printable"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	"avescript/lualib/vm"
)

// Module is ave.network.process: Lua functions and classes in processes
// of their own.
var Module = bind.Module{Name: "ave.network.process", Classes: []*bind.Class{&Class}}

// Class is Process. Its settings are fields of the object, so that they are copied
// to the child; its Go part is a launch.Process, which only the process has that
// started it.
var Class = bind.Class{
	Name:   "Process",
	Params: "options?",
	Init:   initProcess,
	Methods: []bind.Fn{
		bind.Func("close_fds", "exclude", processCloseFds),
		bind.Func("disable_death_signalling", "", processDisableDeathSignalling),
		bind.Func("exit", "status?", processExit),
		bind.Func("handle_SIGTERM", "signum?, frame?", processHandleSIGTERM),
		bind.Func("handle_SIGUSR1", "signum", processHandleSIGUSR1),
		bind.Func("initialize", "", processNothing),
		bind.Func("is_alive", "", processIsAlive),
		bind.Func("join", "timeout?", processJoin),
		bind.Func("kill", "", processKill),
		bind.Func("log", "message", processLog),
		bind.Func("perform_prctl", "death_signal?", processPerformPrctl),
		bind.Func("redirect", "", processNothing),
		bind.Func("run", "...", processRun),
		bind.Func("start", "options?", Start),
		bind.Func("terminate", "", processTerminate),
	},
	Meta: map[string]lua.LGFunction{"__tostring": processToString},
	// The copy is not the parent, so it has no Go part.
	Copy: bind.Copy{Stays: true},
}

// longestName is the length at which the kernel cuts the name of a process.
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
	SetFields(c.Self, options.Logging, options.ProcName)
	return nil
}

// SetFields sets the fields that every process has.
func SetFields(self *lua.LTable, logging bool, name string) {
	if name == "" {
		name = process.NamePrefix + bind.NameOf(self)
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

// processCloseFds is the end of the chain of close_fds methods, which have put the
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
	Logger(vm.Of(c.L), c.Self)(message)
	return nil
}

// Logger returns a function that prints messages if the process was made with
// logging. It can be called without the lock.
func Logger(v *vm.VM, self *lua.LTable) func(message string) {
	if self.RawGetString("logging") != lua.LTrue {
		return func(string) {}
	}
	return Reporter(v, self)
}

// Reporter returns a function that prints messages even without logging.
func Reporter(v *vm.VM, self *lua.LTable) func(message string) {
	out := v.Stderr()
	name := printable.Line(self.RawGetString("proc_name").String())
	return func(message string) {
		fmt.Fprintf(out, "%s %s %d -- %s\n", time.Now().Format(time.ANSIC), name, os.Getpid(), printable.Lines(message, printable.Indent))
	}
}

// Start is the method start of a Process: it starts this program again with a copy
// of the object, which does the object's work.
func Start(c *bind.Call) error {
	var options struct {
		Daemonize   bool `lua:"daemonize"`
		Synchronize bool `lua:"synchronize"`
	}
	if err := c.Args(&options); err != nil {
		return err
	}
	if started, ok := bind.Part[launch.Process](c.Self); ok && started.Alive() {
		return fmt.Errorf("%s:start: already running as process %v", bind.NameOf(c.Self), c.Self.RawGetString("pid"))
	}
	if err := CheckInitialized(c); err != nil {
		return err
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
	if len(work) >= launch.MaxWork {
		return fmt.Errorf("%s:start: the data to copy to the process is too large: %[3]d bytes, the limit is %[2]d", bind.NameOf(c.Self), launch.MaxWork, len(work))
	}
	spec := launch.Spec{Daemon: options.Daemonize, DeathSignal: deathSignal(c.L, c.Self)}
	if !options.Daemonize {
		spec.Output = vm.Of(c.L).ChildOutput
	}
	started, err := launchProcess(spec, kept)
	if err != nil {
		return err
	}
	var ready []byte
	c.Unlocked(func(ctx context.Context) { ready, err = started.HandOver(ctx, work, options.Synchronize) })
	if err != nil || options.Daemonize {
		started.Link.Close()
	} else {
		LivingOf(c.L).add(LivingProcess{Pid: started.Pid, Name: c.Self.RawGetString("proc_name").String(), Lifeline: started.Link, process: started.Process})
	}
	vm.Made(c.L, vm.MadeProcess, started.Pid)
	bind.Attach(c.Self, started.Process)
	c.Self.RawSetString("pid", lua.LNumber(started.Pid))
	if port, bad := strconv.Atoi(string(ready)); bad == nil {
		c.Self.RawSetString("port", lua.LNumber(port))
	}
	return err
}

// launchProcess starts a process that inherits descriptors under the same numbers.
func launchProcess(spec launch.Spec, kept map[int]bool) (*launch.Started, error) {
	spec.Files = map[int]*os.File{}
	for fd := range kept {
		if fd <= 2 {
			continue // every process has these
		}
		// A duplicate, because the file will be closed here.
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, fmt.Errorf("cannot inherit descriptor %d, which close_fds put into exclude: %w", fd, err)
		}
		file := os.NewFile(uintptr(dup), "inherited")
		defer file.Close()
		spec.Files[fd] = file
	}
	return launch.Start(spec)
}

// CheckInitialized returns an error if the init of the object's class did not call
// its parent's.
func CheckInitialized(c *bind.Call) error {
	if _, ok := c.Self.RawGetString("proc_name").(lua.LString); ok {
		return nil
	}
	class, _ := c.Self.Metatable.(*lua.LTable)
	for class.RawGetString("init") == lua.LNil && bind.ParentOf(class) != nil {
		class = bind.ParentOf(class)
	}
	name := class.RawGetString("__name").String()
	if parent := bind.ParentOf(class); parent != nil {
		return fmt.Errorf("%s: the object was never initialized: %s.init must call %s.init(self, ...)",
			bind.NameOf(c.Self), name, parent.RawGetString("__name"))
	}
	return fmt.Errorf("%s: the object was never initialized: it must be made by calling its class", bind.NameOf(c.Self))
}

// keptDescriptors asks the process's close_fds which descriptors the child
// inherits.
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

// ChildOf returns the process of an object, if this process can wait for it.
func ChildOf(self *lua.LTable) (launch.Process, error) {
	switch started, _ := bind.Part[launch.Process](self); started.(type) {
	case *process.Child, adopted:
		return started, nil
	case *process.Daemon:
		return nil, fmt.Errorf("%s is a daemon (process %v): only init can wait for it", bind.NameOf(self), self.RawGetString("pid"))
	}
	return nil, notStarted(self)
}

func startedOf(c *bind.Call) (launch.Process, error) {
	if started, ok := bind.Part[launch.Process](c.Self); ok {
		return started, nil
	}
	return nil, notStarted(c.Self)
}

func notStarted(self *lua.LTable) error {
	return errors.New(bind.NameOf(self) + " was not started by this process: call start first")
}

func processJoin(c *bind.Call) error {
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	child, err := ChildOf(c.Self)
	if err != nil {
		return err
	}
	var status any
	c.Unlocked(func(ctx context.Context) { status, err = Join(ctx, child, limit.Timeout()) })
	if err != nil {
		return err
	}
	return c.Return(status)
}

// Join waits until a child or an adopted process has ended. The status of an
// adopted process is not known: it is nil.
func Join(ctx context.Context, p launch.Process, timeout time.Duration) (status any, err error) {
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
	return WriteHickup(c.L, HickupHome(c.Self), c.Self.RawGetString("proc_name").String(), keysOf(c.Self))
}

func processToString(L *lua.LState) int {
	return bind.Show(L, State(L.CheckTable(1))...)
}

// State is what [bind.Show] shows of a process.
func State(self *lua.LTable) []string {
	pid := self.RawGetString("pid")
	if pid == lua.LNumber(os.Getpid()) {
		return []string{fmt.Sprintf("process %d", os.Getpid()), "this one"}
	}
	started, ok := bind.Part[launch.Process](self)
	if !ok {
		return []string{"not started"}
	}
	state := "running"
	if !started.Alive() {
		state = "ended"
		if child, ok := started.(*process.Child); ok {
			if status, err := child.Join(context.Background(), 0); err == nil {
				state = fmt.Sprintf("ended with status %d", status)
			}
		}
	}
	return []string{fmt.Sprintf("process %v", pid), state}
}
