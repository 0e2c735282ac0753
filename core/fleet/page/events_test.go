package page_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// reader reads server-sent events.
type reader struct {
	t    testing.TB
	body *bufio.Reader
	stop func()
}

type event struct {
	name, id string
	data     []byte
}

// read begins to read, after an event, perhaps with cookies.
func read(t testing.TB, url, last string, cookies ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	for _, cookie := range cookies {
		r.Header.Add("Cookie", cookie)
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, answer.Status)
	}
	var once sync.Once
	stop := func() { once.Do(func() { cancel(); _ = answer.Body.Close() }) }
	t.Cleanup(stop)
	return &reader{t, bufio.NewReaderSize(answer.Body, 1<<20), stop}
}

func (r *reader) next() (e event, err error) {
	for {
		line, err := r.body.ReadString('\n')
		if err != nil {
			return e, err
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = []byte(value)
		case "":
			return e, nil
		}
	}
}

// until reads up to the next event with one of some names.
func (r *reader) until(names ...string) event {
	r.t.Helper()
	for {
		e, err := r.next()
		if err != nil {
			r.t.Fatal(err)
		}
		for _, name := range names {
			if e.name == name {
				return e
			}
		}
	}
}

type rows map[string]map[string]map[string]any

type told struct {
	Time    float64 `json:"time"`
	Rows    rows    `json:"rows"`
	Patches []rows  `json:"patches"`
}

// apply does what the page's script does.
func (all rows) apply(patch rows) {
	for table, changed := range patch {
		if all[table] == nil {
			all[table] = map[string]map[string]any{}
		}
		for key, fields := range changed {
			if fields == nil {
				delete(all[table], key)
				continue
			}
			if all[table][key] == nil {
				all[table][key] = map[string]any{}
			}
			for name, value := range fields {
				if value == nil {
					delete(all[table][key], name)
				} else {
					all[table][key][name] = value
				}
			}
		}
	}
}

// TestLabEvents: a reader gets everything, then what changes; one that comes back gets what
// it missed, or everything if that is no longer known.
func TestLabEvents(t *testing.T) {
	t.Parallel()
	lab := labOf(t, 30)
	p := open(t, page.Options{Lab: lab.view})
	url := p.URL() + "/api/lab/events"
	r := read(t, url, "")
	first := r.until("full")
	all := decode[told](t, first.data).Rows
	if len(all["hosts"]) != 30 || len(all["equipment"]) != 30 || len(all["queue"]) != 4 || len(all["runs"]) != 8 {
		t.Errorf("%d hosts, %d pieces, %d in the queue, %d runs", len(all["hosts"]), len(all["equipment"]), len(all["queue"]), len(all["runs"]))
	}
	lab.change(func(l *wire.Lab) { l.Hosts[2].State = "lost"; l.Hosts[2].Jobs = nil })
	second := r.until("patch")
	if got, want := string(second.data), `"patches":[{"hosts":{"lab-3":{"jobs":null,"state":"lost"}}}]`; !strings.Contains(got, want) {
		t.Errorf("got %.300s, wanted %s", got, want)
	}
	r.until("tick") // all is well, and nothing has changed
	r.stop()
	lab.change(func(l *wire.Lab) { l.Hosts[2].State = "up" })
	poll.Until(t, "the page sees it", func() bool {
		_, body, _ := request(t, newClient(t), "GET", p.URL()+"/api/lab", "")
		return decode[wire.Lab](t, []byte(body)).Hosts[2].State == "up"
	})
	back := read(t, url, second.id)
	if e, err := back.next(); err != nil || e.name != "patch" || !strings.Contains(string(e.data), `"lab-3":{"state":"up"}`) {
		t.Errorf("who came back got %s %.300s: %v", e.name, e.data, err)
	}
	for _, id := range []string{"other-1", "junk", second.id[:strings.Index(second.id, "-")] + "-999999"} {
		if e, err := read(t, url, id).next(); err != nil || e.name != "full" {
			t.Errorf("with %q: %s, %v", id, e.name, err)
		}
	}
}

