// Package child is the other side of Process:start: what a program does that
// was started to run a part of a script.
package child

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/process"
	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Main returns at once in a program that is no child. Otherwise it does the
// child's work and exits. It must come before anything that takes time.
func Main() {
	number, ok := os.LookupEnv(lualib.ChildVariable)
	if !ok {
		return
	}
	os.Unsetenv(lualib.ChildVariable) // for the child's own children
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		fmt.Fprintf(os.Stderr, "avescript: %s must be a descriptor, got %q\n", lualib.ChildVariable, number)
		os.Exit(2)
	}
	syscall.CloseOnExec(fd)
	link := os.NewFile(uintptr(fd), "link to the parent")
	if kept, ok := os.LookupEnv(lualib.DaemonVariable); ok {
		os.Exit(startDaemon(link, fd, kept))
	}
	os.Exit(process.Main(func() int { return run(link) }))
}

// endQuietly has SIGQUIT, which a terminal sends to its whole foreground group,
// end the process without a dump of Go's stacks.
func endQuietly() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGQUIT)
	go func() {
		<-signals
		const signalled = 128
		os.Exit(signalled + int(syscall.SIGQUIT))
	}()
}

// init keeps the main goroutine of a child on the main thread: see
// [process.Main].
func init() {
	if _, ok := os.LookupEnv(lualib.ChildVariable); ok {
		runtime.LockOSThread()
	}
}

// startDaemon starts this program once more, as the leader of a session, and
// returns: the new process then belongs to init.
func startDaemon(link *os.File, fd int, kept string) int {
	os.Unsetenv(lualib.DaemonVariable)
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	inherit := func(fd int, file *os.File) {
		for len(files) <= fd {
			files = append(files, nil)
		}
		files[fd] = file
	}
	inherit(fd, link)
	for number := range strings.SplitSeq(kept, ",") {
		if n, err := strconv.Atoi(number); err == nil {
			inherit(n, os.NewFile(uintptr(n), "inherited"))
		}
	}
	daemon, err := os.StartProcess("/proc/self/exe", os.Args[:1], &os.ProcAttr{
		Env:   append(os.Environ(), fmt.Sprintf("%s=%d", lualib.ChildVariable, fd)),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "avescript: start a daemon: %v\n", err)
		return 1
	}
	if connection.WriteFrame(link, []byte(strconv.Itoa(daemon.Pid))) != nil {
		return 1 // the parent has gone
	}
	return 0
}

// run does the work that comes over the link and returns the exit status.
func run(link *os.File) int {
	user := make(chan os.Signal, 1)
	var signals sync.WaitGroup
	signals.Go(func() { // beside what follows: the runtime starts a thread for signals
		endQuietly()
		signal.Notify(user, syscall.SIGUSR1)
	})
	frames := connection.NewFrameReader(link, lualib.MaxWork)
	frames.Exact = true // what comes after the work is for FollowLifeline
	work, err := frames.Next()
	if err != nil || len(work) == 0 {
		return 1 // the parent has gone
	}
	awaited := work[0] == 1
	v := lualib.New(vm.Stdio{})
	var self *lua.LTable
	err = v.Do(context.Background(), func(L *lua.LState) error {
		values, err := closure.Unpack(L, work[1:])
		if err != nil {
			return err
		}
		self = values["self"].(*lua.LTable)
		if err := adopt(L, self); err != nil {
			return err
		}
		handleTerm(L, self)
		handleUser(L, self, user)
		signals.Wait()
		bind.Method(L, self, "perform_prctl")
		bind.Method(L, self, "redirect")
		bind.Method(L, self, "initialize")
		return nil
	})
	if awaited {
		if told := tell(v, link, err); err != nil || told != nil {
			v.Finish()
			return 1 // the parent raises the error, or is no more
		}
	}
	go process.FollowLifeline(link, afterlife)
	if err == nil {
		err = v.Do(context.Background(), func(L *lua.LState) error {
			perform(L, self)
			return nil
		})
	}
	v.Finish()
	if err != nil {
		script.Report(os.Stderr, v, err, false)
		return 1
	}
	return 0
}

