package host

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/internal/built"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"host": runHost})
	goleak.VerifyTestMain(m, goroutines.LeftByPut(), goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(made.dir)
		os.Exit(code)
	}))
}

// made is the program avescript.
var made struct {
	once sync.Once
	dir  string
	err  error
}

func program(t *testing.T) string {
	t.Helper()
	made.once.Do(func() {
		if made.dir, made.err = os.MkdirTemp("", "avescript"); made.err != nil {
			return
		}
		if made.err = os.Chmod(made.dir, 0o755); made.err != nil {
			return
		}
		made.err = built.Into(made.dir, "avescript")
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	return filepath.Join(made.dir, "avescript")
}

// runHost is a host in a process of its own: its options as JSON.
func runHost(args []string) error {
	var o Options
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return err
	}
	o.Log = func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	came := make(chan os.Signal, 2)
	signal.Notify(came, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	atOnce, leave := make(chan struct{}), make(chan struct{})
	o.AtOnce, o.Leave = atOnce, leave
	leaving := make(chan os.Signal, 1)
	signal.Notify(leaving, syscall.SIGUSR1)
	go func() {
		<-leaving
		close(leave)
	}()
	go func() {
		<-came
		cancel()
		<-came
		close(atOnce)
	}()
	return Run(ctx, o)
}

// lab is a hub with a user.
type lab struct {
	*testing.T
	hub  *hub.Hub
	opts hub.Options
	user *link.Link
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{T: t, opts: hub.Options{
		Dir: t.TempDir(), Port: -1, Name: "hub", Audit: true,
		Log: func(format string, args ...any) { t.Logf(stamp()+" hub: "+format, args...) },
	}}
	l.startHub()
	t.Cleanup(func() { l.hub.Close() })
	h := l.hub
	user, err := link.Dial(t.Context(), link.Config{URL: h.URL(), Role: wire.User, Name: "user"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(user.Close)
	l.user = user
	return l
}

// startHub starts the hub, at the same address as before.
func (l *lab) startHub() {
	l.Helper()
	h, err := hub.Start(l.Context(), l.opts)
	if err != nil {
		l.Fatal(err)
	}
	l.hub = h
	if l.opts.Port < 0 {
		_, port, _ := strings.Cut(strings.TrimPrefix(h.URL(), "nats://"), ":")
		l.opts.Port = number(l.T, port)
	}
}

func stamp() string { return time.Now().Format("05.000") }

// machine is a host in a process of its own.
type machine struct {
	*lab
	cmd  *exec.Cmd
	dir  string
	opts Options
	said said
}

// said is what a host has logged.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// host starts a host.
func (l *lab) host(name string, with func(*Options)) *machine {
	l.Helper()
	m := &machine{lab: l, dir: l.TempDir()}
	m.opts = Options{Link: link.Config{URL: l.hub.URL(), Role: wire.Worker, Name: name}, Dir: m.dir, Program: program(l.T), Cores: 4}
	if os.Geteuid() == 0 {
		m.opts.Account = rootAccount
	}
	if with != nil {
		with(&m.opts)
	}
	m.startAgain()
	l.Cleanup(func() {
		m.kill()
		poll.Until(l, "nothing is left of jobs", func() bool { return len(m.tree()) == 0 })
	})
	return m
}

func (m *machine) startAgain() {
	m.Helper()
	text, err := json.Marshal(m.opts)
	if err != nil {
		m.Fatal(err)
	}
	m.cmd = reexec.Command("host", string(text))
	m.cmd.Env = append(os.Environ(), "HOST_SECRET=1", "TMPDIR="+m.TempDir()) // a host that is killed leaves files there
	m.cmd.Stderr = logger{m.T, m.opts.Link.Name, &m.said}
	m.cmd.WaitDelay = 30 * time.Second
	if err := m.cmd.Start(); err != nil {
		m.Fatal(err)
	}
	m.waitState("up")
}

// logger writes what a process says to the log of the test.
type logger struct {
	*testing.T
	name string
	said *said
}

// Write implements io.Writer.
func (l logger) Write(data []byte) (int, error) {
	l.said.mu.Lock()
	l.said.text.Write(data)
	l.said.mu.Unlock()
	l.Logf("%s %s: %s", stamp(), l.name, strings.TrimSpace(string(data)))
	return len(data), nil
}

func (m *machine) waitState(state string) {
	m.Helper()
	poll.Until(m, m.opts.Link.Name+" is "+state, func() bool {
		for _, h := range m.hub.View().Hosts {
			if h.Name == m.opts.Link.Name && h.State == state {
				return true
			}
		}
		return false
	})
}

func (m *machine) signal(s syscall.Signal) {
	m.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.Error(err)
	}
}

func (m *machine) kill() {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

// tree are the living processes of jobs of the host.
func (m *machine) tree() (pids []int) {
	id, err := os.ReadFile(filepath.Join(m.dir, "id"))
	if err != nil {
		return nil
	}
	mark := []byte(jobVariable + "=" + string(id) + "/")
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range found {
		if isMarked(path, mark) {
			var pid int
			_, _ = fmt.Sscanf(path, "/proc/%d/environ", &pid)
			pids = append(pids, pid)
		}
	}
	return pids
}

// goneWithin fails unless nothing of the jobs of the host is left in time. On a busy machine
// everything takes longer: how much, the time that it takes to look tells.
func (m *machine) goneWithin(seconds float64) {
	m.Helper()
	began := time.Now()
	var slowest time.Duration
	poll.Until(m, "the job has ended with everything that it has started", func() bool {
		look := time.Now()
		left := m.tree()
		slowest = max(slowest, time.Since(look))
		return len(left) == 0
	})
	if took := time.Since(began); took.Seconds() > seconds+5*slowest.Seconds() {
		m.Errorf("it took %v until everything had ended, wanted at most %g s; a look took %v", took, seconds, slowest)
	}
}

// run is a run that was submitted.
type run struct {
	*lab
	id string

	mu        sync.Mutex
	notes     []wire.Note
	outputs   []wire.Output
	artifacts []wire.Artifact
}

// submit submits a test file for each job.
func (l *lab) submit(files map[string]string, with func(*wire.Run, []wire.Job)) *run {
	l.Helper()
	dir := l.TempDir()
	var names []string
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			l.Fatal(err)
		}
		names = append(names, name)
	}
	made, err := parcel.Make(dir, names)
	if err != nil {
		l.Fatal(err)
	}
	l.store(made)
	r := wire.Run{ID: wire.NewRunID(), Kind: wire.Tests, Code: made.Sum, Setup: json.RawMessage(`{"Timeout": 600, "TeardownTimeout": 10}`)}
	var jobs []wire.Job
	for _, name := range names {
		work, _ := json.Marshal(workers.Job{File: name})
		jobs = append(jobs, wire.Job{Name: name, Work: work})
	}
	if with != nil {
		with(&r, jobs)
	}
	return l.send(r, jobs)
}

func (l *lab) send(r wire.Run, jobs []wire.Job) *run {
	l.Helper()
	started := &run{lab: l, id: r.ID}
	started.follow()
	if _, err := l.user.Request(l.Context(), wire.VerbSubmit, wire.Submit{Run: r, Jobs: jobs, Last: true}); err != nil {
		l.Fatal(err)
	}
	return started
}

func (l *lab) store(p *parcel.Parcel) {
	l.Helper()
	store, err := l.user.JS.ObjectStore(poll.Context(l), wire.CodeStore)
	if err == nil {
		_, err = store.PutBytes(poll.Context(l), p.Sum, p.Data)
	}
	if err != nil {
		l.Fatal(err)
	}
}

// follow collects what happens in the run.
func (r *run) follow() {
	r.Helper()
	consumer, err := r.user.JS.OrderedConsumer(poll.Context(r), wire.OutputStream, jetstream.OrderedConsumerConfig{FilterSubjects: wire.RunSubjects(r.id)})
	if err != nil {
		r.Fatal(err)
	}
	reading, err := consumer.Consume(func(m jetstream.Msg) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if strings.HasPrefix(m.Subject(), "fleet.note.") {
			var notes wire.Notes
			if err := json.Unmarshal(m.Data(), &notes); err != nil {
				r.Error(err)
			}
			for _, n := range notes {
				r.Logf("%s note %s job %d token %s host %s %+v", stamp(), n.Kind, n.Job, n.Token, n.Host, n.Outcome)
			}
			r.notes = append(r.notes, notes...)
			return
		}
		var o wire.Output
		if err := json.Unmarshal(m.Data(), &o); err != nil {
			r.Error(err)
		}
		if o.Log != "" {
			r.Logf("%s log: %s", stamp(), o.Log)
		}
		r.outputs = append(r.outputs, o)
		r.artifacts = append(r.artifacts, o.Artifacts...)
	})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() {
		reading.Stop()
		<-reading.Closed()
	})
}

