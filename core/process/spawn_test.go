package process

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestChildOutlivesTheThreadThatAskedForIt(t *testing.T) {
	child := exec.Command("cat")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started, thread := make(chan error), 0
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		thread = syscall.Gettid()
		started <- Spawn(child.Start)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	if thread == os.Getpid() {
		t.Skip("the first thread of a program cannot end")
	}
	poll.Until(t, "the thread has ended", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
		return os.IsNotExist(err)
	})
	// By now a signal would have been sent, and would arrive before anything is read.
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Errorf("the child died with the thread: %v", err)
	}
}

func TestSpawnReturnsTheError(t *testing.T) {
	err := Spawn(exec.Command("/no/such/program").Start)
	if !os.IsNotExist(err) {
		t.Errorf("got %v, want that it does not exist", err)
	}
}

func TestInheritedDescriptorsAreNotPassedOn(t *testing.T) {
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	self := reexec.Command("descriptors")
	self.ExtraFiles = []*os.File{file, file, file}
	out, err := self.CombinedOutput()
	// ls has 0 to 2; 3 is the directory that it lists.
	if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != "0 1 2 3" {
		t.Errorf("got descriptors %q, %v, want 0 1 2 3", got, err)
	}
}
