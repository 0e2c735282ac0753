package process

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Nobody reaps the process, like a daemon while init is busy.
func TestDaemonEndsBeforeItIsReaped(t *testing.T) {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleep.Wait()
	defer sleep.Process.Kill()
	d, err := FindDaemon(sleep.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	ended := d.Ended()
	select {
	case <-ended:
		t.Fatal("it has ended before it was told to")
	default:
	}
	if !d.Alive() {
		t.Error("it is not alive")
	}
	if err := d.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if d.Alive() {
		t.Error("it is alive after its end")
	}
	if err := d.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal after its end: %v", err)
	}
	_ = sleep.Wait()
	if err := d.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal when it is gone: %v", err)
	}
	if _, err := FindDaemon(d.Pid); !errors.Is(err, unix.ESRCH) {
		t.Errorf("found when it is gone: %v", err)
	}
}
