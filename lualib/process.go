package lualib

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
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
		bind.Func("initialize", "", processNothing),
		bind.Func("is_alive", "", processIsAlive),
		bind.Func("join", "timeout?", processJoin),
		bind.Func("kill", "", processKill),
		bind.Func("log", "message", processLog),
		bind.Func("redirect", "", processNothing),
		bind.Func("run", "...", processRun),
		bind.Func("start", "options?", processStart),
		bind.Func("terminate", "", processTerminate),
	},
	// Whoever gets a copy is not the parent, and has no Go part.
	Copy: bind.Copy{Stays: true},
}

// ChildVariable is the environment variable by which a program knows that it
// was started as a child: the number of the descriptor to its parent.
const ChildVariable = "AVESCRIPT_CHILD"

// MaxWork is the longest message between a parent and its child, in bytes.
const MaxWork = 1 << 30

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
	self.RawSetString("proc_name", lua.LString(name[:min(len(name), longestName)]))
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
		Synchronize bool `lua:"synchronize"`
	}
	if err := c.Args(&options); err != nil {
		return err
	}
	if child, ok := bind.Part[*process.Child](c.Self); ok && child.Alive() {
		return fmt.Errorf("%s:start: it is running already, as process %d", bind.NameOf(c.Self), child.Pid)
	}
	kept, err := keptDescriptors(c)
	if err != nil {
		return err
	}
	work, err := closure.Pack(c.L, func(fd int) bool { return kept[fd] }, map[string]lua.LValue{
		"self": c.Self,
		"wait": lua.LBool(options.Synchronize),
	})
	if err != nil {
		return err
	}
	link, child, err := spawnInterpreter(kept)
	if err != nil {
		return err
	}
	bind.Attach(c.L, c.Self, child)
	c.Self.RawSetString("pid", lua.LNumber(child.Pid))
	c.Unlocked(func(ctx context.Context) { err = handOver(ctx, link, child, work, options.Synchronize) })
	return err
}

// keptDescriptors asks the process's close_fds which ones the child inherits.
func keptDescriptors(c *bind.Call) (map[int]bool, error) {
	exclude := c.L.NewTable()
	bind.Method(c.L, c.Self, "close_fds", exclude)
	kept := map[int]bool{}
	for i := 1; i <= exclude.Len(); i++ {
		var fd int
		if err := bind.Unpack(c.L, exclude.RawGetInt(i), &fd); err != nil || fd < 0 {
			return nil, exceptions.TypeError.Newf("%s:close_fds: %w as a descriptor to exclude", bind.NameOf(c.Self),
				bind.Mismatch("a whole number", exclude.RawGetInt(i)))
		}
		kept[fd] = true
	}
	return kept, nil
}

// spawnInterpreter starts this program anew, with a socket to it. The child has
// the descriptors in kept under the same numbers.
func spawnInterpreter(kept map[int]bool) (link *os.File, child *process.Child, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("start a process: %w", err)
	}
	link = os.NewFile(uintptr(pair[0]), "link to a child")
	theirs := os.NewFile(uintptr(pair[1]), "link to the parent")
	defer theirs.Close()

	files := map[int]*os.File{0: os.Stdin, 1: os.Stdout, 2: os.Stderr}
	for fd := range kept {
		if fd <= 2 {
			continue
		}
		// A duplicate, because the file will be closed here.
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			link.Close()
			return nil, nil, fmt.Errorf("descriptor %d, which close_fds excludes: %w", fd, err)
		}
		file := os.NewFile(uintptr(dup), "inherited")
		defer file.Close()
		files[fd] = file
	}
	number := 3
	for kept[number] {
		number++
	}
	files[number] = theirs

	child, err = process.Start(process.Spec{
		Path:        "/proc/self/exe",
		Args:        os.Args[:1],
		Env:         append(os.Environ(), fmt.Sprintf("%s=%d", ChildVariable, number)),
		Files:       files,
		DeathSignal: syscall.SIGTERM,
	})
	if err != nil {
		link.Close()
		return nil, nil, err
	}
	return link, child, nil
}

// handOver gives the child its work and, when it should, waits until it says
// that it is ready: an empty message, or the exception that its initialization
// ended with.
func handOver(ctx context.Context, link *os.File, child *process.Child, work []byte, synchronize bool) error {
	defer link.Close()
	defer context.AfterFunc(ctx, func() { link.SetDeadline(time.Unix(1, 0)) })()
	err := connection.WriteFrame(link, work)
	if err != nil && !synchronize {
		return fmt.Errorf("the new process %d took no work: %w", child.Pid, err)
	}
	if !synchronize {
		return nil
	}
	answer, err := connection.NewFrameReader(link, MaxWork).Next()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		status, joinErr := child.Join(ctx, 10*time.Second)
		if joinErr != nil {
			return joinErr
		}
		return fmt.Errorf("the new process %d ended before it was initialized, with status %d", child.Pid, status)
	case len(answer) == 0:
		return nil
	}
	exception, err := exceptions.Parse(answer)
	if err != nil {
		return err
	}
	return exception
}

func childOf(c *bind.Call) (*process.Child, error) {
	child, ok := bind.Part[*process.Child](c.Self)
	if !ok {
		return nil, errors.New(bind.NameOf(c.Self) + " is not a child of this process, or was never started")
	}
	return child, nil
}

func processJoin(c *bind.Call) error {
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	child, err := childOf(c)
	if err != nil {
		return err
	}
	var status int
	c.Unlocked(func(ctx context.Context) { status, err = child.Join(ctx, timeout(limit)) })
	if err != nil {
		return err
	}
	return c.Return(status)
}

func processIsAlive(c *bind.Call) error {
	child, err := childOf(c)
	if err != nil {
		return err
	}
	return c.Return(child.Alive())
}

func processTerminate(c *bind.Call) error { return signalChild(c, syscall.SIGTERM) }
func processKill(c *bind.Call) error      { return signalChild(c, syscall.SIGKILL) }

func signalChild(c *bind.Call, signal syscall.Signal) error {
	child, err := childOf(c)
	if err != nil {
		return err
	}
	return child.Signal(signal)
}
