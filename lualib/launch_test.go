package lualib_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/closure"
	"avescript/lualib/vm"
)

// work is what a child is given to do that does nothing for a while.
func work(t *testing.T) (packed []byte) {
	t.Helper()
	v := lualib.New(vm.Stdio{})
	defer v.Finish()
	err := v.Do(t.Context(), func(L *lua.LState) error {
		fn, err := v.Load([]byte(`
			return require("ave.network.process").Process {
				target = function() require("ave.time").sleep(60) end,
			}`), "=test")
		if err != nil {
			return err
		}
		packed, err = closure.Pack(L, func(int) {}, map[string]lua.LValue{"self": bind.Invoke(L, fn)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// A service may be handed over before a process that it has just started has
// read its work: what the process is told then comes right behind that.
func TestChildIsEntrustedBehindItsWork(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	link, theirs := os.NewFile(uintptr(pair[0]), "link"), os.NewFile(uintptr(pair[1]), "theirs")
	defer link.Close()
	defer theirs.Close()
	const notAwaited, entrust, entrusted = 0, 'E', "K"
	message := append(connection.AppendFrame(nil, []byte{notAwaited}, work(t)), entrust)
	if _, err := link.Write(message); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), lualib.ChildVariable+"=3")
	child.ExtraFiles = []*os.File{theirs}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	if err := link.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if _, err := link.Read(answer); err != nil || string(answer) != entrusted {
		t.Errorf("wanted the answer %q, got %q, %v", entrusted, answer, err)
	}
}