// TestNothingIsKnown: a hub that has just started does not say that its lab is empty.
func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	var started atomic.Bool
	lab := labOf(t, 3)
	p := open(t, page.Options{Lab: func() wire.Lab {
		if !started.Load() {
			return wire.Lab{}
		}
		return lab.view()
	}})
	time.AfterFunc(200*time.Millisecond, func() { started.Store(true) })
	if e, err := read(t, p.URL()+"/api/lab/events", "").next(); err != nil || e.name != "full" || !strings.Contains(string(e.data), "lab-3") {
		t.Errorf("first it says %s %.200s: %v", e.name, e.data, err)
	}
}

// TestPatchesAreComplete: whatever changes, all patches together are the lab.
func TestPatchesAreComplete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := page.NewFeed()
		all := rows{}
		id := ""
		for range rapid.IntRange(1, 8).Draw(t, "views") {
			lab := wire.Lab{Time: 1, Hub: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "hub")}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"h1", "h2", "h3", "h4"}), 0, 4, rapid.ID[string]).Draw(t, "hosts") {
				lab.Hosts = append(lab.Hosts, wire.LabHost{
					Name: name, State: rapid.SampledFrom([]string{"up", "lost"}).Draw(t, "state"), Load: rapid.Float64Range(0, 4).Draw(t, "load"),
					Reason: rapid.SampledFrom([]string{"", "why"}).Draw(t, "reason"), Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 0, 2).Draw(t, "tags"),
				})
			}
			for i := range rapid.IntRange(0, 3).Draw(t, "runs") {
				lab.Runs = append(lab.Runs, wire.LabRun{Run: fmt.Sprint(i), Done: rapid.IntRange(0, 3).Draw(t, "done"), Ended: float64(rapid.IntRange(0, 1).Draw(t, "ended"))})
			}
			full := f.Look(lab)
			if rapid.Bool().Draw(t, "reads") {
				data := f.Since(&id)
				got := told{}
				if err := json.Unmarshal(data, &got); err != nil {
					t.Fatal(err)
				}
				if got.Rows != nil {
					all = got.Rows
				}
				for _, patch := range got.Patches {
					all.apply(patch)
				}
				want := rows{}
				if err := json.Unmarshal(full, &want); err != nil {
					t.Fatal(err)
				}
				for table := range all {
					if want[table] == nil {
						want[table] = map[string]map[string]any{}
					}
				}
				if diff := cmp.Diff(want, all); diff != "" {
					t.Fatalf("-wanted +got:\n%s", diff)
				}
			}
		}
	})
}

// TestPatchesAreBounded: differences are not kept if all rows are shorter.
func TestPatchesAreBounded(t *testing.T) {
	t.Parallel()
	f := page.NewFeed()
	lab := labOf(t, 20).view()
	all := len(f.Look(lab))
	for i := range 20 {
		for j := range lab.Hosts {
			lab.Hosts[j].Reason = fmt.Sprint(strings.Repeat("all is different ", 10), i)
		}
		all = max(all, len(f.Look(lab)))
	}
	if bytes, patches := f.Kept(); bytes > all || patches == 0 {
		t.Errorf("%d patches have %d bytes, all rows %d", patches, bytes, all)
	}
	for i := range 80 {
		lab.Hosts[0].Used = i
		f.Look(lab)
	}
	if _, patches := f.Kept(); patches != 60 {
		t.Errorf("%d small patches are kept", patches)
	}
}

