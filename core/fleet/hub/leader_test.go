package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// A second leader writes first, so the write of the one before fails. It reads the ledger
// again and then knows what the other has decided; whoever leads in the end, everything that
// was answered is there.
func TestSecondLeader(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Audit: true})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	submit(t, user, "run-1", 20)
	for n, run := range []string{"run-2", "run-3", "run-4"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ended := make(chan error, 1)
		other := &Hub{options: h.options, server: h.server, link: h.link, private: h.private, conn: h.conn, js: h.js, stores: h.stores, disk: h.disk, metrics: newMetrics(), view: newView()}
		go func() { ended <- other.lead(ctx, "usurper") }()
		submit(t, user, run, 20)
		err := <-ended
		cancel()
		if err == nil || !strings.Contains(err.Error(), "ledger") {
			t.Errorf("%d: wanted that the ledger ends the term of the other leader, got %v", n, err)
		}
	}
	for _, run := range []string{"run-1", "run-2", "run-3", "run-4"} {
		poll.Until(t, run+" has passed", func() bool { return theRun(t, user, run).State == "passed" })
	}
	h.Close()
	if tally := audit(t, h.options.Dir); tally.Finished != 80 {
		t.Errorf("wanted 80 finished jobs, got %+v", tally)
	}
}

// A leader that does not know whether it still leads lets no host go on.
func TestUnsureLeaderAnswersNoHeartbeat(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	l := newTerm(t, h)
	l.confirmed = time.Now().Add(-2 * confirmedFor)
	l.beat(&request{role: wire.Worker, name: "lab-1", verb: wire.VerbBeat, message: &nats.Msg{}}, wire.Beat{Host: "lab-1", Incarnation: "a", Cores: 1})
	if len(l.building.replies) != 1 {
		t.Errorf("wanted that the answer waits for the ledger, got %d waiting answers", len(l.building.replies))
	}
}

// newTerm is a leader that does nothing by itself. The hub's own one goes on.
func newTerm(t *testing.T, h *Hub) *leader {
	l := &leader{
		hub: h, ledger: &ledger{js: h.private.JS, stream: h.stores.ledger, by: "test"}, building: &group{},
		live: newLiveness(time.Now(), 0), keep: keeper{saved: make(chan saved, 1)},
	}
	if _, err := l.fold(poll.Context(t)); err != nil {
		t.Fatal(err)
	}
	return l
}

