package schedule_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// TestMachine does whatever can happen to a fleet, in any order. After each step the checker
// reads the whole ledger. In the end everything is repaired, and all jobs must have exactly
// one outcome.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{fleet: newFleet(t), T: t, twin: schedule.New(), last: map[wire.Token]workers.Ask{}, locks: map[string]wire.Token{}}
		t.Repeat(map[string]func(*rapid.T){
			"":           m.invariants,
			"host":       m.host,
			"silent":     m.silent,
			"lost":       m.lost,
			"admin":      m.admin,
			"submit":     m.submit,
			"cancel":     m.cancel,
			"place":      m.place,
			"place more": m.place,
			"result":     m.result,
			"late":       m.late,
			"ask":        m.ask,
			"time":       m.time,
			"expire":     func(*rapid.T) { m.commit(m.s.Expire(m.now, 100)) },
			"restore":    m.restore,
		})
		m.finale()
	})
}

// machine is a fleet and its twin: a state that folds the same ledger as JSON, and now and
// then is a restored snapshot.
type machine struct {
	*fleet
	*rapid.T
	twin  *schedule.State
	known int // how many entries the twin has folded
	runs  []string
	old   []wire.Result // results that were sent already, with their hosts
	by    []string
	asked int
	last  map[wire.Token]workers.Ask // the last question of each claim
	locks map[string]wire.Token      // who was told that it has a lock, by run and name
	seen  int                        // how many orders were looked at
	made  int                        // incarnations
}

var (
	machineHosts = []string{"a", "b", "c"}
	machineUsers = []string{"ada", "bob", "cleo"}
	machineNeeds = []wire.Needs{
		{}, {}, {Cores: 2}, {Exclusive: true}, {Memory: 5 << 30}, {Tags: []string{"new"}}, wants("relay"),
		wants("relay", "relay"), wants("phone"), wants("phone", "relay"), wants(`{"uid":"r-1"}`, "relay"), wants("workspace"),
	}
	machineParts = []wire.Piece{
		piece("relay", "r-1"), piece("relay", "r-2"), stacked("phone", "p-1", "s"), stacked("relay", "r-3", "s"), piece("phone", "p-2"),
	}
)

// twice fails if the same input has an effect twice.
func (m *machine) twice(entries []schedule.Entry, err error) {
	m.Helper()
	if len(entries) > 0 || err != nil {
		m.Fatalf("wanted nothing for the same again, got %+v, %v", entries, err)
	}
}

func (m *machine) host(t *rapid.T) {
	name := rapid.SampledFrom(machineHosts).Draw(t, "host")
	b := wire.Beat{Host: name, Incarnation: m.incarnation(t, name), Memory: 8 << 30, Made: []string{"workspace"}}
	b.Cores = rapid.IntRange(1, 4).Draw(t, "cores")
	if rapid.Bool().Draw(t, "tagged") {
		b.Tags = []string{"new"}
	}
	for _, p := range machineParts {
		if rapid.IntRange(0, 3).Draw(t, "has") > 0 {
			if rapid.IntRange(0, 5).Draw(t, "taken") == 0 {
				p.State, p.Holder = "leased", "eve"
			}
			b.Pieces = append(b.Pieces, p)
		}
	}
	m.see(b)
}

// incarnation is that of a host, or now and then a new one.
func (m *machine) incarnation(t *rapid.T, name string) string {
	if v := m.view[name]; v != nil && rapid.IntRange(0, 3).Draw(t, "restart") > 0 {
		return v.Beat.Incarnation
	}
	m.made++
	return fmt.Sprintf("%s-%d", name, m.made)
}

func (m *machine) see(b wire.Beat) {
	m.beat(b)
	m.twice(m.s.Seen(b, m.now), nil)
	for _, o := range m.s.Reconcile(b, m.now) {
		if o.Start != nil && m.at(o.Start.Token).Host != b.Host {
			m.Fatalf("host %s is told to start a job of %s", b.Host, m.at(o.Start.Token).Host)
		}
	}
}

func (m *machine) someone(t *rapid.T) *schedule.Sight {
	names := make([]string, 0, len(m.view))
	for name := range m.view {
		names = append(names, name)
	}
	if len(names) == 0 {
		t.Skip()
	}
	slices.Sort(names)
	return m.view[rapid.SampledFrom(names).Draw(t, "known")]
}

func (m *machine) silent(t *rapid.T) {
	if v := m.someone(t); v.State == schedule.Up {
		v.State = schedule.Silent
	}
}

func (m *machine) lost(t *rapid.T) {
	v := m.someone(t)
	v.State = schedule.Lost
	m.commit(m.s.HostLost(v.Beat.Host, v.Beat.Incarnation, "silent", m.now))
	m.twice(m.s.HostLost(v.Beat.Host, v.Beat.Incarnation, "silent", m.now), nil)
}