// TestFiftyReaders: all see the same, and one that takes nothing stops nobody.
func TestFiftyReaders(t *testing.T) {
	t.Parallel()
	lab := labOf(t, 30)
	p := open(t, page.Options{Lab: lab.view, Interval: 20 * time.Millisecond, Patience: 2 * time.Second})
	slow, err := net.Dial("tcp", strings.TrimPrefix(p.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	_ = slow.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprint(slow, "GET /api/lab/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	ctx, cancel := context.WithCancel(t.Context())
	var changes sync.WaitGroup
	changes.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			lab.change(func(l *wire.Lab) {
				for j := range l.Hosts {
					l.Hosts[j].Used = i % 8
				}
			})
			time.Sleep(5 * time.Millisecond) // a lab does not change all the time
		}
	})
	defer changes.Wait()
	defer cancel()
	var wait sync.WaitGroup
	for range 50 {
		r := read(t, p.URL()+"/api/lab/events", "")
		wait.Go(func() {
			r.until("full")
			for range 10 {
				r.until("patch")
			}
			r.stop()
		})
	}
	wait.Wait()
	cancel()
	size := 0
	poll.Until(t, "the slow reader is disconnected", func() bool {
		size++
		lab.change(func(l *wire.Lab) { l.Hub = strings.Repeat("x", 1<<20+size) }) // soon more than fits into buffers
		return p.Readers() == 0
	})
}

// TestRunHasNoGap: whoever comes and goes gets each message of a run once, in order.
func TestRunHasNoGap(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	p := open(t, page.Options{Lab: labOf(t, 3).view, JetStream: o.js})
	const messages = 600
	run, other := "261130-100000-ABCDEF", "261130-100000-ABCDEG"
	var want []uint64
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for i := range messages {
			token := wire.Token{Seq: uint64(i/10 + 1)}
			if i%7 == 0 {
				o.note(wire.Note{Kind: wire.NoteStarted, Run: other, Job: i})
			}
			if i%10 == 0 {
				want = append(want, o.note(wire.Note{Kind: wire.NoteStarted, Run: run, Job: i, Token: token}))
				continue
			}
			want = append(want, o.output("lab-1", run, i, token, wire.Output{N: i, Events: []harness.Event{{Kind: harness.TestStarted, Path: []string{"<b>"}}}}))
		}
		o.note(wire.Note{Kind: wire.NoteOver, Run: run})
	})
	var got []uint64
	last := ""
	for over := false; !over; {
		r := read(t, p.URL()+"/api/run/"+run+"/events", last)
		for range 3 { // then it goes away, and comes back
			e := r.until("items")
			last = e.id
			for _, it := range decode[[]item](t, e.data) {
				if len(it.Notes) > 0 && it.Notes[0].Kind == wire.NoteOver {
					over = true
					break
				}
				got = append(got, it.Seq)
			}
			if over {
				break
			}
		}
		r.stop()
	}
	publishing.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-published +read:\n%s", diff)
	}
	e := read(t, p.URL()+"/api/run/"+run+"/events", "").until("items", "live")
	if first := decode[[]item](t, e.data)[0]; first.Seq != want[0] {
		t.Errorf("from the beginning: %d, wanted %d", first.Seq, want[0])
	}
	if e := read(t, p.URL()+"/api/run/"+run+"/events", "99999999").until("reset", "items"); e.name != "reset" {
		t.Error("a stream that was made anew is not noticed")
	}
	if e := read(t, p.URL()+"/api/run/nothing/events", "").until("live", "items"); e.name != "live" {
		t.Error("of a run that does not exist there is something")
	}
}

type item struct {
	Seq    uint64       `json:"seq"`
	Notes  wire.Notes   `json:"notes"`
	Host   string       `json:"host"`
	Job    int          `json:"job"`
	Token  string       `json:"token"`
	Output *wire.Output `json:"output"`
}

// TestRunTells what the items are.
func TestRunTells(t *testing.T) {
	o := newOutputs(t)
	p := open(t, page.Options{Lab: labOf(t, 3).view, JetStream: o.js})
	o.output("lab-1", "r1", 7, wire.Token{Seq: 12, Index: 3}, wire.Output{N: 1, Log: "a", Screen: &wire.Screen{Test: "t", Name: "shell", Cast: "[0, \"o\", \"x\"]"}})
	e := read(t, p.URL()+"/api/run/r1/events", "").until("items")
	want := []item{{Seq: 1, Host: "lab-1", Job: 7, Token: "12.3", Output: &wire.Output{N: 1, Log: "a", Screen: &wire.Screen{Test: "t", Name: "shell"}}}}
	if diff := cmp.Diff(want, decode[[]item](t, e.data)); diff != "" {
		t.Errorf("-wanted +got:\n%s", diff)
	}
}
