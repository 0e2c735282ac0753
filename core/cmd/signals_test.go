package cmd

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/internal/reexec"
)

// TestCommandsObeyTheTerminal runs a command below a program that has inherited
// ignored and blocked signals, as under nohup or in the background of a script.
func TestCommandsObeyTheTerminal(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var old unix.Sigset_t
	blocked := unix.Sigset_t{}
	blocked.Val[0] = 1<<(syscall.SIGUSR2-1) | 1<<(syscall.SIGWINCH-1)
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &blocked, &old); err != nil {
		t.Fatal(err)
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)

	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sh", "-c", `trap "" HUP INT QUIT TSTP TTIN TTOU USR1 PIPE; exec "$0" "$1"`, program, reexec.Argument("signals"))
	out, err := child.CombinedOutput()
	const none = "0000000000000000"
	want := "SigBlk:\t" + none + "\r\nSigIgn:\t" + none + "\r\n<nil>"
	if err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
}

// TestCommandsLeaveHandlers: a prompt handles SIGINT even if it was ignored when the
// prompt was started. Commands must not change that.
func TestCommandsLeaveHandlers(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sh", "-c", `trap "" INT TSTP; exec "$0" "$1"`, program, reexec.Argument("handler"))
	out, err := child.CombinedOutput()
	if want := "interrupt, ignored"; err != nil || string(out) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
}