func (m *machine) admin(t *rapid.T) {
	name := m.someone(t).Beat.Host
	off := rapid.Bool().Draw(t, "off")
	var do func() ([]schedule.Entry, error)
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		do = func() ([]schedule.Entry, error) { return m.s.Drain("root", wire.Drain{Host: name, Off: off}, m.now) }
	case 1:
		pieces := m.view[name].Beat.Pieces
		if len(pieces) == 0 {
			t.Skip()
		}
		key := rapid.SampledFrom(pieces).Draw(t, "piece").Profile.Key()
		do = func() ([]schedule.Entry, error) {
			return m.s.Aside("root", wire.Aside{Host: name, Piece: key, Off: off, Reason: "x"}, m.now)
		}
	case 2:
		user, cores := rapid.SampledFrom(machineUsers).Draw(t, "user"), rapid.IntRange(0, 6).Draw(t, "quota")
		do = func() ([]schedule.Entry, error) {
			return m.s.Quota("root", wire.Quota{User: user, Cores: cores}, m.now)
		}
	default:
		if !off {
			t.Skip()
		}
		m.commit(m.s.HostLost(name, m.view[name].Beat.Incarnation, "silent", m.now))
		m.do(m.s.Forget("root", wire.Drain{Host: name}, m.now))
		delete(m.view, name)
		return
	}
	m.do(do())
	m.twice(do())
}

func (m *machine) submit(t *rapid.T) {
	r := wire.Run{
		ID: fmt.Sprintf("r%d", len(m.runs)), Kind: wire.Tests,
		Priority: rapid.IntRange(0, 1).Draw(t, "priority"), Patience: float64(rapid.IntRange(0, 1).Draw(t, "patience") * 20),
	}
	var list []wire.Job
	for i := range rapid.IntRange(1, 6).Draw(t, "jobs") {
		list = append(list, wire.Job{
			Name: fmt.Sprintf("t%d", i), Work: json.RawMessage(`{"file":"t.lua"}`),
			Needs:   rapid.SampledFrom(machineNeeds).Draw(t, "needs"),
			Seconds: float64(rapid.IntRange(0, 5).Draw(t, "seconds")),
		})
	}
	if len(list) == 1 && rapid.Bool().Draw(t, "hold") {
		r.Kind = wire.Hold
	}
	user := rapid.SampledFrom(machineUsers).Draw(t, "user")
	for first, last := 0, false; !last; {
		n := rapid.IntRange(1, len(list)-first).Draw(t, "part")
		last = first+n == len(list)
		p := wire.Submit{Run: r, First: first, Jobs: list[first : first+n], Last: last}
		entries, err := m.s.Submit(user, true, p, m.now)
		if err != nil {
			if first == 0 {
				return
			}
			break // the run will expire
		}
		m.commit(entries)
		m.twice(m.s.Submit(user, true, p, m.now))
		first += n
	}
	m.runs = append(m.runs, r.ID)
}

func (m *machine) cancel(t *rapid.T) {
	if len(m.runs) == 0 {
		t.Skip()
	}
	c := wire.Cancel{Run: rapid.SampledFrom(m.runs).Draw(t, "run")}
	entries, err := m.s.Cancel("root", true, c, m.now)
	if err != nil {
		t.Skip()
	}
	m.commit(entries)
	m.twice(m.s.Cancel("root", true, c, m.now))
}

func (m *machine) place(*rapid.T) {
	m.follow()
	entries := m.s.Place(m.view, m.now, 100)
	same, _ := json.Marshal(m.twin.Place(m.view, m.now, 100))
	if mine, _ := json.Marshal(entries); string(mine) != string(same) {
		m.Fatalf("one state decides\n%s\nand another one with the same ledger\n%s", mine, same)
	}
	m.commit(entries)
	for _, w := range m.s.Lab(m.view, m.now).Queue {
		if m.now-w.Since >= 2 {
			return // something may be kept for it or not
		}
	}
	for _, e := range m.s.Place(m.view, m.now, 100) {
		m.Fatalf("a second round at the same time finds something: %+v", e)
	}
}

// running lists the current claims.
func (m *machine) running() (jobs []wire.LabJob) {
	for _, h := range m.s.Lab(m.view, m.now).Hosts {
		jobs = append(jobs, h.Jobs...)
	}
	return jobs
}

func (m *machine) result(t *rapid.T) {
	jobs := m.running()
	if len(jobs) == 0 {
		t.Skip()
	}
	j := rapid.SampledFrom(jobs).Draw(t, "job")
	status := rapid.SampledFrom([]string{wire.Done, wire.Done, wire.Done, wire.Busy, wire.Died, wire.Broken, wire.Stopped}).Draw(t, "status")
	o := wire.Outcome{Status: status, Passed: status == wire.Done, Seconds: m.now - j.Since}
	if status == wire.Busy {
		for _, key := range m.at(j.Token).Pieces {
			if key != "" {
				o.Busy = append(o.Busy, key)
			}
		}
	}
	m.send(j, o)
}

