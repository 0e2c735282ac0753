package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childMode makes the test binary a program that the shell cannot be.
const childMode = "AVE_TEST_PROCESS_CHILD"

// mark is in the environment of everything that a test starts, and tells it
// from all else on the machine.
const mark = "AVE_TEST_PROCESS_MARK"

func init() {
	if os.Getenv(childMode) == "headless" {
		runtime.LockOSThread() // only here the goroutine is on the first thread for sure
	}
}

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "":
		goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
	case "descriptors":
		showDescriptors()
	case "headless":
		loseFirstThread()
	case "hidden":
		killOneTree()
	}
}

// showDescriptors starts ls and shows what it inherited.
func showDescriptors() {
	ls := exec.Command("ls", "/proc/self/fd")
	ls.Stdout, ls.Stderr = os.Stdout, os.Stderr
	if err := Spawn(ls.Run); err != nil {
		fmt.Println(err)
	}
}

// killOneTree has the exit status 1 if it fails.
func killOneTree() {
	sh := exec.Command("sh", "-c", "sleep 1000 & wait")
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err := Spawn(sh.Start)
	if err == nil {
		err = KillTree(sh.Process.Pid, HangUp)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// loseFirstThread goes on to live while its first thread is a zombie.
func loseFirstThread() {
	signal.Ignore(syscall.SIGHUP)
	go func() {
		eventually(nil, "the first thread has ended", func() bool {
			s, err := ReadStat(os.Getpid())
			return err == nil && s.State == 'Z'
		})
		fmt.Println("ready")
		select {}
	}()
	_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

// eventually polls until check holds. A nil t panics instead.
func eventually(t *testing.T, what string, check func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !check(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			if t == nil {
				panic("not in time: " + what)
			}
			t.Fatalf("not in time: %s", what)
		}
	}
}

// command is a program that leads a session and reports by lines on stdout.
type command struct {
	*exec.Cmd
	t     *testing.T
	mark  string
	lines string // file that stdout goes to
}

// lead starts sh as a session leader.
func lead(t *testing.T, script string, args ...string) *command {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := &command{t: t, lines: out.Name()}
	c.mark = mark + "=" + strconv.Itoa(os.Getpid()) + out.Name()
	c.Cmd = exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
	c.Env = append(os.Environ(), c.mark)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := Spawn(c.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range c.survivors() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = c.Wait()
	})
	return c
}

// said waits until the command has written n lines and gives them.
func (c *command) said(n int) []string {
	c.t.Helper()
	var lines []string
	eventually(c.t, fmt.Sprintf("%d lines of output", n), func() bool {
		text, _ := os.ReadFile(c.lines)
		lines = strings.Fields(string(text))
		return len(lines) >= n
	})
	return lines
}

// ended waits until the command has ended, and does not reap it.
func (c *command) ended() {
	c.t.Helper()
	eventually(c.t, "the leader has ended", func() bool {
		ended, err := hasEnded(c.Process.Pid)
		if err != nil {
			c.t.Fatal(err)
		}
		return ended
	})
}

// survivors are the processes of the command that live, daemons included.
func (c *command) survivors() []int {
	var found []int
	names, err := pids()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, name := range names {
		env, err := os.ReadFile("/proc/" + name + "/environ")
		if err == nil && bytes.Contains(env, []byte(c.mark+"\x00")) {
			pid, _ := strconv.Atoi(name)
			found = append(found, pid)
		}
	}
	return found
}

// kill kills the tree and wants nothing to be left.
func (c *command) kill(ladder []Step) {
	c.t.Helper()
	if err := KillTree(c.Process.Pid, ladder); err != nil {
		c.t.Error(err)
	}
	if left := c.survivors(); len(left) > 0 {
		c.t.Errorf("%d processes are left alive, the first is %d", len(left), left[0])
	}
}
