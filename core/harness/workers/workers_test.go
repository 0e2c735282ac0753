package workers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"worker": work})
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns")) // it never ends
}

// setup is sent to the workers of a test.
type setup struct{ Dir string }

// work is a worker whose files are names of functions.
func work([]string) error {
	var s setup
	stop := make(chan string, 1)
	link, err := workers.Connect(&s, func(end *workers.End) { stop <- end.Why }, func() { os.Exit(9) })
	if err != nil {
		return err
	}
	for job := range link.Jobs() {
		name, _, _ := strings.Cut(job.File, "#") // the rest makes the names of files unique
		f := &file{Link: link, Job: job, dir: s.Dir, stop: stop}
		if ask, ok := askers[name]; ok {
			f.test("it", func() { ask(f) })
		} else {
			files[name](f)
		}
		link.Done()
	}
	return nil
}

// file is a test file that a worker runs.
type file struct {
	*workers.Link
	workers.Job
	dir  string
	stop chan string
}

// test runs a test, unless it has run already.
func (f *file) test(name string, body func()) {
	e := harness.Event{Kind: harness.TestStarted, Path: []string{name}, Line: 1}
	if slices.Contains(f.Skip, e.Key()) {
		return
	}
	f.Report(e)
	body()
	e.Kind, e.Status = harness.TestFinished, harness.Passed
	f.Report(e)
}

func (f *file) fails(path ...string) {
	f.Report(harness.Event{Kind: harness.BlockFailed, Path: path, Line: 3, Status: harness.Error,
		Problems: []harness.Problem{{Message: "broken"}}})
}

