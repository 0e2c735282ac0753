package script_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/script"
	"avescript/lualib/vm"
)

func TestFaultOfOurOwn(t *testing.T) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	err := v.Do(context.Background(), func(L *lua.LState) error {
		v.Globals().RawSetString("broken", L.NewFunction(func(*lua.LState) int { panic("a bug") }))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = script.Run(context.Background(), v, script.Code("broken()"), nil, nil)
	for _, debug := range []string{"", "1"} {
		t.Setenv(script.DebugVariable, debug)
		var text bytes.Buffer
		script.Report(&text, v, err, false)
		if !strings.HasPrefix(text.String(), "(command line):1: internal error: a bug\n") ||
			!strings.Contains(text.String(), "Please report it") {
			t.Errorf("wanted the error and whom to tell, got %s", &text)
		}
		if got := strings.Contains(text.String(), "goroutine "); got != (debug != "") {
			t.Errorf("%s=%q: Go's stack shown: %v", script.DebugVariable, debug, got)
		}
	}
}

func TestColor(t *testing.T) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	err := script.Run(context.Background(), v, script.Code("error('x')"), nil, nil)
	var text bytes.Buffer
	script.Report(&text, v, err, true)
	if want := "\x1b[1;31m(command line):1: x\x1b[0m\n\x1b[2m    1 |\x1b[0m error('x')\n"; text.String() != want {
		t.Errorf("wanted %q, got %q", want, text.String())
	}
}

func TestFinish(t *testing.T) {
	v := vm.New(vm.Stdio{})
	defer v.Close()
	finished := 0
	finish := func(context.Context, *vm.VM) (bool, error) { finished++; return true, nil }
	err := script.Run(context.Background(), v, script.Code("x = 1"), nil, finish)
	if !errors.Is(err, script.ErrFailed) || finished != 1 {
		t.Errorf("wanted ErrFailed after one call, got %v after %d", err, finished)
	}
	err = script.Run(context.Background(), v, script.Code("error('x')"), nil, finish)
	if errors.Is(err, script.ErrFailed) || finished != 1 {
		t.Errorf("wanted no tests after an error, got %v after %d calls", err, finished)
	}
}

func TestNotify(t *testing.T) {
	exited := make(chan syscall.Signal, 1)
	ctx, stop := script.Notify(context.Background(), func(s syscall.Signal) { exited <- s }, syscall.SIGUSR1)
	defer stop()
	kill(t)
	wait(t, ctx.Done())
	var interrupted *script.Interrupted
	if !errors.As(context.Cause(ctx), &interrupted) || interrupted.Signal != syscall.SIGUSR1 {
		t.Errorf("wanted the signal as cause, got %v", context.Cause(ctx))
	}
	began := time.Now()
	kill(t)
	if s := wait(t, exited); s != syscall.SIGUSR1 || time.Since(began) > 20*time.Second {
		t.Errorf("wanted exit at once after a second signal, got %v after %v", s, time.Since(began))
	}
}

func TestNotifyWithoutEnd(t *testing.T) {
	exited := make(chan syscall.Signal, 1)
	_, stop := script.Notify(context.Background(), func(s syscall.Signal) { exited <- s }, syscall.SIGUSR1)
	defer stop()
	kill(t)
	wait(t, exited) // the script doesn't end
}

func kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
}

func wait[T any](t *testing.T, c <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return value
}

func TestIsTestName(t *testing.T) {
	for name, want := range map[string]bool{
		"test_b.lua": true, "a_spec.lua": true, "c_test.lua": true, "test_.lua": true,
		"other.lua": false, "test_x.txt": false, "tested.lua": false, "spec.lua": false, "a_spec.lua.orig": false,
	} {
		if script.IsTestName(name) != want {
			t.Errorf("%s: wanted %v", name, want)
		}
	}
}
