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

	"go.uber.org/goleak"

	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// mark is in the environment of everything that a test starts, and distinguishes it
// from all other processes of the machine.
const mark = "AVE_TEST_PROCESS_MARK"

func init() {
	switch reexec.Name() {
	case "headless", "follower":
		runtime.LockOSThread() // only here it is certain that the goroutine runs on the first thread
	}
}

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{
		"descendants":  killDescendants,
		"descriptors":  showDescriptors,
		"follower":     followLate,
		"hasty parent": startAndEnd,
		"headless":     loseFirstThread,
		"hidden":       killOneTree,
	})
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
}

// showDescriptors starts ls and shows what it inherited.
func showDescriptors([]string) error {
	ls := exec.Command("ls", "/proc/self/fd")
	ls.Stdout, ls.Stderr = os.Stdout, os.Stderr
	return Spawn(ls.Run)
}

func killOneTree([]string) error {
	sh := exec.Command("sh", "-c", "sleep 1000 & wait")
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err := Spawn(sh.Start)
	if err == nil {
		err = KillTree(sh.Process.Pid, HangUp)
	}
	return err
}

// loseFirstThread continues to run while its first thread is a zombie.
func loseFirstThread([]string) error {
	signal.Ignore(syscall.SIGHUP)
	go func() {
		poll.Holds(func() bool {
			s, err := ReadStat(os.Getpid())
			return err == nil && s.State == 'Z'
		})
		fmt.Println("ready")
		select {}
	}()
	_, _, errno := syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
	return errno // only after an error
}

// command is a program that leads a session and reports by lines on stdout.
type command struct {
	*exec.Cmd
	t     *testing.T
	mark  string
	lines string // the file for stdout
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

// said waits until the command has written n lines and returns them.
func (c *command) said(n int) []string {
	c.t.Helper()
	var lines []string
	poll.Until(c.t, fmt.Sprintf("there are %d lines of output", n), func() bool {
		text, _ := os.ReadFile(c.lines)
		lines = strings.Fields(string(text))
		return len(lines) >= n
	})
	return lines
}

// ended waits until the command has ended, without reaping it.
func (c *command) ended() {
	c.t.Helper()
	poll.Until(c.t, "the leader has ended", func() bool {
		ended, err := hasEnded(c.Process.Pid)
		if err != nil {
			c.t.Fatal(err)
		}
		return ended
	})
}

// survivors are the living processes of the command, including daemons.
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

// kill kills the tree and checks that nothing is left.
func (c *command) kill(ladder []Step) {
	c.t.Helper()
	if err := KillTree(c.Process.Pid, ladder); err != nil {
		c.t.Error(err)
	}
	if left := c.survivors(); len(left) > 0 {
		c.t.Errorf("%d processes are left alive, the first is %d", len(left), left[0])
	}
}