// reach makes a file, and waits for others.
func (f *file) reach(own string, others ...string) {
	_ = os.WriteFile(filepath.Join(f.dir, own), nil, 0o600)
	for _, other := range others {
		for {
			if _, err := os.Stat(filepath.Join(f.dir, other)); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// answer waits until this worker has answered this many pings.
func (f *file) answer(times int) {
	journal := descriptors("/memfd:journal")[0]
	said := make([]byte, 64<<10)
	for {
		n, _ := unix.Pread(journal, said, 0)
		if bytes.Count(said[:n], []byte("{}\n")) >= times {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func nothing() {}

// descriptors are those of this process whose file names begin with prefix.
func descriptors(prefix string) (fds []int) {
	for fd := range 200 {
		if name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); strings.HasPrefix(name, prefix) {
			fds = append(fds, fd)
		}
	}
	return fds
}

var files = map[string]func(*file){
	"passes": func(f *file) { f.test("one", nothing); f.test("two", nothing) },
	"dies": func(f *file) {
		f.test("before", nothing)
		f.test("exits", func() { fmt.Println("last words"); os.Exit(3) })
		f.test("between", nothing)
		f.test("is killed", func() { _ = unix.Kill(os.Getpid(), unix.SIGKILL) })
		f.test("after", nothing)
	},
	"dies early": func(*file) { os.Exit(4) },
	"dies in a block": func(f *file) {
		block := harness.Event{Path: []string{"block"}, Line: 5}
		if !slices.Contains(f.Skip, block.Key()) {
			f.Enter(block)
			os.Exit(5)
		}
		f.test("after", nothing)
	},
	"breaks twice": func(f *file) {
		f.fails("block")
		f.fails("block")
		f.test("exits", func() { os.Exit(3) })
		f.fails("block")
	},
	"is stopped": func(f *file) {
		f.test("stops", func() {
			_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
			f.reach("stopping", "never") // the other threads continue for a moment
		})
		f.test("after", nothing)
	},
	"is slow": func(f *file) { f.test("thinks", func() { f.answer(4) }) },
	"waits for the end": func(f *file) {
		f.reach("waits")
		f.test("waits", func() { fmt.Println(<-f.stop) })
	},
	"does not end": func(f *file) {
		f.test("sleeps", func() { f.reach("sleeps", "never") })
	},
	"writes garbage": func(f *file) {
		f.test("writes", func() {
			for _, fd := range descriptors("/memfd:journal") {
				_, _ = unix.Write(fd, []byte("\x00garbage\n"))
			}
			select {}
		})
		f.test("after", nothing)
	},
	"closes its link": func(f *file) {
		f.test("closes", func() {
			for _, fd := range descriptors("socket:") {
				_ = unix.Close(fd)
			}
			select {}
		})
		f.test("after", nothing)
	},
	"uses the first descriptors": func(f *file) {
		f.test("uses", func() {
			_, _ = unix.Write(3, []byte("garbage\n"))
			_ = unix.Close(1)
			_ = unix.Close(2)
		})
		f.test("after", nothing)
	},
	"writes": func(f *file) { f.test("writes", func() { fmt.Println("it") }) },
	"floods": func(f *file) {
		f.test("floods", func() {
			for line := strings.Repeat("x", 1<<10) + "\n"; f.size() < 20<<20; {
				fmt.Print(line)
			}
		})
	},
	"leaves daemons": func(f *file) {
		f.test("leaves", func() {
			command := exec.Command("sh", "-c", "for i in 1 2 3; do setsid sleep 5431 & done; sleep 5432 & kill -9 $PPID")
			_ = command.Run()
		})
	},
	"is called off": func(f *file) {
		f.test("fails", func() {})
		f.test("is not told of", func() { f.reach("called", "off") })
	},
}

func (f *file) size() int64 {
	info, _ := os.Stdout.Stat()
	return info.Size()
}

// log records the events of a run as lines.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) finished() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *log) Report(e harness.Event) {
	line := fmt.Sprintf("%s %s", e.File, strings.Join(e.Path, " "))
	switch e.Kind {
	case harness.TestFinished, harness.BlockFailed:
		for _, p := range e.Problems {
			line += ": " + p.Message
		}
		if len(e.Output) < 200 && e.Output != "" {
			line += " | " + strings.TrimSpace(e.Output)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, string(e.Status)+" "+line)
	}
}

// temporary gives the workers a temporary directory of their own, which must be empty
// at the end, as the list of children must.
func temporary(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
			t.Errorf("left %v", left)
		}
		children, _ := process.Children(os.Getpid())
		for _, child := range children {
			t.Errorf("left process %d (%s)", child.PID, child.Comm)
		}
	})
}

func pool(t *testing.T, number int, l *log) *workers.Pool {
	temporary(t)
	return &workers.Pool{
		Workers: number,
		Command: func() *exec.Cmd { return reexec.Command("worker") },
		Setup:   setup{t.ArtifactDir()},
		CleanUp: time.Millisecond,
		Run:     harness.Start(l, 1),
	}
}

func jobs(names ...string) (all []workers.Job) {
	for _, name := range names {
		all = append(all, workers.Job{File: name})
	}
	return all
}

func TestDo(t *testing.T) {
	const short = time.Second // a worker may need most of it to start on a busy machine
	for name, c := range map[string]struct {
		files    []string
		want     []string
		patience time.Duration
	}{
		"passes": {[]string{"passes"}, []string{"passed passes one", "passed passes two"}, 0},
		"dies": {[]string{"dies"}, []string{
			"passed dies before",
			"error dies exits: the worker died: exit status 3 | last words",
			"passed dies between",
			"error dies is killed: the worker died: signal SIGKILL",
			"passed dies after",
		}, 0},
		"dies early": {[]string{"dies early", "passes"}, []string{
			"error dies early : the worker died: exit status 4; the rest of the file was not run",
			"passed passes one", "passed passes two",
		}, 0},
		"dies in a block": {[]string{"dies in a block"}, []string{
			"error dies in a block block: the worker died: exit status 5; the rest of the block was not run",
			"passed dies in a block after",
		}, 0},
		"what one worker reports twice is two things, and what the next one repeats is none": {[]string{"breaks twice"}, []string{
			"error breaks twice block: broken", "error breaks twice block: broken",
			"error breaks twice exits: the worker died: exit status 3",
			"error breaks twice block: broken",
		}, 0},
		"is stopped": {[]string{"is stopped"}, []string{
			"error is stopped stops: the worker was suspended by a signal and was killed", "passed is stopped after",
		}, short},
		"who is asked answers": {[]string{"is slow"}, []string{"passed is slow thinks"}, short},
		"writes garbage": {[]string{"writes garbage"}, []string{
			`error writes garbage writes: the worker was stopped: its parent wanted a message, got invalid character '\x00' looking for beginning of value`,
			"passed writes garbage after",
		}, 0},
		"closes its link": {[]string{"closes its link"}, []string{
			"error closes its link closes: the worker closed the connection to its parent and was killed",
			"passed closes its link after",
		}, 0},
		"uses the first descriptors": {[]string{"uses the first descriptors", "writes"}, []string{
			"passed uses the first descriptors uses", "passed uses the first descriptors after",
			"passed writes writes | it",
		}, 0},
		"floods": {[]string{"floods", "writes"}, []string{"passed floods floods", "passed writes writes | it"}, 0},
		"leaves daemons": {[]string{"leaves daemons"}, []string{
			"error leaves daemons leaves: the worker died: signal SIGKILL",
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			p := pool(t, 1, &l)
			p.Patience = c.patience
			if err := p.Do(t.Context(), jobs(c.files...)); err != nil {
				t.Fatal(err)
			}
			for i, line := range l.lines { // it may also notice by itself that it has lost its parent
				l.lines[i] = strings.Replace(line, "died: exit status 9", "closed the connection to its parent and was killed", 1)
			}
			if diff := cmp.Diff(c.want, l.lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestInterrupted ends a run: a worker that listens is told why, one that does not is
// killed, and jobs that have not begun do not run.
func TestInterrupted(t *testing.T) {
	var l log
	p := pool(t, 2, &l)
	dir := p.Setup.(setup).Dir
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		(&file{dir: dir}).reach("here", "waits", "sleeps")
		cancel(errors.New("enough"))
	}()
	err := p.Do(ctx, jobs("waits for the end", "does not end", "passes"))
	if err == nil || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
	slices.Sort(l.lines)
	want := []string{"error does not end sleeps: interrupted: enough\n\nthe worker died: signal SIGKILL; " + workers.NotCleaned, "passed waits for the end waits | enough"}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAtOnce: if a run has to end at once, workers do not clean up.
func TestAtOnce(t *testing.T) {
	var l log
	p := pool(t, 2, &l)
	atOnce := make(chan struct{})
	p.CleanUp, p.AtOnce = 0, atOnce
	dir := p.Setup.(setup).Dir
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		(&file{dir: dir}).reach("here", "waits", "sleeps")
		cancel(errors.New("enough"))
		for len(l.finished()) == 0 { // the one that listens
			time.Sleep(time.Millisecond)
		}
		close(atOnce)
	}()
	if err := p.Do(ctx, jobs("waits for the end", "does not end")); err == nil || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
	want := []string{"passed waits for the end waits | enough", "error does not end sleeps: interrupted: enough\n\nthe worker died: signal SIGKILL; " + workers.NotCleaned}
	if diff := cmp.Diff(want, l.finished()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStop: a run that is stopped without a failure reports nothing about the tests
// that it ended, only about a worker that could not clean up in time.
func TestStop(t *testing.T) {
	var l log
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	p := pool(t, 2, &l)
	p.Run = harness.Start(harness.Reporters{&l, reporter(func(e harness.Event) {
		if e.Kind == harness.TestFinished && e.Path[0] == "fails" {
			cancel(workers.ErrStopped)
		}
	})}, 1)
	if err := p.Do(ctx, jobs("is called off", "waits for the end", "passes")); err != nil {
		t.Error(err)
	}
	want := []string{
		"passed is called off fails",
		"error is called off : interrupted: the run was stopped\n\nthe worker died: signal SIGKILL; " +
			workers.NotCleaned + "; the rest of the file was not run",
	}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

type reporter func(harness.Event)

func (r reporter) Report(e harness.Event) { r(e) }

func TestCannotStart(t *testing.T) {
	var l log
	p := pool(t, 2, &l)
	p.Command = func() *exec.Cmd { return exec.CommandContext(context.Background(), "/nowhere/worker") }
	if err := p.Do(t.Context(), jobs("passes", "dies")); err != nil {
		t.Error(err)
	}
	if len(l.lines) != 2 || !strings.Contains(l.lines[0], "/nowhere/worker: no such file or directory") {
		t.Errorf("got %q", l.lines)
	}
}

// TestNoWorker starts a program that does not know the protocol.
func TestNoWorker(t *testing.T) {
	var l log
	p := pool(t, 1, &l)
	p.Command = func() *exec.Cmd { return exec.CommandContext(context.Background(), "echo", "hello") }
	if err := p.Do(t.Context(), jobs("passes")); err != nil {
		t.Error(err)
	}
	want := []string{"error passes : the worker died: exit status 0; the rest of the file was not run | hello"}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestConnectWithoutParent(t *testing.T) {
	out, err := reexec.Command("worker").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "wanted a socket to the parent at descriptor 3") {
		t.Errorf("got %v, %s", err, out)
	}
}

// TestStrangers: a child from before this process had workers, as after exec in a
// shell, is not an orphan of the workers.
func TestStrangers(t *testing.T) {
	stranger := exec.Command("sleep", "60")
	stranger.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	}()
	var l log
	if err := pool(t, 1, &l).Do(t.Context(), jobs("dies", "passes")); err != nil {
		t.Fatal(err)
	}
	if stat, err := process.ReadStat(stranger.Process.Pid); err != nil || stat.Dead() {
		t.Error("the stranger was killed")
	}
}
