package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"

	"github.com/nats-io/nats.go"
)

func refused(t *testing.T, err error, code string) {
	t.Helper()
	var r *link.Refusal
	if !errors.As(err, &r) || r.Code != code {
		t.Errorf("wanted a refusal with the code %q, got %v", code, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Audit: true})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	newFakeHost(t, h.URL(), "lab-2", "b", true).up(t)
	submit(t, user, "run-1", 100)
	poll.Until(t, "the run has passed", func() bool { return theRun(t, user, "run-1").State == "passed" })
	run := theRun(t, user, "run-1")
	if run.User != "anna" || run.Done != 100 || run.Bad != 0 {
		t.Errorf("wanted 100 jobs of anna that have passed, got %+v", run)
	}
	var kinds []string
	poll.Until(t, "the run is over in its notes", func() bool {
		all := notes(t, user, "run-1")
		kinds = nil
		for _, n := range all {
			kinds = append(kinds, n.Kind)
		}
		return len(all) > 0 && all[len(all)-1].Kind == wire.NoteOver
	})
	count := func(kind string) (n int) {
		for _, k := range kinds {
			if k == kind {
				n++
			}
		}
		return n
	}
	if kinds[0] != wire.NoteSubmitted || count(wire.NoteStarted) != 100 || count(wire.NoteFinished) != 100 {
		t.Errorf("wanted submitted, 100 started and 100 finished, got %d, %d: %v", count(wire.NoteStarted), count(wire.NoteFinished), kinds)
	}
	h.Close()
	if tally := audit(t, h.options.Dir); tally.Finished != 100 || tally.Claims != 100 {
		t.Errorf("wanted 100 claims and 100 finished jobs, got %+v", tally)
	}
}

func TestRepeatedRequestsHaveOneEffect(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "anna")
	host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	for range 3 {
		submit(t, user, "run-1", 1)
	}
	s := host.one(t)
	for range 3 {
		if _, err := ask(t, host.link, wire.VerbResult, passed(s)); err != nil {
			t.Fatal(err)
		}
	}
	stale := passed(s)
	stale.Token.Index++
	_, err := ask(t, host.link, wire.VerbResult, stale)
	refused(t, err, wire.CodeStale)
	poll.Until(t, "one job is done", func() bool { return theLab(t, user).Done == 1 })
	if run := theRun(t, user, "run-1"); run.Jobs != 1 {
		t.Errorf("wanted one job, got %+v", run)
	}
}

func TestEverybodyHasARole(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user, other := dial(t, h.URL(), wire.User, "anna"), dial(t, h.URL(), wire.User, "ben")
	admin, viewer := dial(t, h.URL(), wire.Admin, "root"), dial(t, h.URL(), wire.Viewer, "page")
	host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	submit(t, user, "run-1", 1)
	host.one(t)

	// What is not allowed is not even sent to the hub, so ask it directly.
	for _, l := range []*link.Link{user, viewer, host.link} {
		for _, verb := range []string{wire.VerbDrain, wire.VerbAside, wire.VerbForget, wire.VerbQuota, wire.VerbInvite, wire.VerbRevoke, wire.VerbBackup} {
			_, err := ask(t, l, verb, nil)
			refused(t, err, wire.CodeRefused)
		}
	}
	_, err := ask(t, other, wire.VerbCancel, wire.Cancel{Run: "run-1"})
	refused(t, err, wire.CodeRefused)
	_, err = ask(t, host.link, wire.VerbBeat, wire.Beat{Host: "lab-2", Incarnation: "x"})
	refused(t, err, wire.CodeRefused)
	_, err = ask(t, user, wire.VerbSubmit, wire.Submit{Run: wire.Run{ID: "a.b"}, Last: true})
	refused(t, err, wire.CodeRefused)
	hold := submission("run-2", 1)
	hold.Run.Inbox = wire.LedgerSubject
	_, err = ask(t, user, wire.VerbSubmit, hold)
	refused(t, err, wire.CodeRefused)
	_, err = ask(t, user, "dance", nil)
	refused(t, err, wire.CodeRefused)
	_, err = ask(t, admin, wire.VerbInvite, wire.Invite{Role: wire.User})
	refused(t, err, wire.CodeRefused) // there are no keys

	if _, err := ask(t, admin, wire.VerbCancel, wire.Cancel{Run: "run-1", Reason: "enough"}); err != nil {
		t.Error(err)
	}
	if _, err := ask(t, admin, wire.VerbDrain, wire.Drain{Host: "lab-1", Reason: "new disk"}); err != nil {
		t.Error(err)
	}
	poll.Until(t, "the host is draining", func() bool {
		return slices.ContainsFunc(theLab(t, viewer).Hosts, func(h wire.LabHost) bool { return h.State == "draining" && h.Reason == "new disk" })
	})
}

