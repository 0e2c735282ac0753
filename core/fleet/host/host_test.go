package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

func TestJob(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	r := l.submit(map[string]string{"a_test.lua": `
it("passes", function() end)
it("fails", function()
	local dir = test.workspace()
	require("ave").fs.write(dir .. "/left", "here")
	error("wrong")
end)
`}, nil)
	ended := r.over()
	if o := outcome(ended[0]); o.Status != wire.Done || o.Passed || o.Seconds <= 0 {
		t.Errorf("got %+v", o)
	}
	if diff := cmp.Diff([]string{"passed passes", "error fails"}, r.results()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(r.artifacts) != 1 || !r.artifacts[0].Tar || !strings.Contains(r.artifacts[0].Path, "workspace") {
		t.Fatalf("artifacts: got %+v", r.artifacts)
	}
	store, err := l.user.JS.ObjectStore(poll.Context(t), wire.ArtifactStore)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := store.GetInfo(poll.Context(t), r.artifacts[0].Object); err != nil || int64(info.Size) != r.artifacts[0].Size || info.Digest != r.artifacts[0].Digest {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestMissingCode(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	sum := strings.Repeat("ab", 32)
	r := l.submit(map[string]string{"a_test.lua": ""}, func(r *wire.Run, _ []wire.Job) { r.Code = sum })
	if n := r.await(wire.NoteReturned, 1)[0]; outcome(n).Status != wire.Broken || outcome(n).Missing != sum {
		t.Errorf("got %+v", outcome(n))
	}
}

// TestWorkerDies: the process that runs the tests dies, and another one continues, as
// without a fleet.
func TestWorkerDies(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	r := l.submit(map[string]string{"a_test.lua": `
local ave = require("ave")
it("before", function() end)
it("dies", function() ave.posix.kill(ave.posix.getpid(), 9) ave.time.sleep(60) end)
it("after", function() end)
`}, nil)
	if o := outcome(r.over()[0]); o.Status != wire.Done || o.Passed {
		t.Errorf("got %+v", o)
	}
	if diff := cmp.Diff([]string{"passed before", "error dies", "passed after"}, r.results()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestProcessDies: the process of a job is killed or suspended. What it has started ends,
// and the job runs again.
func TestProcessDies(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "suspended": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			m := l.host("one", nil)
			dir := t.TempDir()
			r := l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
			l.until(filepath.Join(dir, "started"))
			first := m.tree()
			if err := syscall.Kill(m.jobProcess(), signal); err != nil {
				t.Fatal(err)
			}
			r.await(wire.NoteReturned, 1)
			for _, pid := range m.tree() {
				if slices.Contains(first, pid) {
					t.Errorf("process %d of the first attempt is still there", pid)
				}
			}
			if o := outcome(r.over()[0]); o.Status != wire.Done || !o.Passed || !exists(filepath.Join(dir, "again")) {
				t.Errorf("got %+v", o)
			}
			if n := r.of(wire.NoteReturned)[0]; outcome(n).Status != wire.Died {
				t.Errorf("got %+v", outcome(n))
			}
		})
	}
}

// jobProcess is the pid of the only job's process.
func (m *machine) jobProcess() int {
	m.Helper()
	files, err := os.ReadDir(filepath.Join(m.dir, "running"))
	if err != nil || len(files) != 1 {
		m.Fatalf("wanted one job, got %v, %v", files, err)
	}
	text, err := os.ReadFile(filepath.Join(m.dir, "running", files[0].Name()))
	if err != nil {
		m.Fatal(err)
	}
	return number(m, strings.Fields(string(text))[0])
}

// TestHostStopped suspends the process of a host. The job ends by itself before the leader
// gives it to another host, and what the first one says later does not count.
func TestHostStopped(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	second := l.host("two", nil)
	first.signal(syscall.SIGSTOP)
	first.goneWithin(wire.LostAfter)
	ended := r.over()
	first.signal(syscall.SIGCONT)
	if n := ended[0]; !outcome(n).Passed || n.Host != "two" {
		t.Errorf("got %+v of %s", outcome(n), n.Host)
	}
	first.waitState("up")
	second.waitState("up")
	poll.Until(t, "the late result was refused", func() bool { return strings.Contains(first.said.String(), "the result does not count") })
	r.over()
}

// TestHostKilled kills a host together with the process of a job: its next process ends
// what they have left.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	_ = m.cmd.Process.Signal(syscall.SIGSTOP) // it does not notice the end of its job
	_ = syscall.Kill(m.jobProcess(), syscall.SIGKILL)
	m.kill()
	first := m.tree()
	if len(first) == 0 {
		t.Error("there is nothing to end")
	}
	m.startAgain()
	r.await(wire.NoteReturned, 1) // by the first heartbeat
	for _, pid := range m.tree() {
		if slices.Contains(first, pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
}

// TestHostDies: the job ends by itself when its host has ended, even if the process of the
// job is suspended.
func TestHostDies(t *testing.T) {
	t.Parallel()
	for name, isSuspended := range map[string]bool{"running": false, "suspended": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			m := l.host("one", nil)
			dir := t.TempDir()
			l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
			l.until(filepath.Join(dir, "started"))
			if isSuspended {
				_ = syscall.Kill(m.jobProcess(), syscall.SIGSTOP)
			}
			m.kill()
			m.goneWithin(wire.LostAfter)
		})
	}
}

// TestCut cuts the connection of a host.
func TestCut(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	wires := newProxy(t, l.hub.URL())
	first := l.host("one", func(o *Options) { o.Link.URL = wires.url })
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	l.host("two", nil)
	wires.cut()
	first.goneWithin(wire.LostAfter)
	if n := r.over()[0]; !outcome(n).Passed || n.Host != "two" {
		t.Errorf("got %+v of %s", outcome(n), n.Host)
	}
	wires.restore()
	first.waitState("up")
	again := l.submit(map[string]string{"b_test.lua": `it("is", function() end)`}, func(_ *wire.Run, jobs []wire.Job) { jobs[0].Needs.Tags = []string{"host=one"} })
	if o := outcome(again.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
}

// teardown is a test that waits and cleans up, but passes when it runs again.
func teardown(dir string) string {
	return strings.Replace(waiting(dir), `it("waits"`, `after_each(function() io.open(dir .. "/cleaned", "w"):close() end)
it("waits"`, 1)
}

// TestTerminated stops a host: it cleans up, gives the job back and ends.
func TestTerminated(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": teardown(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	l.host("two", nil)
	first.signal(syscall.SIGTERM)
	if err := first.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !exists(filepath.Join(dir, "cleaned")) {
		t.Error("it has not cleaned up")
	}
	n := r.over()[0]
	if !outcome(n).Passed || n.Host != "two" {
		t.Errorf("got %+v of %s", outcome(n), n.Host)
	}
	if left := first.tree(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": teardown(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	if _, err := l.user.Request(t.Context(), wire.VerbCancel, wire.Cancel{Run: r.id, Reason: "interrupted"}); err != nil {
		t.Fatal(err)
	}
	if o := outcome(r.over()[0]); o.Status != wire.Stopped {
		t.Errorf("got %+v", o)
	}
	if !exists(filepath.Join(dir, "cleaned")) {
		t.Error("it has not cleaned up")
	}
	if diff := cmp.Diff([]string{"error waits"}, r.results()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	m.goneWithin(wire.LostAfter)
}

// TestShared: jobs of a run share values and locks, on two hosts.
func TestShared(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	one := func(o *Options) { o.Cores = 1 }
	first, second := l.host("one", one), l.host("two", one)
	dir := t.TempDir()
	text := `
local ave = require("ave")
local dir = "` + dir + `"
it("shares", function()
	local value = test.shared("value", function()
		os.execute("echo made >> " .. dir .. "/made")
		os.execute("setsid sleep 4323 > /dev/null 2>&1 &")
		return 42
	end)
	assert.equal(42, value)
	test.exclusive("lock")
	assert.is_nil(io.open(dir .. "/inside"))
	io.open(dir .. "/inside", "w"):close()
	ave.time.sleep(0.1)
	os.remove(dir .. "/inside")
end)
`
	r := l.submit(map[string]string{"a_test.lua": text, "b_test.lua": text, "c_test.lua": text, "d_test.lua": text}, nil)
	for i, n := range r.over() {
		if !outcome(n).Passed {
			t.Errorf("job %d: got %+v", i, outcome(n))
		}
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "made")); string(text) != "made\n" {
		t.Errorf("it was made %d times", strings.Count(string(text), "made"))
	}
	first.goneWithin(60)
	second.goneWithin(60)
}

// TestWorkerWithValueDies: what a worker has made and holds ends with it, although the
// process of the job goes on.
func TestWorkerWithValueDies(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": `
local ave = require("ave")
local function value()
	return test.shared("value", function()
		os.execute("echo made >> ` + dir + `/made")
		return 42
	end)
end
it("dies", function()
	test.exclusive("lock")
	assert.equal(42, value())
	ave.posix.kill(ave.posix.getpid(), 9)
	ave.time.sleep(60)
end)
it("has it again", function()
	test.exclusive("lock")
	assert.equal(42, value())
end)
`}, nil)
	r.over()
	if diff := cmp.Diff([]string{"error dies", "passed has it again"}, r.results()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "made")); string(text) != "made\nmade\n" {
		t.Errorf("got %q", text)
	}
}

// TestLeave: a host that leaves finishes its jobs.
func TestLeave(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": `
local ave = require("ave")
it("goes on", function()
	io.open("` + dir + `/started", "w"):close()
	eventually(function() return io.open("` + dir + `/go") ~= nil end, { timeout = 60 })
end)`}, nil)
	l.until(filepath.Join(dir, "started"))
	m.signal(syscall.SIGUSR1)
	m.waitState("leaving")
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
}

// TestProgram: a run brings its own program along, and its coverage comes back.
func TestProgram(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec '"+program(t)+"' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := parcel.MakeFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.store(made)
	r := l.submit(map[string]string{"a_test.lua": `
it("finds the program of the run", function()
	assert.equal("` + filepath.Join(m.dir, "programs", made.Sum) + `", os.getenv("PATH"):match("^[^:]*"))
	assert.is_nil(os.getenv("AVE_LAB"))
end)`}, func(r *wire.Run, _ []wire.Job) { r.Program, r.Measure = made.Sum, true })
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
	if len(r.artifacts) != 1 || r.artifacts[0].Kind != wire.ArtifactCoverage || !r.artifacts[0].Tar || r.artifacts[0].Size == 0 {
		t.Errorf("got %+v", r.artifacts)
	}
}
