package workers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
)

// asWorker is the argument with which the test binary is a worker.
const asWorker = "as-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asWorker {
		work()
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns")) // it is there for good
}

// setup is what the workers of a test are told.
type setup struct{ Dir string }

// work is a worker whose files are names of functions.
func work() {
	var s setup
	stop := make(chan string, 1)
	link, err := workers.Connect(&s, func(why string) { stop <- why }, func() { os.Exit(9) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(8)
	}
	for job := range link.Jobs() {
		name, _, _ := strings.Cut(job.File, "#") // what follows tells files apart
		files[name](&file{Link: link, Job: job, dir: s.Dir, stop: stop})
		link.Done()
	}
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

func nothing() {}

// descriptors are those of this process whose files have names that begin so.
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
			f.reach("stopping", "never") // the other threads go on for a moment
		})
		f.test("after", nothing)
	},
	"is slow": func(f *file) { f.test("thinks", func() { time.Sleep(time.Second) }) },
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

// log has the events of a run as lines.
type log struct{ lines []string }

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
		l.lines = append(l.lines, string(e.Status)+" "+line)
	}
}

// temporary has the directories of workers in a place of their own, which has to be
// empty in the end, as the list of children has.
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
		Command: func() *exec.Cmd { return exec.CommandContext(context.Background(), os.Args[0], asWorker) },
		Setup:   setup{t.ArtifactDir()},
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
	for name, c := range map[string]struct {
		files []string
		want  []string
	}{
		"passes": {[]string{"passes"}, []string{"passed passes one", "passed passes two"}},
		"dies": {[]string{"dies"}, []string{
			"passed dies before",
			"error dies exits: the worker died: exit status 3 | last words",
			"passed dies between",
			"error dies is killed: the worker died: signal SIGKILL",
			"passed dies after",
		}},
		"dies early": {[]string{"dies early", "passes"}, []string{
			"error dies early : the worker died: exit status 4; what was left of the file has not been run",
			"passed passes one", "passed passes two",
		}},
		"dies in a block": {[]string{"dies in a block"}, []string{
			"error dies in a block block: the worker died: exit status 5; what was left of the block has not been run",
			"passed dies in a block after",
		}},
		"what one worker reports twice is two things, and what the next one repeats is none": {[]string{"breaks twice"}, []string{
			"error breaks twice block: broken", "error breaks twice block: broken",
			"error breaks twice exits: the worker died: exit status 3",
			"error breaks twice block: broken",
		}},
		"is stopped": {[]string{"is stopped"}, []string{
			"error is stopped stops: the worker was stopped by a signal, and killed", "passed is stopped after",
		}},
		"who is asked answers": {[]string{"is slow"}, []string{"passed is slow thinks"}},
		"writes garbage": {[]string{"writes garbage"}, []string{
			`error writes garbage writes: the worker was ended: its parent wanted a message, got invalid character '\x00' looking for beginning of value`,
			"passed writes garbage after",
		}},
		"closes its link": {[]string{"closes its link"}, []string{
			"error closes its link closes: the worker closed the link to its parent, and was killed",
			"passed closes its link after",
		}},
		"uses the first descriptors": {[]string{"uses the first descriptors", "writes"}, []string{
			"passed uses the first descriptors uses", "passed uses the first descriptors after",
			"passed writes writes | it",
		}},
		"floods": {[]string{"floods", "writes"}, []string{"passed floods floods", "passed writes writes | it"}},
		"leaves daemons": {[]string{"leaves daemons"}, []string{
			"error leaves daemons leaves: the worker died: signal SIGKILL",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			p := pool(t, 1, &l)
			p.Patience = time.Second / 4
			if err := p.Do(t.Context(), jobs(c.files...)); err != nil {
				t.Fatal(err)
			}
			for i, line := range l.lines { // it may also notice by itself that it has lost its parent
				l.lines[i] = strings.Replace(line, "died: exit status 9", "closed the link to its parent, and was killed", 1)
			}
			if diff := cmp.Diff(c.want, l.lines); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestInterrupted ends a run: who listens is told why, who does not is killed, and
// what has not begun does not.
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
	want := []string{"error does not end sleeps: interrupted: enough", "passed waits for the end waits | enough"}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStop: when nothing is wrong with the end of a run, it is not told of the tests
// that it has ended.
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
	if diff := cmp.Diff([]string{"passed is called off fails"}, l.lines); diff != "" {
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

// TestNoWorker starts a program that knows nothing of links.
func TestNoWorker(t *testing.T) {
	var l log
	p := pool(t, 1, &l)
	p.Command = func() *exec.Cmd { return exec.CommandContext(context.Background(), "echo", "hello") }
	if err := p.Do(t.Context(), jobs("passes")); err != nil {
		t.Error(err)
	}
	want := []string{"error passes : the worker died: exit status 0; what was left of the file has not been run | hello"}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestConnectWithoutParent(t *testing.T) {
	out, err := exec.Command(os.Args[0], asWorker).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "wanted a socket to the parent at descriptor 3") {
		t.Errorf("got %v, %s", err, out)
	}
}

// TestStrangers: a child that this process had before, as after exec in a shell, is
// not an orphan of the workers.
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
