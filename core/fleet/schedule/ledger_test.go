package schedule_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// fleet is a state with its ledger, and with hosts that do what they are told.
type fleet struct {
	t       failer
	s       *schedule.State
	now     float64
	seq     uint64
	places  []wire.Token
	entries []schedule.Entry
	notes   []wire.Note
	orders  []schedule.Outgoing
	view    schedule.View
}

const begin = 1_700_000_000

func newFleet(t failer) *fleet {
	return &fleet{t: t, s: schedule.New(), now: begin, view: schedule.View{}}
}

// commit writes entries to the ledger as a message.
func (f *fleet) commit(entries []schedule.Entry) {
	if len(entries) == 0 {
		return
	}
	f.seq++
	for i, e := range entries {
		f.places = append(f.places, wire.Token{Seq: f.seq, Index: uint32(i)})
		f.entries = append(f.entries, e)
	}
	f.notes = append(f.notes, f.s.Apply(f.seq, 0, entries)...)
	f.orders = append(f.orders, f.s.Orders()...)
}

// do commits what an input method has decided.
func (f *fleet) do(entries []schedule.Entry, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	f.commit(entries)
}

func (f *fleet) ledger() iter.Seq2[wire.Token, schedule.Entry] {
	return func(yield func(wire.Token, schedule.Entry) bool) {
		for i, e := range f.entries {
			if !yield(f.places[i], e) {
				return
			}
		}
	}
}

// check reads the ledger with the checker.
func (f *fleet) check() schedule.Tally {
	f.t.Helper()
	tally, err := schedule.Check(f.ledger())
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	return tally
}

// beat has a host send a heartbeat.
func (f *fleet) beat(b wire.Beat) {
	f.commit(f.s.Seen(b, f.now))
	f.view[b.Host] = schedule.NewSight(b, f.now)
}

// host makes the heartbeat of a host with some relays.
func host(name string, cores int, pieces ...wire.Piece) wire.Beat {
	return wire.Beat{Host: name, Incarnation: name + "-1", Cores: cores, Memory: 8 << 30, Pieces: pieces}
}

func piece(kind, uid string) wire.Piece { return stacked(kind, uid, "") }

func stacked(kind, uid, stack string) wire.Piece {
	return wire.Piece{Profile: prof(fmt.Sprintf(`{"type":%q,"uid":%q}`, kind, uid)), Stack: stack}
}

func relays(n int) (pieces []wire.Piece) {
	for i := range n {
		pieces = append(pieces, piece("relay", fmt.Sprintf("r-%d", i+1)))
	}
	return pieces
}

func prof(text string) profile.Profile {
	p, err := profile.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return p
}

// wants are needs for equipment: each is a type, or a profile as JSON.
func wants(what ...string) (n wire.Needs) {
	for i, text := range what {
		if text[0] != '{' {
			text = fmt.Sprintf(`{"type":%q}`, text)
		}
		n.Equipment = append(n.Equipment, wire.Want{Name: fmt.Sprintf("e%d", i+1), Profile: prof(text)})
	}
	return n
}

// jobs are n jobs with the same needs, which take a second.
func jobs(n int, needs wire.Needs) (jobs []wire.Job) {
	for i := range n {
		jobs = append(jobs, wire.Job{Name: fmt.Sprintf("tests/%d.lua", i), Needs: needs, Seconds: 1})
	}
	return jobs
}

// submit submits a whole run of a user.
func (f *fleet) submit(user, id string, jobs ...wire.Job) {
	f.t.Helper()
	f.run(user, wire.Run{ID: id, Kind: wire.Tests}, jobs...)
}

func (f *fleet) run(user string, r wire.Run, jobs ...wire.Job) {
	f.t.Helper()
	f.do(f.s.Submit(user, true, wire.Submit{Run: r, Jobs: jobs, Last: true}, f.now))
}

// place runs a round and returns its claims.
func (f *fleet) place() []schedule.Entry {
	entries := f.s.Place(f.view, f.now, 1000)
	f.commit(entries)
	return entries
}

// given lists claims as "RUN/JOB HOST".
func given(entries []schedule.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%s/%d %s", e.Run, e.Job, e.Host))
	}
	return list
}

// token is the token of the current claim of a job.
func (f *fleet) token(run string, job int) wire.Token {
	f.t.Helper()
	for i, e := range slices.Backward(f.entries) {
		if e.Kind == schedule.Assign && e.Run == run && e.Job == job {
			return f.places[i]
		}
	}
	f.t.Fatalf("job %d of run %s was not given to anybody", job, run)
	return wire.Token{}
}

// result has a host send the result of its claim of a job.
func (f *fleet) result(run string, job int, o wire.Outcome) {
	f.t.Helper()
	token := f.token(run, job)
	f.do(f.s.Result(f.at(token).Host, wire.Result{Run: run, Job: job, Token: token, Outcome: o}, f.now))
}

func (f *fleet) at(token wire.Token) schedule.Entry {
	f.t.Helper()
	i := slices.Index(f.places, token)
	if i < 0 {
		f.t.Fatalf("the ledger has nothing at %s", token)
	}
	return f.entries[i]
}

var passed = wire.Outcome{Status: wire.Done, Passed: true, Seconds: 1}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *schedule.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("wanted an error with code %q, got %v", code, err)
	}
}

func wantList(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("wanted %q, got %q", want, got)
	}
}
