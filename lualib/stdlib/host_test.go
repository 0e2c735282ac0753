package stdlib_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"avescript/internal/poll"
	"avescript/lualib/stdlib"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// The library and the world around it: the VM's lock, streams, children, the
// end of the process, and the suite of the reference.

// lockedHost is a host with a lock as the VM has it.
func lockedHost() (*sync.Mutex, stdlib.Host) {
	var lock sync.Mutex
	return &lock, stdlib.Host{Unlocked: func(_ *lua.LState, wait func(context.Context)) {
		lock.Unlock()
		defer lock.Lock()
		wait(context.Background())
	}}
}

// A script that is interrupted does not wait for a command any longer: neither
// for its output nor for its end. The pipe that it writes to tells that it is
// gone.
func TestInterruptEndsTheWaitForCommands(t *testing.T) {
	for _, source := range []string{
		`return io.popen("cat"):read("*a")`,
		`local f = io.popen("exec sleep 2", "w") f:close() return ""`,
		`os.execute("exec sleep 2") return ""`,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reading, writing, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer writing.Close()
		defer reading.Close()
		waits := 0
		L := newState(t, stdlib.Host{Stdin: reading, Unlocked: func(_ *lua.LState, wait func(context.Context)) {
			waits++
			time.AfterFunc(20*time.Millisecond, cancel)
			wait(ctx)
		}})
		done := make(chan struct{})
		go func() {
			defer close(done)
			run(t, L, source)
		}()
		select {
		case <-done:
		case <-time.After(1500 * time.Millisecond):
			t.Errorf("%s waits on", source)
			<-done
		}
		if waits == 0 {
			t.Errorf("%s did not wait", source)
		}
	}
}

// While one thread of a state waits for input, others go on, also with other
// files; whoever wants the same file waits its turn.
func TestBlockingReadReleasesTheLock(t *testing.T) {
	lock, host := lockedHost()
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	defer writing.Close()
	host.Stdin = reading
	L := newState(t, host)

	const readers = 3
	lines := make(chan string, readers)
	for range readers {
		lock.Lock()
		thread, _ := L.NewThread()
		fn, err := L.LoadString(`return io.read()`)
		if err != nil {
			t.Fatal(err)
		}
		lock.Unlock()
		go func() {
			lock.Lock()
			defer lock.Unlock()
			if err := thread.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}); err != nil {
				lines <- err.Error()
				return
			}
			lines <- thread.Get(-1).String()
		}()
	}

	lock.Lock()
	got := run(t, L, `local p = io.popen("echo child") local text = p:read() p:close() return text, os.execute("exit 1")`)
	lock.Unlock()
	if diff := cmp.Diff([]string{"child", "256"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := io.WriteString(writing, "a\nb\nc\n"); err != nil {
		t.Fatal(err)
	}
	var all []string
	for range readers {
		all = append(all, <-lines)
	}
	for _, line := range []string{"a", "b", "c"} {
		if !strings.Contains(strings.Join(all, ""), line) {
			t.Errorf("read %q, wanted a, b and c once each", all)
		}
	}
}

func TestOutputGoesToTheHost(t *testing.T) {
	var out, errs bytes.Buffer
	L := newState(t, stdlib.Host{Stdin: strings.NewReader("in\n"), Stdout: &out, Stderr: &errs})
	run(t, L, `
		io.write("1 ") print(2, io.read())
		os.execute("echo 3; echo 4 >&2")
		io.popen("cat", "w"):close()
		io.stderr:write("5\n")`)
	if diff := cmp.Diff("1 2\tin\n3\n", out.String()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("4\n5\n", errs.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestBufferedFilesAreFlushed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	open := `f = io.open("` + name + `", "w") f:setvbuf("full") f:write("kept")`
	size := func() int64 {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}

	var code int
	L := newState(t, stdlib.Host{Exit: func(c int) { code = c }})
	run(t, L, open)
	if size() != 0 {
		t.Error("setvbuf gave the file no buffer")
	}
	stdlib.Flush(L)
	if size() != 4 {
		t.Errorf("after Flush the file has %d bytes, wanted 4", size())
	}
	run(t, L, open+` os.exit(7)`)
	if size() != 4 || code != 7 {
		t.Errorf("after os.exit the file has %d bytes and the code is %d, wanted 4 and 7", size(), code)
	}
}

// A command whose file nobody closes does not stay as a zombie.
func TestPopenLeavesNoZombie(t *testing.T) {
	L := newState(t, stdlib.Host{})
	pid := run(t, L, `return io.popen("echo $$"):read()`)[0]
	hasGone := func() bool {
		_, err := os.Stat("/proc/" + pid)
		return os.IsNotExist(err)
	}
	if !poll.Holds(hasGone) {
		status, _ := os.ReadFile("/proc/" + pid + "/status")
		t.Fatalf("the child is still there:\n%s", status)
	}
}

// patient ends when it was asked so often whether it has ended that only a match can
// have asked: the interpreter asks before each instruction.
type patient struct {
	context.Context
	cancel context.CancelFunc
	asked  int
}

func (p *patient) Done() <-chan struct{} {
	if p.asked++; p.asked == 100 {
		p.cancel()
	}
	return p.Context.Done()
}

// A match that would backtrack for years is stopped by the state's context,
// which the VM itself looks at between instructions only.
func TestContextStopsMatching(t *testing.T) {
	L := newState(t, stdlib.Host{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	L.SetContext(&patient{Context: ctx, cancel: cancel})
	err := L.DoString(`return (("a"):rep(60)):find((".-"):rep(30) .. "b")`)
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("got %v, wanted the context's error", err)
	}
}

// The files of the reference's own test suite that are about this library.
func TestSuite(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/gopher-lua").Output()
	if err != nil {
		t.Skip("the source of gopher-lua is not here")
	}
	suite := filepath.Join(strings.TrimSpace(string(dir)), "_lua5.1-tests")
	for _, name := range []string{"pm.lua", "strings.lua", "sort.lua", "math.lua", "files.lua"} {
		t.Run(name, func(t *testing.T) {
			L := newState(t, stdlib.Host{Stdin: strings.NewReader(""), Stdout: io.Discard})
			t.Chdir(t.TempDir())
			L.SetField(L.GetGlobal("package"), "path", lua.LString(filepath.Join(suite, "?.lua")))
			if err := L.DoFile(filepath.Join(suite, name)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOnExit: what has to be the first is, and what is added meanwhile is called, too.
func TestOnExit(t *testing.T) {
	L := newState(t, stdlib.Host{})
	var called []string
	add := func(on func(*lua.LState, func(*lua.LState, bool)), name string, then func()) {
		on(L, func(*lua.LState, bool) {
			called = append(called, name)
			then()
		})
	}
	nothing := func() {}
	add(stdlib.OnExit, "directory", nothing)
	add(stdlib.OnExitFirst, "tasks", func() { add(stdlib.OnExit, "directory of a task", nothing) })
	stdlib.Flush(L)
	if diff := cmp.Diff([]string{"tasks", "directory", "directory of a task"}, called); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
