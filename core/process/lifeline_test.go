package process

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// TestParentThatEndedEarly: a child ends with its parent even if the parent has ended
// before the child begins to follow it, and ran as a user whose signals do not reach
// the child.
func TestParentThatEndedEarly(t *testing.T) {
	parent := reexec.Command("hasty parent")
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := Spawn(parent.Start); err != nil {
		t.Fatal(err)
	}
	var child int
	if _, err := fmt.Fscan(output, &child); err != nil {
		t.Fatal(err)
	}
	tooLate := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	if _, err := io.Copy(io.Discard, output); err != nil { // the child has it open, too
		t.Error(err)
	}
	if !tooLate.Stop() {
		t.Error("the child has not ended")
	}
	_ = parent.Wait()
}

// startAndEnd starts a child that has a lifeline, and ends.
func startAndEnd([]string) error {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	child := reexec.Command("follower", fmt.Sprint(os.Getpid()))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{os.NewFile(uintptr(ends[1]), "lifeline")}
	if err := child.Start(); err != nil {
		return err
	}
	fmt.Println(child.Process.Pid)
	return nil
}

// followLate follows its parent when that has ended.
func followLate(args []string) error {
	poll.Holds(func() bool { return fmt.Sprint(os.Getppid()) != args[0] })
	Main(func() int {
		_ = SetDeathSignal(syscall.SIGTERM)
		FollowLifeline(os.NewFile(3, "lifeline"), 0)
		select {}
	})
	return nil
}
