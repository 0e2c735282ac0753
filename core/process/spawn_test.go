package process

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestChildOutlivesTheThreadThatAskedForIt(t *testing.T) {
	child := exec.Command("sleep", "1000")
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
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
	eventually(t, "the thread has ended", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
		return os.IsNotExist(err)
	})
	if s, err := ReadStat(child.Process.Pid); err != nil || s.Dead() {
		t.Errorf("the child died with the thread: %+v, %v", s, err)
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
	self := exec.Command("/proc/self/exe")
	self.Env = append(os.Environ(), childMode+"=descriptors")
	self.ExtraFiles = []*os.File{file, file, file}
	out, err := self.CombinedOutput()
	// ls has 0 to 2, and 3 is the directory that it lists.
	if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != "0 1 2 3" {
		t.Errorf("got descriptors %q, %v, want 0 1 2 3", got, err)
	}
}