// Whoever sends a request chooses where the answer goes. The hub may publish everywhere, so
// it must not answer outside of the sender's own inbox, and must not take what the server
// has sent for somebody.
func TestForgedRequestsAreIgnored(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "anna")
	theLab(t, user)
	l := newTerm(t, h)
	_, before, err := l.ledger.bounds(poll.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{wire.LedgerSubject, wire.OrderSubject("lab-1", "a"), wire.InboxPrefix(wire.User, "ben") + ".x"} {
		m := link.Message(wire.RequestSubject(wire.User, "anna", wire.VerbLab), nil)
		m.Reply = reply
		if r := l.receive(m); r != nil {
			t.Errorf("wanted that a request with the inbox %q is ignored", reply)
		}
		if err := user.Conn.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	bare := &nats.Msg{Subject: wire.RequestSubject(wire.Admin, "root", wire.VerbDrain), Data: []byte(`{"host":"lab-1"}`)}
	if r := l.receive(bare); r != nil {
		t.Error("wanted that a message which the server has sent is ignored")
	}
	theLab(t, user) // behind them
	if _, after, err := l.ledger.bounds(poll.Context(t)); err != nil || after != before {
		t.Errorf("wanted that the ledger still ends at %d, got %d, %v", before, after, err)
	}
}

// The time of day jumps, and nobody is judged for that: the hosts keep their jobs.
func TestClockMoves(t *testing.T) {
	t.Parallel()
	var moved atomic.Int64 // seconds
	h := startHub(t, Options{Audit: true, wall: func(now time.Time) float64 { return clock(now) + float64(moved.Load()) }})
	user := dial(t, h.URL(), wire.User, "anna")
	host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	submit(t, user, "run-1", 1)
	s := host.one(t)
	for _, by := range []int64{3600, -3600, 86400 * 400, -86400 * 400, 0} {
		moved.Store(by)
		before := h.metrics.seq.Load()
		submit(t, user, wire.NewRunID(), 1)
		poll.Until(t, "the ledger has gone on", func() bool { return h.metrics.seq.Load() > before })
		host.mu.Lock()
		answers := host.answers
		host.mu.Unlock()
		poll.Until(t, "more heartbeats were answered", func() bool {
			host.mu.Lock()
			defer host.mu.Unlock()
			return host.answers > answers+1
		})
	}
	if _, err := ask(t, host.link, wire.VerbResult, passed(s)); err != nil {
		t.Errorf("wanted that the host still has its job: %v", err)
	}
	if h.metrics.hosts != 0 {
		t.Errorf("wanted that no host was judged, got %d", h.metrics.hosts)
	}
	h.Close()
	audit(t, h.options.Dir)
}

// Judging uses the difference of monotonic clocks only.
func TestSilence(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	v := newLiveness(begin, 0)
	v.heard("lab-1", "a", at(1))
	check := func(what string, seconds, silent float64, judged bool) {
		t.Helper()
		silence, may := v.silence("lab-1", "a", at(seconds))
		if silence.Seconds() != silent || may != judged {
			t.Errorf("%s: wanted %g s, judged: %t, got %g s, %t", what, silent, judged, silence.Seconds(), may)
		}
	}
	check("just after taking over", wire.TakeoverGrace-0.5, wire.TakeoverGrace-1.5, false)
	check("later", 6, 5, true)
	v.pardon(at(6))
	check("after a pause of the hub", 7, 6, false)
	check("when there was time to be heard again", 10, 9, true)
	if _, send := v.nextProbe("me", at(11)); !send {
		t.Fatal("wanted a probe")
	}
	v.nextProbe("me", at(11.8))
	check("while the hub does not hear itself", 12, 11, false)
	check("when it was not heard for long", 15.5, 14.5, true)
}

// Notes that quote much output are in several messages, in order.
func TestLargeNotes(t *testing.T) {
	t.Parallel()
	var all wire.Notes
	for i := range 50 {
		all = append(all, wire.Note{Job: i, Outcome: &wire.Outcome{Message: strings.Repeat("<", 50_000)}})
	}
	parts, err := messages(all)
	if err != nil || len(parts) < 5 {
		t.Fatalf("wanted several messages, got %d, %v", len(parts), err)
	}
	next := 0
	for _, data := range parts {
		var some wire.Notes
		if err := json.Unmarshal(data, &some); err != nil || len(data) > MaxPayload {
			t.Errorf("wanted a message that fits, got %d bytes, %v", len(data), err)
		}
		for _, n := range some {
			if n.Job != next {
				t.Errorf("wanted note %d, got %d", next, n.Job)
			}
			next++
		}
	}
	if next != 50 {
		t.Errorf("wanted 50 notes, got %d", next)
	}
}

// A request that could make a message of the ledger too large is refused, and does no harm.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	// Each byte that is not UTF-8 becomes three.
	strange := submission("run-0", 800)
	for i := range strange.Jobs {
		strange.Jobs[i].Name = strings.Repeat("~", 4999)
	}
	data, err := plain(strange)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("~"), []byte("\xff"))
	answer, err := user.Conn.RequestMsgWithContext(poll.Context(t), link.Message(wire.RequestSubject(wire.User, "anna", wire.VerbSubmit), data))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(answer.Data, []byte(`"code":"refused"`)) || len(data) > mostRequest {
		t.Fatalf("wanted that a request of %d bytes that becomes too large is refused, got %s, %v", len(data), answer.Data, err)
	}
	large := submission("run-1", 1)
	large.Run.Title = strings.Repeat("x", mostRequest)
	_, err = ask(t, user, wire.VerbSubmit, large)
	refused(t, err, wire.CodeRefused)
	large.Run.Title = strings.Repeat("<", mostRequest/8)
	if _, err := ask(t, user, wire.VerbSubmit, large); err != nil {
		t.Errorf("wanted that a request of %d bytes is taken: %v", mostRequest/8, err)
	}
}

// A host that makes up tokens does not keep the leader from leading.
func TestMadeUpTokens(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	l := newTerm(t, h)
	l.confirmed = time.Now()
	claim := func(seq uint64) string {
		r := &request{role: wire.Worker, name: "lab-1", verb: wire.VerbBeat, message: &nats.Msg{}}
		l.building = &group{}
		l.beat(r, wire.Beat{Host: "lab-1", Incarnation: "a", Cores: 1, Highest: wire.Token{Seq: seq}})
		if len(l.building.replies) == 0 {
			return ""
		}
		return l.building.replies[0].answer.Code
	}
	if code := claim(1000); code != "" || l.old != 1000 {
		t.Fatalf("wanted that the ledger jumps over 1000, got %q and %d", code, l.old)
	}
	if err := l.jumpOver(l.old); !errors.Is(err, errOld) {
		t.Fatalf("wanted the end of the term, got %v", err)
	}
	if code := claim(1 << 50); code != wire.CodeRetry || l.old != 0 {
		t.Errorf("wanted that it does not jump again at once, got %q and %d", code, l.old)
	}
	if code := claim(0); code != "" {
		t.Errorf("wanted that others are served, got %q", code)
	}
}
