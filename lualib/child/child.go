// Package child is the child's side of Process:start: the work of a program that
// was started to run a part of a script.
package child

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/launch"
	"avescript/core/process"
	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	luaprocess "avescript/lualib/modules/process"
	"avescript/lualib/modules/service"
	"avescript/lualib/script"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// Main returns at once in a program that is not a child. Otherwise it does the
// child's work and exits. Call it before anything that takes time.
func Main() { launch.Main(run) }

// endQuietly makes SIGQUIT, which a terminal sends to its whole foreground group,
// end the process without a dump of Go's stacks.
func endQuietly() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGQUIT)
	go func() {
		<-signals
		process.RemovePidFiles()
		const signalled = 128
		os.Exit(signalled + int(syscall.SIGQUIT))
	}()
}

// run does the work that comes over the link, and returns the exit status.
func run(link *os.File) int {
	user := make(chan os.Signal, 1)
	var signals sync.WaitGroup
	signals.Go(func() { // concurrently, because the runtime starts a thread for signals
		endQuietly()
		signal.Notify(user, syscall.SIGUSR1)
	})
	work, err := launch.Receive(link)
	if err != nil {
		return 1 // the parent has ended
	}
	base, err := origin(work.Daemon)
	if err != nil {
		fmt.Fprintf(os.Stderr, "avescript: cannot start the daemon: %v\n", err)
		return 1
	}
	v := lualib.New(vm.Stdio{})
	log := func(string) {}
	defer func() { luaprocess.End(log, "ended") }()
	var self *lua.LTable
	err = v.Do(context.Background(), func(L *lua.LState) error {
		values, err := closure.Unpack(L, work.Bytes, base)
		if err != nil {
			return err
		}
		self = values["self"].(*lua.LTable)
		if err := adopt(self); err != nil {
			return err
		}
		if work.Daemon {
			if err := luaprocess.LeaveDirectory(L, self, base); err != nil {
				return err
			}
		}
		log = luaprocess.Logger(vm.Of(L), self)
		stdlib.OnExit(L, func(_ *lua.LState, abrupt bool) {
			if abrupt {
				luaprocess.End(log, "ended")
			}
		})
		handleEnd(L, self, work.Daemon)
		handleUser(L, self, user)
		signals.Wait()
		luaprocess.PerformPrctl(L, self, work.Daemon)
		bind.Method(L, self, "redirect")
		log("started")
		bind.Method(L, self, "initialize")
		return nil
	})
	if work.Awaited {
		if told := tell(v, link, self, err); err != nil || told != nil {
			v.Finish()
			return 1 // the parent raises the error, unless it has ended
		}
	}
	go process.FollowLifeline(link, termTime)
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

// adopt sets up the process as its object says.
func adopt(self *lua.LTable) error {
	self.RawSetString("pid", lua.LNumber(os.Getpid()))
	if name, ok := self.RawGetString("proc_name").(lua.LString); ok {
		if err := process.SetName(string(name)); err != nil {
			return fmt.Errorf("cannot set the process name %q: %w", string(name), err)
		}
	}
	return nil
}

// termTime limits handle_SIGTERM after the parent has died. The child of a parent
// that was killed ends within a second.
const termTime = time.Second / 2

// handleEnd makes SIGTERM call the process's handle_SIGTERM if its class implements
// it, even while the script loops. Otherwise the signal ends the process, after
// this is logged and the pid file is removed; so do the signals that a terminal
// sends to a daemon.
func handleEnd(L *lua.LState, self *lua.LTable, daemon bool) {
	handles, log, v := luaprocess.HandlesTerm(L, self), luaprocess.Logger(vm.Of(L), self), vm.Of(L)
	if handles {
		if err := process.KillAfterParent(termTime); err != nil {
			fmt.Fprintf(os.Stderr, "avescript: %v\n", err)
		}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if daemon && !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	go func() {
		for sig := range signals {
			if sig != syscall.SIGTERM || !handles {
				luaprocess.EndBySignal(log, sig.(syscall.Signal))
			}
			log("received SIGTERM")
			v.Post(func(L *lua.LState) { bind.Method(L, self, "handle_SIGTERM", int(syscall.SIGTERM)) },
				func(err error) { failHandler(v, self, err) })
		}
	}()
}

// handleUser makes SIGUSR1, which signals receives, call the process's
// handle_SIGUSR1, which writes the hickup file.
func handleUser(L *lua.LState, self *lua.LTable, signals <-chan os.Signal) {
	name := self.RawGetString("proc_name").String()
	go luaprocess.AnswerHickups(vm.Of(L), luaprocess.HickupHome(self), name, signals, func(L *lua.LState) error {
		bind.Method(L, self, "handle_SIGUSR1", int(syscall.SIGUSR1))
		return nil
	})
}

// failHandler ends the process when a signal handler has raised an error while the
// script was waiting. An Exit ends a running service as if one of its methods had
// raised it.
func failHandler(v *vm.VM, self *lua.LTable, err error) {
	if service.End(v, self, bind.AsException(v, err)) {
		return
	}
	v.Finish()
	script.Report(os.Stderr, v, err, false)
	luaprocess.End(luaprocess.Logger(v, self), "ended")
	os.Exit(1)
}

// tell sends the result of the start to the parent, which need not be waiting: the
// port of a service, or nothing, if err is nil; otherwise the exception. Its own
// error means that the parent has ended.
func tell(v *vm.VM, link *os.File, self *lua.LTable, err error) error {
	if err == nil {
		return launch.TellReady(link, service.PortOf(v, self))
	}
	return launch.TellFailed(link, bind.AsException(v, err))
}

// perform calls the target, or run, with the arguments.
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
