package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"hub": runHub, "member": runMember})
	poll.Parallel(8)
	goleak.VerifyTestMain(m, goroutines.LeftByPut())
}

// runHub is a hub in a process of its own: DIR PORT. It ends with its input.
func runHub(args []string) error {
	port, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	h, err := Start(context.Background(), Options{Dir: args[0], Port: port, Audit: true, Snapshot: 300, Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "hub: "+format+"\n", args...)
	}})
	if err != nil {
		return err
	}
	fmt.Println(h.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	h.Close()
	return err
}

// startHub starts a hub in this process. The options may lack everything.
func startHub(t *testing.T, o Options) *Hub {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Port == 0 {
		o.Port = -1
	}
	o.Name = "hub-1"
	o.Log = func(format string, args ...any) {
		t.Logf("%s hub: "+format, append([]any{time.Now().Format("05.000")}, args...)...)
	}
	h, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func dial(t *testing.T, url, role, name string) *link.Link {
	t.Helper()
	l, err := link.Dial(t.Context(), link.Config{URL: url, Role: role, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// ask makes a request that is answered in a minute at the latest.
func ask(t *testing.T, l *link.Link, verb string, body any) (wire.Answer, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return l.Request(ctx, verb, body)
}

func submit(t *testing.T, user *link.Link, run string, jobs int) {
	t.Helper()
	if _, err := ask(t, user, wire.VerbSubmit, submission(run, jobs)); err != nil {
		t.Fatal(err)
	}
}

func submission(run string, jobs int) wire.Submit {
	s := wire.Submit{Run: wire.Run{ID: run, Kind: wire.Tests}, Last: true}
	for i := range jobs {
		s.Jobs = append(s.Jobs, wire.Job{Name: fmt.Sprintf("test_%d.lua", i)})
	}
	return s
}

func theLab(t *testing.T, l *link.Link) *wire.Lab {
	t.Helper()
	a, err := ask(t, l, wire.VerbLab, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a.Lab
}

func theRun(t *testing.T, l *link.Link, run string) wire.LabRun {
	t.Helper()
	for _, r := range theLab(t, l).Runs {
		if r.Run == run {
			return r
		}
	}
	return wire.LabRun{}
}

// fakeHost is a host that beats, and keeps or ends its jobs.
type fakeHost struct {
	name, incarnation string
	link              *link.Link
	finish            bool // at once
	cores             int

	stop   context.CancelFunc
	living sync.WaitGroup

	mu      sync.Mutex
	jobs    map[wire.Token]*wire.Start
	highest wire.Token
	answers int // to heartbeats
	failed  error
	over    bool // it takes no more orders
}

func newFakeHost(t *testing.T, url, name, incarnation string, finish bool) *fakeHost {
	t.Helper()
	return fakeHostOn(t, dial(t, url, wire.Worker, name), incarnation, finish)
}

// fakeHostOn is a host with a connection of its own.
func fakeHostOn(t *testing.T, l *link.Link, incarnation string, finish bool) *fakeHost {
	t.Helper()
	name := l.Config.Name
	h := &fakeHost{name: name, incarnation: incarnation, finish: finish, cores: 4, jobs: map[wire.Token]*wire.Start{}, link: l}
	ctx, stop := context.WithCancel(t.Context())
	h.stop = stop
	orders, err := h.link.Conn.Subscribe(wire.OrderSubject(name, incarnation), func(m *nats.Msg) { h.order(ctx, m) })
	if err != nil {
		t.Fatal(err)
	}
	h.living.Go(func() {
		tick := time.NewTicker(time.Duration(wire.BeatInterval * float64(time.Second)))
		defer tick.Stop()
		for ctx.Err() == nil {
			h.beat(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() {
		stop()
		_ = orders.Unsubscribe()
		h.mu.Lock()
		h.over = true
		h.mu.Unlock()
		h.living.Wait()
	})
	return h
}

func (h *fakeHost) beat(ctx context.Context) {
	h.mu.Lock()
	b := wire.Beat{Host: h.name, Incarnation: h.incarnation, Cores: h.cores, Memory: 1 << 30, Free: 1 << 30, Highest: h.highest}
	for token, s := range h.jobs {
		b.Jobs = append(b.Jobs, wire.Running{Run: s.Run.ID, Job: s.Index, Token: token})
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := h.link.Request(ctx, wire.VerbBeat, b)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed = err; err == nil {
		h.answers++
	}
}

func (h *fakeHost) order(ctx context.Context, m *nats.Msg) {
	var o wire.Order
	if link.Genuine(m) != nil || json.Unmarshal(m.Data, &o) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case o.Start != nil:
		if h.over || h.jobs[o.Start.Token] != nil || !h.highest.Less(o.Start.Token) {
			return
		}
		h.highest = o.Start.Token
		h.jobs[o.Start.Token] = o.Start
		if h.finish {
			h.living.Go(func() { _ = h.result(ctx, o.Start) })
		}
	case o.Stop != nil:
		delete(h.jobs, o.Stop.Token)
	}
}

func (h *fakeHost) result(ctx context.Context, s *wire.Start) error {
	_, err := h.link.Request(ctx, wire.VerbResult, passed(s))
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, s.Token)
	return err
}

func passed(s *wire.Start) wire.Result {
	return wire.Result{Run: s.Run.ID, Job: s.Index, Token: s.Token, Outcome: wire.Outcome{Status: wire.Done, Passed: true}}
}

// running are the jobs that it has.
func (h *fakeHost) running() map[wire.Token]*wire.Start {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.jobs)
}

// one waits until the host has a job, and returns it.
func (h *fakeHost) one(t *testing.T) (s *wire.Start) {
	t.Helper()
	poll.Until(t, "host "+h.name+" has a job", func() bool {
		for _, s = range h.running() {
			return true
		}
		return false
	})
	return s
}

// up waits until the hub knows the host.
func (h *fakeHost) up(t *testing.T) *fakeHost {
	t.Helper()
	poll.Until(t, "host "+h.name+" is up", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.answers > 0
	})
	return h
}

// notes are the notes of a run in the stream, without those that are there twice. It returns
// none if they cannot be read now: the test looks again.
func notes(t *testing.T, l *link.Link, run string) []wire.Note {
	t.Helper()
	all, err := readNotes(t.Context(), l, run)
	if err != nil {
		t.Logf("the notes of %s: %v", run, err)
		return nil
	}
	return all
}

func readNotes(ctx context.Context, l *link.Link, run string) (all []wire.Note, _ error) {
	stream, err := l.JS.Stream(ctx, wire.OutputStream)
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(wire.NoteSubject(run)))
	if err != nil {
		return nil, err
	}
	left := info.State.Subjects[wire.NoteSubject(run)]
	if left == 0 {
		return nil, nil
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{wire.NoteSubject(run)}})
	if err != nil {
		return nil, err
	}
	type place struct {
		wire.Token
		kind string
		job  int
	}
	known := map[place]bool{}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, err
	}
	defer messages.Stop()
	for ; left > 0; left-- {
		m, err := messages.Next(jetstream.NextMaxWait(10 * time.Second))
		if err != nil {
			return nil, err
		}
		var some wire.Notes
		if err := json.Unmarshal(m.Data(), &some); err != nil {
			return nil, err
		}
		for _, n := range some {
			at := place{n.Place, n.Kind, n.Job}
			if !known[at] {
				all = append(all, n)
			}
			known[at] = true
		}
	}
	return all, nil
}

// audit checks the ledger of a hub that was closed.
func audit(t *testing.T, dir string) schedule.Tally {
	t.Helper()
	tally, err := Audit(t.Context(), Options{Dir: dir, Audit: true})
	if err != nil {
		t.Errorf("the ledger is wrong: %v", err)
	}
	return tally
}