func (m *machine) send(j wire.LabJob, o wire.Outcome) {
	r := wire.Result{Run: j.Run, Job: j.Index, Token: j.Token, Outcome: o}
	m.do(m.s.Result(j.Host, r, m.now))
	m.twice(m.s.Result(j.Host, r, m.now))
	m.old, m.by = append(m.old, r), append(m.by, j.Host)
}

// late sends a result that was sent before.
func (m *machine) late(t *rapid.T) {
	if len(m.old) == 0 {
		t.Skip()
	}
	i := rapid.IntRange(0, len(m.old)-1).Draw(t, "which")
	if entries, _ := m.s.Result(m.by[i], m.old[i], m.now); len(entries) > 0 {
		m.Fatalf("a late result counts: %+v", entries)
	}
}

func (m *machine) time(t *rapid.T) {
	m.now += rapid.SampledFrom([]float64{0.5, 1, 5, 30}).Draw(t, "seconds")
}

// follow has the twin fold what it has not folded yet, as JSON.
func (m *machine) follow() {
	for ; m.known < len(m.entries); m.known++ {
		var e schedule.Entry
		text, err := json.Marshal(m.entries[m.known])
		if err == nil {
			err = json.Unmarshal(text, &e)
		}
		if err != nil {
			m.Fatalf("%v", err)
		}
		at := m.places[m.known]
		m.twin.Apply(at.Seq, at.Index, []schedule.Entry{e})
	}
	m.twin.Orders()
}

func (m *machine) restore(*rapid.T) {
	m.follow()
	snapshot, err := m.twin.Snapshot()
	if err == nil {
		m.twin, err = schedule.Restore(snapshot)
	}
	if err != nil {
		m.Fatalf("%v", err)
	}
}

func (m *machine) invariants(*rapid.T) {
	m.answers()
	tally := m.check()
	lab := m.s.Lab(m.view, m.now)
	if int(lab.Done) != tally.Finished {
		m.Fatalf("the state has %d finished jobs, the ledger %d", lab.Done, tally.Finished)
	}
	if n := len(m.running()); n != tally.Claims-tally.Returned-(tally.Finished-tally.Cancelled-m.refused()) {
		m.Fatalf("the state has %d running jobs, the ledger has %+v", n, tally)
	}
	for _, w := range lab.Queue {
		if w.Why == "" {
			m.Fatalf("nothing says why %s waits", w.Run)
		}
	}
	m.follow()
	mine, err := m.s.Snapshot()
	if err != nil {
		m.Fatalf("%v", err)
	}
	if twin, _ := m.twin.Snapshot(); string(mine) != string(twin) {
		m.Fatalf("a state is\n%s\nand another one with the same ledger\n%s", mine, twin)
	}
}

// refused counts the jobs that were finished without a claim.
func (m *machine) refused() (n int) {
	for _, e := range m.entries {
		if e.Kind == schedule.Finish && e.Token.IsZero() {
			n++
		}
	}
	return n
}

// finale repairs everything and waits until all jobs have an outcome.
func (m *machine) finale() {
	for _, user := range machineUsers {
		m.do(m.s.Quota("root", wire.Quota{User: user}, m.now))
	}
	for _, name := range machineHosts {
		m.made++
		m.see(wire.Beat{
			Host: name, Incarnation: fmt.Sprintf("%s-%d", name, m.made), Cores: 4, Memory: 8 << 30, Tags: []string{"new"},
			Made: []string{"workspace"}, Pieces: machineParts,
		})
		m.do(m.s.Drain("root", wire.Drain{Host: name, Off: true}, m.now))
		for _, p := range machineParts {
			m.do(m.s.Aside("root", wire.Aside{Host: name, Piece: p.Profile.Key(), Off: true}, m.now))
		}
	}
	m.commit(m.s.Expire(m.now+1000, 1e9)) // runs that are not complete
	for range 400 {
		m.now++
		m.commit(m.s.Place(m.view, m.now, 100))
		for _, j := range m.running() {
			m.send(j, wire.Outcome{Status: wire.Done, Passed: true, Seconds: 1})
		}
		if m.over() {
			m.invariants(m.T)
			return
		}
	}
	m.Fatalf("jobs are left: %+v", m.s.Lab(m.view, m.now).Queue)
}

func (m *machine) over() bool {
	for _, r := range m.s.Lab(m.view, m.now).Runs {
		if r.Ended == 0 {
			return false
		}
	}
	return true
}
