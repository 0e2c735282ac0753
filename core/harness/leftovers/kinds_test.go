package leftovers_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"avescript/core/harness/leftovers"
	"avescript/core/process"
	"avescript/internal/poll"
)

func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(args[0], args[1:]...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = command.Process.Kill(), command.Wait() })
	return command
}

// listen listens until the test ends. It does not use Go's sockets, for which the
// runtime would open descriptors of its own.
func listen(t *testing.T, domain int, address syscall.Sockaddr) {
	t.Helper()
	fd, err := syscall.Socket(domain, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, address); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string, flags int) {
	t.Helper()
	fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(*testing.T, string)
		want  string // a pattern
	}{
		"nothing": {func(*testing.T, string) {}, "^$"},
		"child":   {func(t *testing.T, _ string) { start(t, "sleep", "1234") }, `^process process \d+ \(sleep 1234\)\n$`},
		"grandchild that was orphaned": {func(t *testing.T, _ string) {
			if err := exec.Command("sh", "-c", "setsid sleep 1235 & sleep 1236 &").Run(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { leftovers.EndAll(10 * time.Second) })
		}, `^process process \d+ \(.*sleep 123[56].*\)\nprocess process \d+ \(.*sleep 123[56].*\)\n$`},
		"pseudoterminal": {func(t *testing.T, _ string) { open(t, "/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY) }, `^pty pseudoterminal \(descriptor \d+\)\n$`},
		"port of IPv4": {func(t *testing.T, _ string) {
			listen(t, syscall.AF_INET, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
		}, `^port listening port [1-9]\d*\n$`},
		"port of IPv6":        {func(t *testing.T, _ string) { listen(t, syscall.AF_INET6, &syscall.SockaddrInet6{}) }, `^port listening port [1-9]\d*\n$`},
		"Unix socket, a file": {func(t *testing.T, dir string) { listen(t, syscall.AF_UNIX, &syscall.SockaddrUnix{Name: dir + "/s"}) }, `^port listening socket /.*/s\nfile file /.*/s\n$`},
		"Unix socket":         {func(t *testing.T, _ string) { listen(t, syscall.AF_UNIX, &syscall.SockaddrUnix{Name: "@left"}) }, `^port listening socket @left\n$`},
		"descriptor":          {func(t *testing.T, _ string) { open(t, "/etc/passwd", syscall.O_RDONLY) }, `^descriptor descriptor \d+ \(/etc/passwd\)\n$`},
		"a look at processes": {func(t *testing.T, _ string) { open(t, "/proc/self/stat", syscall.O_RDONLY) }, `^$`},
		"file": {func(t *testing.T, dir string) {
			if err := os.WriteFile(dir+"/new\nline", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, `^file file /.*/new\nline\n$`},
		"directory": {func(t *testing.T, dir string) {
			if err := os.Mkdir(dir+"/d", 0o700); err != nil {
				t.Fatal(err)
			}
		}, `^file file /.*/d\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := watch(t), os.TempDir()
			collect()
			before := w.Begin()
			c.leave(t, dir)
			var got strings.Builder
			for _, l := range w.New(before) {
				fmt.Fprintln(&got, l.Kind, l.What)
			}
			if !regexp.MustCompile(c.want).MatchString(got.String()) {
				t.Errorf("wanted %s, got:\n%s", c.want, &got)
			}
			if again := w.New(w.Look()); again != nil {
				t.Errorf("found %v again", again)
			}
		})
	}
}

// collect closes what earlier tests left to the garbage collector. If it was closed
// later, it could hide a descriptor that is left behind.
func collect() {
	for range 3 {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}

// TestMomentaryDescriptorHidesNothing opens a descriptor that is closed while a test
// begins.
func TestMomentaryDescriptorHidesNothing(t *testing.T) {
	w := watch(t)
	collect()
	before, meanwhile := beginAndClose(t, w)
	for deadline := time.Now().Add(20 * time.Second); !meanwhile; before, meanwhile = beginAndClose(t, w) {
		if time.Now().After(deadline) {
			t.Fatal("the descriptor is never closed while the test begins")
		}
	}
	listen(t, syscall.AF_INET, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if left := w.New(before); len(left) != 1 || left[0].Kind != leftovers.Port {
		t.Errorf("got %v, want the port", left)
	}
}

// TestForgiven: something that another goroutine or process is just closing or removing
// is not left behind.
func TestForgiven(t *testing.T) {
	w, dir := watch(t), os.TempDir()
	before := w.Look()
	child := exec.Command("sleep", "1237")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/f", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var closing sync.WaitGroup
	closing.Go(func() {
		_, _ = child.Process.Kill(), child.Wait()
		_, _ = syscall.Close(fd), os.Remove(dir+"/f")
	})
	if left := w.New(before); left != nil {
		t.Errorf("found %v", left)
	}
	closing.Wait()
}

// TestManyFiles has more names than are read in one call.
func TestManyFiles(t *testing.T) {
	w, dir := watch(t), os.TempDir()
	before := w.Look()
	const many = 2000
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s%d", strings.Repeat("x", 100), i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if left := w.New(before); len(left) != many {
		t.Errorf("found %d, wanted %d", len(left), many)
	}
}

// TestEnd ends a child with its descendants, and hangs up a terminal.
func TestEnd(t *testing.T) {
	w := watch(t)
	before := w.Look()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	command := exec.Command("sh", "-c", "trap '' HUP; sleep 1238 & setsid -w sleep 1239")
	command.Stdin, command.Stdout = slave, slave
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	poll.Until(t, "the children have started", func() bool { return len(tree(command.Process.Pid)) >= 2 })
	all := tree(command.Process.Pid)
	left := w.New(before)
	if !slices.ContainsFunc(left, func(l leftovers.Left) bool { return l.Kind == leftovers.PTY }) {
		t.Errorf("no terminal in %v", left)
	}
	for _, l := range left {
		if l.Kind == leftovers.PTY || l.Kind == leftovers.Process {
			l.End()
		}
	}
	_ = command.Wait()
	for _, pid := range all {
		if stat, err := process.ReadStat(pid); err == nil && !stat.Dead() {
			t.Errorf("process %d (%s) lives", pid, stat.Comm)
		}
	}
	if n, err := master.Write([]byte("x")); err != nil || n != 1 {
		t.Errorf("the descriptor of the terminal is not open any more: %v", err)
	}
}

// tree returns the descendants of a process.
func tree(pid int) (pids []int) {
	children, _ := process.Children(pid)
	for _, child := range children {
		pids = append(append(pids, child.PID), tree(child.PID)...)
	}
	return pids
}

// beginAndClose opens a descriptor, calls Begin, and reports whether it was closed
// meanwhile.
func beginAndClose(t *testing.T, w *leftovers.Watcher) (before leftovers.Things, meanwhile bool) {
	t.Helper()
	w.Begin()
	moment, err := syscall.Open("/proc/self/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var closing sync.WaitGroup
	var from, to time.Time
	closing.Go(func() {
		time.Sleep(time.Millisecond) // Begin takes longer
		from = time.Now()
		syscall.Close(moment)
		to = time.Now()
	})
	began := time.Now()
	before = w.Begin()
	ended := time.Now()
	closing.Wait()
	return before, from.After(began) && to.Before(ended)
}
