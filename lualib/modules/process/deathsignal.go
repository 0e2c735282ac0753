package process

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// HandlesTerm reports whether the object or its class, other than Process,
// implements handle_SIGTERM. The method of Process is only there to be called by
// such a one.
func HandlesTerm(L *lua.LState, self *lua.LTable) bool {
	class, _ := self.Metatable.(*lua.LTable)
	for class != nil && bind.ParentOf(class) != nil {
		class = bind.ParentOf(class)
	}
	handler := L.GetField(self, "handle_SIGTERM")
	return handler != lua.LNil && (class == nil || handler != class.RawGetString("handle_SIGTERM"))
}

// deathSignal returns the signal that a child gets when its parent dies: SIGTERM if
// it handles it, for which it has [process.KillAfterParent].
func deathSignal(L *lua.LState, self *lua.LTable) syscall.Signal {
	if HandlesTerm(L, self) {
		return syscall.SIGTERM
	}
	return syscall.SIGKILL
}

// processHandleSIGTERM ends the process as the signal does if nothing handles it.
func processHandleSIGTERM(c *bind.Call) error {
	if c.Self.RawGetString("pid") != lua.LNumber(os.Getpid()) {
		return fmt.Errorf("%s:handle_SIGTERM: it can only be called in the process itself; use terminate to send the signal", bind.NameOf(c.Self))
	}
	EndBySignal(Logger(vm.Of(c.L), c.Self), syscall.SIGTERM)
	return nil
}

// EndBySignal ends this process by a signal that it has received, after the work of
// [End].
func EndBySignal(log func(message string), sig syscall.Signal) {
	End(log, "terminated by "+unix.SignalName(sig))
	signal.Reset(sig)
	_ = syscall.Kill(os.Getpid(), sig)
	select {} // it takes a moment
}

// startSignal is the death signal that the process was started with, while the
// start calls perform_prctl; otherwise nil.
var startSignal = vm.Keep(func(*lua.LState) *syscall.Signal { return nil })

// PerformPrctl calls the process's perform_prctl with the death signal that it was
// started with. A daemon has none.
func PerformPrctl(L *lua.LState, self *lua.LTable, daemon bool) {
	signal := deathSignal(L, self)
	if daemon {
		signal = 0
	}
	startSignal.Set(L, &signal)
	defer startSignal.Set(L, nil)
	bind.Method(L, self, "perform_prctl", int(signal))
}

// processPerformPrctl changes nothing when it is called at the start with the
// signal that is set already.
func processPerformPrctl(c *bind.Call) error {
	signal := 0
	if err := c.Args(&signal); err != nil {
		return err
	}
	if started := startSignal.Of(c.L); started != nil && signal == int(*started) {
		return nil
	}
	return setDeathSignal(syscall.Signal(signal))
}

func processDisableDeathSignalling(*bind.Call) error { return setDeathSignal(0) }

func setDeathSignal(signal syscall.Signal) error {
	err := process.SetDeathSignal(signal)
	if errors.Is(err, process.ErrNoMain) {
		return fmt.Errorf("cannot set the death signal %d: this process was not started by Process:start", signal)
	}
	return err
}