// adopt makes the process what its object says.
func adopt(L *lua.LState, self *lua.LTable) error {
	self.RawSetString("pid", lua.LNumber(os.Getpid()))
	if name, ok := self.RawGetString("proc_name").(lua.LString); ok {
		// The name of the main thread is that of the process.
		if err := os.WriteFile("/proc/self/comm", []byte(name), 0); err != nil {
			return fmt.Errorf("name the process %q: %w", string(name), err)
		}
	}
	return nil
}

// afterlife is how long handle_SIGTERM may take when the parent has died. The
// child of one that was killed ends within a second.
const afterlife = time.Second / 2

// handleTerm has SIGTERM call the process's handle_SIGTERM, if its class has
// one, also while the script loops. Without it the signal ends the process.
func handleTerm(L *lua.LState, self *lua.LTable) {
	if L.GetField(self, "handle_SIGTERM") == lua.LNil {
		return
	}
	if err := process.LimitAfterlife(afterlife); err != nil {
		fmt.Fprintf(os.Stderr, "avescript: %v\n", err)
	}
	v := vm.Of(L)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		for range signals {
			v.Post(func(L *lua.LState) { bind.Method(L, self, "handle_SIGTERM", int(syscall.SIGTERM)) },
				func(err error) { failHandler(v, self, err) })
		}
	}()
}

// handleUser has SIGUSR1, which signals receives, call the process's
// handle_SIGUSR1, which writes the hickup file. If the script holds the lock in
// a Go function there can be no more in it than Go's stacks.
func handleUser(L *lua.LState, self *lua.LTable, signals <-chan os.Signal) {
	v := vm.Of(L)
	home, name := lualib.HickupHome(self), self.RawGetString("proc_name").String()
	report := func(err error) {
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: SIGUSR1: %v\n", name, err)
		}
	}
	go func() {
		for range signals {
			done := make(chan struct{})
			v.Post(func(L *lua.LState) {
				defer close(done)
				// Whatever is wrong with it, the script goes on.
				report(vm.Within(L, context.Background(), func(L *lua.LState) error {
					bind.Method(L, self, "handle_SIGUSR1", int(syscall.SIGUSR1))
					return nil
				}))
			}, report)
			select {
			case <-done:
			case <-time.After(lualib.HickupGrace):
				report(lualib.WriteStuckHickup(home, name))
				<-done
			}
		}
	}()
}

// failHandler ends the process when a signal handler has raised an error while
// the script was waiting. A service that is running ends by an Exit as if one of
// its methods had raised it.
func failHandler(v *vm.VM, self *lua.LTable, err error) {
	if lualib.EndService(v, self, bind.AsException(v, err)) {
		return
	}
	v.Finish()
	script.Report(os.Stderr, v, err, false)
	os.Exit(1)
}

// tell answers the parent, which need not be waiting: nothing if err is nil,
// and otherwise the exception. Its own error is that the parent has gone.
func tell(v *vm.VM, link *os.File, err error) error {
	var answer []byte
	if err != nil {
		var bad error
		if answer, bad = json.Marshal(bind.AsException(v, err)); bad != nil {
			answer, _ = json.Marshal(err.Error())
		}
	}
	return connection.WriteFrame(link, answer)
}

// perform calls the target, or else run, with the arguments.
func perform(L *lua.LState, self *lua.LTable) {
	var args []any
	if list, ok := L.GetField(self, "args").(*lua.LTable); ok {
		for i := 1; i <= list.MaxN(); i++ {
			args = append(args, list.RawGetInt(i))
		}
	}
	if target := L.GetField(self, "target"); target != lua.LNil {
		bind.Invoke(L, target, args...)
	} else {
		bind.Method(L, self, "run", args...)
	}
}
