package page_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

// tests end the browser that they share before leaks are looked for.
type tests struct{ *testing.M }

func (m tests) Run() int {
	defer stopChromium()
	return m.M.Run()
}

func TestMain(m *testing.M) {
	// Most tests wait for a browser, or for time to pass.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(tests{m}, goroutines.LeftByPut())
}

// laboratory is a lab that a test changes.
type laboratory struct {
	mu  sync.Mutex
	lab wire.Lab
}

func (l *laboratory) view() wire.Lab {
	l.mu.Lock()
	defer l.mu.Unlock()
	lab := l.lab
	lab.Hosts, lab.Pieces, lab.Queue, lab.Runs = slices.Clone(lab.Hosts), slices.Clone(lab.Pieces), slices.Clone(lab.Queue), slices.Clone(lab.Runs)
	lab.Time = float64(time.Now().UnixMilli()) / 1000
	return lab
}

func (l *laboratory) change(f func(*wire.Lab)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.lab)
}

// pieceOf makes the profile of a piece.
func pieceOf(t testing.TB, values map[string]any) profile.Profile {
	t.Helper()
	p, err := profile.New(values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// labOf makes a lab with some hosts that are busy in different ways. Its names and texts are
// always the same.
func labOf(t testing.TB, hosts int) *laboratory {
	now := float64(time.Now().Unix())
	l := wire.Lab{Hub: "hub", Seq: 4711, Time: now, Done: 1234}
	users := []string{"anna", "boris", "chen", "ci"}
	files := []string{"tests/test_handover.lua", "tests/test_roaming.lua", "tests/test_call.lua:41", "tests/test_sms.lua", "tests/test_power.lua"}
	for i := range hosts {
		h := wire.LabHost{
			Name: fmt.Sprintf("lab-%d", i+1), State: "up", Since: now - 86400*3 - float64(i*1000), Cores: 8 + 8*(i%2), Memory: 32 << 30,
			Free: int64(6+i%20) << 30, Load: float64(i%13) * 0.7, Tags: []string{"os=debian12", "arch=amd64"}, Version: "0.4.0", Account: "avejob",
		}
		switch {
		case hosts >= 20 && i == 6:
			h.State, h.Since, h.Load = "lost", now-125, 0
		case hosts >= 20 && i == 11:
			h.State, h.Since, h.Reason = "draining", now-1900, "new disk at 15:00"
		case hosts >= 20 && i == 17:
			h.Broker = "cannot connect to 127.0.0.1:4000: connection refused"
		}
		if h.State == "up" {
			for j := range (i * 7) % 5 {
				h.Jobs = append(h.Jobs, wire.LabJob{
					Run: fmt.Sprintf("261130-10%02d00-ABCDEF", j), Index: i*8 + j, Name: files[(i+j)%len(files)], User: users[j%3], Host: h.Name,
					Test: "Call between two handsets holds while one of them moves", Since: now - float64(5+i*3+j*20), Until: now + float64(60*j+20), Attempt: 1 + j/4,
					Token: wire.Token{Seq: uint64(4000 + i), Index: uint32(j)},
				})
				h.Used += 1 + j%3
			}
			h.Used = min(h.Used, h.Cores)
		}
		l.Hosts = append(l.Hosts, h)
		kinds := []string{"handset", "relay", "power supply"}
		for j := range i % 3 {
			p := wire.LabPiece{
				Host: h.Name, State: "free",
				Piece: wire.Piece{Profile: pieceOf(t, map[string]any{"type": kinds[(i+j)%3], "name": fmt.Sprintf("%s%d-%d", string("hrp"[(i+j)%3]), i+1, j+1), "model": "X" + fmt.Sprint(i%4)})},
			}
			switch {
			case h.State == "lost":
				p.State, p.Since = "away", h.Since
			case i%7 == 2:
				p.State, p.User, p.Holder, p.Since, p.Reason = "taken", "dora", "dora", now-5400, "by hand"
			case i%9 == 4:
				p.State, p.Since, p.Reason = "aside", now-7200, "the antenna is loose"
			case len(h.Jobs) > j:
				job := h.Jobs[j]
				p.State, p.Run, p.Job, p.User, p.Since, p.Until, p.Token = "held", job.Run, job.Name, job.User, job.Since, job.Until, job.Token
			}
			l.Pieces = append(l.Pieces, p)
		}
	}
	if hosts > 0 {
		for i, state := range []string{"running", "running", "running", "waiting", "passed", "failed", "cancelled", "passed"} {
			r := wire.LabRun{
				Run: fmt.Sprintf("261130-10%02d00-ABCDEF", i), Kind: wire.Tests, Title: []string{"nightly", "handover branch", "smoke", "", "release 4.2", "roaming", "", "smoke"}[i],
				User: users[i%4], State: state, Submitted: now - float64(400+900*i), Jobs: 200 - 20*i,
			}
			switch state {
			case "running":
				r.Done, r.Bad, r.Running, r.Deaths = 120-30*i, 3-i, 8, i%2
			case "passed", "failed", "cancelled":
				r.Done, r.Ended = r.Jobs, r.Submitted+320
				switch state {
				case "failed":
					r.Bad = 4
				case "cancelled":
					r.Done = 31
				}
			}
			l.Runs = append(l.Runs, r)
		}
		handset := pieceOf(t, map[string]any{"type": "handset"})
		relay := pieceOf(t, map[string]any{"type": "relay"})
		for i, w := range []wire.LabWait{
			{Jobs: 12, First: "tests/test_switch.lua", Needs: wire.Needs{Equipment: []wire.Want{{Name: "a", Profile: relay}, {Name: "b", Profile: relay}}}, Why: "2 relays on one host: lab-3 busy until about 14:20"},
			{Jobs: 40, First: "tests/test_call.lua", Needs: wire.Needs{Equipment: []wire.Want{{Name: "phone", Profile: handset}}, Tags: []string{"os=debian12"}}, Why: "a handset: all 9 are held, the next is free at about 14:05"},
			{Jobs: 1, First: "tests/test_load.lua", Needs: wire.Needs{Cores: 16, Exclusive: true}, Why: "a host for itself: lab-2 is the first to be empty, at about 14:30"},
			{Jobs: 9, First: "tests/test_sms.lua", Why: "boris has 16 of 16 cores"},
		} {
			w.Run, w.User, w.Since = fmt.Sprintf("261130-10%02d00-ABCDEF", i), users[i%4], now-float64(700-150*i)
			l.Queue = append(l.Queue, w)
		}
		l.Users = []wire.LabUser{{Name: "anna", Running: 22, Waiting: 12}, {Name: "boris", Running: 16, Waiting: 49, Quota: 16}, {Name: "chen", Running: 5, Waiting: 1}}
	}
	return &laboratory{lab: l}
}

// TestNobodyReads: the lab is looked at seldom while nobody reads, and often as soon as
// somebody does.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	const interval = 50 * time.Millisecond
	var looks atomic.Int32
	lab := labOf(t, 3)
	p := open(t, page.Options{Interval: interval, Lab: func() wire.Lab { looks.Add(1); return lab.view() }})
	began, before := time.Now(), looks.Load()
	poll.Until(t, "it looks again", func() bool { return looks.Load() >= before+4 })
	if took := time.Since(began); took < 3*4*interval {
		t.Errorf("it has looked four times within %s", took)
	}
	lab.change(func(l *wire.Lab) { l.Hosts[0].State = "lost" })
	r := read(t, p.URL()+"/api/lab/events", "")
	for text := ""; !strings.Contains(text, `"state":"lost"`); {
		text = string(r.until("full", "patch").data)
	}
	before = looks.Load()
	for range 6 {
		r.until("tick")
	}
	if n := looks.Load() - before; n < 5 {
		t.Errorf("it has looked %d times for 6 events", n)
	}
}

// open starts a page without keys.
func open(t testing.TB, options page.Options) *page.Page {
	t.Helper()
	if options.Address == "" {
		options.Address = "127.0.0.1:0"
	}
	if options.Interval == 0 {
		options.Interval = 50 * time.Millisecond
	}
	p, err := page.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func wants(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("nothing of %q in\n%s", part, text)
		}
	}
}