func TestSilentHostLosesItsJobs(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Audit: true})
	user := dial(t, h.URL(), wire.User, "anna")
	first := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	submit(t, user, "run-1", 1)
	s := first.one(t)
	second := newFakeHost(t, h.URL(), "lab-2", "a", false).up(t)
	first.stop()
	again := second.one(t)
	if !s.Token.Less(again.Token) || again.Attempt != 2 {
		t.Errorf("wanted a second attempt with a higher token than %s, got %+v", s.Token, again)
	}
	_, err := ask(t, first.link, wire.VerbResult, passed(s))
	refused(t, err, wire.CodeStale)
	if _, err := ask(t, second.link, wire.VerbResult, passed(again)); err != nil {
		t.Error(err)
	}
	poll.Until(t, "the lost attempt is in the notes", func() bool {
		return slices.ContainsFunc(notes(t, user, "run-1"), func(n wire.Note) bool {
			return n.Kind == wire.NoteReturned && n.Host == "lab-1" && n.Outcome.Status == wire.Lost
		})
	})
	// It comes back with what it had, and is told to stop that.
	poll.Until(t, "lab-1 is lost", func() bool { return state(t, user, "lab-1") == schedule.Lost })
	newFakeHost(t, h.URL(), "lab-1", "b", false).up(t)
	poll.Until(t, "lab-1 is up again", func() bool { return state(t, user, "lab-1") == schedule.Up })
	_, err = ask(t, first.link, wire.VerbBeat, wire.Beat{Host: "lab-1", Incarnation: "a", Cores: 4})
	refused(t, err, wire.CodeStale)
	h.Close()
	audit(t, h.options.Dir)
}

func state(t *testing.T, l *link.Link, host string) string {
	for _, h := range theLab(t, l).Hosts {
		if h.Name == host {
			return h.State
		}
	}
	return ""
}

// A host that has missed its order gets it again, and one that has a job which it should not
// have is told to stop it.
func TestHeartbeatsReconcile(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "anna")
	host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	submit(t, user, "run-1", 1)
	s := host.one(t)
	host.mu.Lock()
	delete(host.jobs, s.Token)
	host.highest = wire.Token{}
	host.mu.Unlock()
	if again := host.one(t); again.Token != s.Token {
		t.Errorf("wanted the same claim again, got %+v", again)
	}
	if _, err := ask(t, user, wire.VerbCancel, wire.Cancel{Run: "run-1"}); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the job was stopped", func() bool { return len(host.running()) == 0 })
	host.mu.Lock()
	host.jobs[wire.Token{Seq: 1}] = s
	host.mu.Unlock()
	poll.Until(t, "what it should not have was stopped", func() bool { return len(host.running()) == 0 })
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	submit(t, user, "run-1", 10)
	answered := regexp.MustCompile(`ave_fleet_request_seconds_count{verb="result"} (\d+)\n`)
	var text string
	poll.Until(t, "ten jobs are in the metrics, and their results were answered", func() bool {
		w := httptest.NewRecorder()
		h.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		body, err := io.ReadAll(w.Result().Body)
		text = string(body)
		found := answered.FindStringSubmatch(text)
		if err != nil || found == nil || !strings.Contains(text, "ave_fleet_jobs_done_total 10\n") {
			return false
		}
		n, err := strconv.Atoi(found[1])
		return err == nil && n >= 10 // a request whose answer is late is repeated
	})
	for _, want := range []string{
		`ave_fleet_jobs_finished_total{outcome="passed"} 10`, `ave_fleet_hosts{state="up"} 1`, "ave_fleet_leading 1", "ave_fleet_commit_seconds_sum ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("wanted %q in the metrics, got\n%s", want, text)
		}
	}
	if strings.Contains(text, "ave_fleet_hubs") {
		t.Error("a hub that is alone counts hubs")
	}
}