// of are the notes of a kind.
func (r *run) of(kind string) (found []wire.Note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.notes {
		if n.Kind == kind {
			found = append(found, n)
		}
	}
	return found
}

func (r *run) await(kind string, count int) []wire.Note {
	r.Helper()
	poll.Until(r, fmt.Sprintf("%d times %s", count, kind), func() bool { return len(r.of(kind)) >= count })
	return r.of(kind)
}

// over waits for the end of the run. Each job has ended once.
func (r *run) over() map[int]wire.Note {
	r.Helper()
	r.await(wire.NoteOver, 1)
	ended := map[int]wire.Note{}
	for _, n := range r.of(wire.NoteFinished) {
		if before, twice := ended[n.Job]; twice && before.Place != n.Place {
			r.Errorf("job %d has ended twice: %+v, %+v", n.Job, before, n)
		}
		ended[n.Job] = n
	}
	return ended
}

// results are "STATUS NAME" of all tests that have finished.
func (r *run) results() (lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.outputs {
		for _, e := range o.Events {
			if e.Kind == harness.TestFinished {
				lines = append(lines, string(e.Status)+" "+e.FullName())
			}
		}
	}
	return lines
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// until waits for a file that a test writes.
func (l *lab) until(path string) {
	l.Helper()
	poll.Until(l, path+" exists", func() bool { return exists(path) })
}

// waiting is a test that starts a daemon and waits, but passes when it runs again. The
// files are in a directory: started and again.
func waiting(dir string) string {
	return fmt.Sprintf(`
local ave = require("ave")
local dir = %q
it("waits", function()
	if io.open(dir .. "/started") then
		io.open(dir .. "/again", "w"):close()
		return
	end
	os.execute("setsid sh -c 'sleep 4321 & sleep 4322' > /dev/null 2>&1 &")
	io.open(dir .. "/started", "w"):close()
	ave.time.sleep(600)
end)
`, dir)
}

func outcome(n wire.Note) wire.Outcome {
	if n.Outcome == nil {
		return wire.Outcome{Status: "none"}
	}
	return *n.Outcome
}