func TestWithKeysStrangersAreRefused(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Keys: true, Listen: "127.0.0.1"})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := link.Dial(ctx, link.Config{URL: strings.Replace(h.URL(), "tls:", "nats:", 1), Role: wire.User, Name: "anna"})
	if err == nil {
		t.Error("wanted that a stranger cannot connect")
	}
	path := t.TempDir() + "/admin.json"
	c, err := h.Book().Local(path, link.Config{URL: h.URL(), Role: wire.Admin, Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := link.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	a, err := ask(t, admin, wire.VerbInvite, wire.Invite{Role: wire.Worker, Name: "lab-1"})
	if err != nil || a.Invited == "" {
		t.Errorf("wanted an invitation, got %+v, %v", a, err)
	}
	if theLab(t, admin).Hub != "hub-1" {
		t.Errorf("wanted the view of hub-1, got %+v", theLab(t, admin))
	}
}

// What was refused has a code that says why. What has failed at the hub may work later.
func TestErrorsOfKeys(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Keys: true, Listen: "127.0.0.1"})
	l := newTerm(t, h)
	ask := func(verb string, body any) wire.Answer {
		l.handle(&request{role: wire.Admin, name: "root", verb: verb, body: body, message: &nats.Msg{}})
		return l.building.replies[len(l.building.replies)-1].answer
	}
	if a := ask(wire.VerbRevoke, &wire.Revoke{Role: wire.User, Name: "nobody"}); a.Code != wire.CodeUnknown {
		t.Errorf("wanted that there is no such key, got %+v", a)
	}
	if a := ask(wire.VerbInvite, &wire.Invite{Role: "king"}); a.Code != wire.CodeRefused {
		t.Errorf("wanted that there is no such role, got %+v", a)
	}
	if err := os.RemoveAll(filepath.Join(h.options.Dir, "keys")); err != nil {
		t.Fatal(err)
	}
	if a := ask(wire.VerbInvite, &wire.Invite{Role: wire.User}); a.Code != wire.CodeRetry || a.Error == "" {
		t.Errorf("wanted that a failed write is repeated, got %+v", a)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Dir: t.TempDir(), Listen: "0.0.0.0"}, {Dir: t.TempDir(), Listen: "example.org"}} {
		if h, err := Start(t.Context(), o); err == nil {
			h.Close()
			t.Errorf("wanted that %+v is refused", o)
		}
	}
}

// Two hubs cannot use the same directory or the same port, and say so at once.
func TestSecondHub(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	if other, err := Start(t.Context(), Options{Dir: h.options.Dir, Port: -1}); err == nil || !strings.Contains(err.Error(), "another hub") {
		if other != nil {
			other.Close()
		}
		t.Errorf("wanted that the directory is in use, got %v", err)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(h.URL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: t.TempDir(), Port: number}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("wanted that the port is in use, got %v", err)
	}
}

// Who asks sees what was answered before.
func TestViewHasWhatWasAnswered(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user := dial(t, h.URL(), wire.User, "alice")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	for i := range 30 {
		run := fmt.Sprintf("run-%d", i)
		submit(t, user, run, 1)
		if theRun(t, user, run).Run != run {
			t.Fatalf("wanted that the view has %s, whose submission was answered", run)
		}
	}
}

// A view that is too large for a message lacks what is oldest.
func TestLargeViews(t *testing.T) {
	t.Parallel()
	lab := wire.Lab{Hub: "h"}
	for i := range 100 {
		lab.Runs = append(lab.Runs, wire.LabRun{Run: fmt.Sprintf("run-%d", i), Ended: float64(i % 2), Title: strings.Repeat("x", 1000)})
		lab.Queue = append(lab.Queue, wire.LabWait{Run: fmt.Sprintf("run-%d", i)})
	}
	var a wire.Answer
	if err := json.Unmarshal(fitting(lab, 75_000), &a); err != nil || a.Lab == nil || len(a.Lab.Queue) != 100 {
		t.Fatalf("wanted a view, got %+v, %v", a, err)
	}
	if runs := a.Lab.Runs; len(runs) >= 75 || len(runs) < 50 || runs[len(runs)-1].Run != "run-99" {
		t.Errorf("wanted the newest runs, got %d", len(runs))
	}
	if err := json.Unmarshal(fitting(lab, 1000), &a); err != nil || a.Lab == nil {
		t.Errorf("wanted a view, got %+v, %v", a, err)
	}
	lab.Hub = strings.Repeat("h", 1000)
	a = wire.Answer{}
	if err := json.Unmarshal(fitting(lab, 1000), &a); err != nil || a.Code != wire.CodeRefused {
		t.Errorf("wanted a refusal, got %+v, %v", a, err)
	}
}

// What is shown is made seldom, however often somebody looks.
func TestViewIsCached(t *testing.T) {
	t.Parallel()
	v := newView()
	now := time.Now()
	if !v.due(now) {
		t.Error("wanted that the first view is due")
	}
	v.set(wire.Lab{Hub: "a"}, 1, now)
	if v.due(now.Add(viewInterval / 2)) {
		t.Error("wanted that the view is not due at once")
	}
	if !v.due(now.Add(viewInterval + time.Second)) {
		t.Error("wanted that the view is due after a while")
	}
	if got := string(v.answer()); !strings.Contains(got, `"hub":"a"`) {
		t.Errorf("wanted the view, got %s", got)
	}
}
