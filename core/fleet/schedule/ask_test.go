package schedule_test

import (
	"encoding/json"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// sharing is a run with jobs on two hosts.
func sharing(t *testing.T) *fleet {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.beat(host("lab-2", 2))
	f.submit("ada", "r", jobs(5, wire.Needs{})...)
	f.place()
	f.orders = nil
	return f
}

func (f *fleet) ask(job int, a workers.Ask) workers.Answer {
	f.t.Helper()
	token := f.token("r", job)
	entries, answer, err := f.s.Ask(f.at(token).Host, wire.Ask{Run: "r", Job: job, Token: token, Ask: a}, f.now)
	f.do(entries, err)
	return answer
}

// told returns the answers that had to wait, as "JOB:ANSWER".
func (f *fleet) told() (list []string) {
	for _, o := range f.orders {
		if a := o.Order.Answer; a != nil {
			text, _ := json.Marshal(a.Answer)
			list = append(list, string(rune('0'+a.Job))+":"+string(text))
		}
	}
	f.orders = nil
	return list
}

func question(id int, verb, name string) workers.Ask {
	return workers.Ask{ID: id, Verb: verb, Name: name}
}

func TestLocksAcrossHosts(t *testing.T) {
	f := sharing(t)
	if a := f.ask(0, question(1, workers.Lock, "x")); !a.Yours || a.ID != 1 {
		t.Fatalf("wanted the lock, got %+v", a)
	}
	if a := f.ask(0, question(1, workers.Lock, "x")); !a.Yours {
		t.Fatalf("wanted the same answer again, got %+v", a)
	}
	if a := f.ask(1, question(1, workers.Lock, "x")); !strings.HasPrefix(a.Wait, "tests/0.lua on lab-") {
		t.Fatalf("wanted to wait, got %+v", a)
	}
	n := len(f.entries)
	if a := f.ask(1, question(1, workers.Lock, "x")); a.Wait == "" || len(f.entries) != n {
		t.Fatalf("wanted to wait without another entry, got %+v", a)
	}
	f.ask(2, question(1, workers.Lock, "x"))
	f.ask(0, question(0, workers.Unlock, "x"))
	wantList(t, f.told(), `1:{"id":1,"yours":true}`)
	n = len(f.entries)
	f.ask(0, question(0, workers.Unlock, "x"))
	if len(f.entries) != n {
		t.Fatal("the same unlock again is an entry")
	}
	f.result("r", 1, passed) // its lock is free then
	wantList(t, f.told(), `2:{"id":1,"yours":true}`)
	f.ask(3, question(7, workers.Lock, "x"))
	f.do(f.s.HostLost(f.at(f.token("r", 2)).Host, f.at(f.token("r", 2)).Incarnation, "silent", f.now), nil)
	if told := f.told(); len(told) > 1 || len(told) == 1 && told[0] != `3:{"id":7,"yours":true}` {
		t.Fatalf("wanted the lock for the job on the other host, if there is one, got %q", told)
	}
	f.check()
}

func TestSharedValues(t *testing.T) {
	f := sharing(t)
	if a := f.ask(0, question(1, workers.Shared, "v")); !a.Yours {
		t.Fatalf("wanted to make the value, got %+v", a)
	}
	if a := f.ask(1, question(4, workers.Shared, "v")); a.Wait == "" {
		t.Fatalf("wanted to wait, got %+v", a)
	}
	f.ask(0, workers.Ask{Verb: workers.Made, Name: "v", Value: json.RawMessage(`{"port":1}`)})
	wantList(t, f.told(), `1:{"id":4,"value":{"port":1}}`)
	if a := f.ask(2, question(1, workers.Shared, "v")); string(a.Value) != `{"port":1}` || a.ID != 1 {
		t.Fatalf("wanted the value, got %+v", a)
	}
	// The answer that had to wait is repeated with heartbeats.
	token := f.token("r", 1)
	b := host(f.at(token).Host, 2)
	b.Jobs = []wire.Running{{Run: "r", Job: 1, Token: token}}
	found := 0
	for _, o := range f.s.Reconcile(b, f.now) {
		if o.Answer != nil && o.Answer.Answer.ID == 4 {
			found++
		}
	}
	if found != 1 {
		t.Fatalf("wanted the answer once more, got it %d times", found)
	}
	// The value outlives the job that made it, as long as its process is there.
	maker := f.token("r", 0)
	f.result("r", 0, passed)
	f.now += 5
	b = host(f.at(maker).Host, 2)
	b.Jobs = []wire.Running{{Run: "r", Job: 0, Token: maker, Kept: true}}
	f.beat(b)
	if a := f.ask(3, question(1, workers.Shared, "v")); string(a.Value) != `{"port":1}` {
		t.Fatalf("wanted the value, got %+v", a)
	}
	b.Jobs = nil
	f.beat(b)
	f.ask(3, question(0, workers.Forget, ""))
	if a := f.ask(3, question(2, workers.Shared, "v")); !a.Yours {
		t.Fatalf("wanted to make the value again, got %+v", a)
	}
	f.ask(3, workers.Ask{Verb: workers.Made, Name: "v", Failed: "no port"})
	if a := f.ask(2, question(2, workers.Shared, "v")); a.Failed != "no port" {
		t.Fatalf("wanted to hear that it failed, got %+v", a)
	}
	f.check()
}

func TestDeadlocksAreFound(t *testing.T) {
	f := sharing(t)
	f.ask(0, question(1, workers.Lock, "a"))
	f.ask(1, question(1, workers.Lock, "b"))
	f.ask(2, question(1, workers.Lock, "c"))
	f.ask(0, question(2, workers.Lock, "b"))
	f.ask(1, question(2, workers.Lock, "c"))
	a := f.ask(2, question(2, workers.Lock, "a"))
	if !strings.Contains(a.Failed, "waits for something that this job has") {
		t.Fatalf("wanted a deadlock to be found, got %+v", a)
	}
	f.ask(2, question(0, workers.Unlock, "c"))
	wantList(t, f.told(), `1:{"id":2,"yours":true}`)
	// The answer stays the same when the question comes again, although the lock is free now.
	f.result("r", 1, passed)
	f.result("r", 0, passed)
	if again := f.ask(2, question(2, workers.Lock, "a")); again.Failed != a.Failed {
		t.Fatalf("wanted %+v, got %+v", a, again)
	}
}

func TestForgottenQuestions(t *testing.T) {
	f := sharing(t)
	f.ask(0, question(1, workers.Lock, "x"))
	f.ask(1, question(1, workers.Lock, "x"))
	f.ask(1, question(0, workers.Forget, ""))
	f.ask(0, question(0, workers.Forget, "")) // it has it: this frees it
	wantList(t, f.told())
	if a := f.ask(2, question(1, workers.Lock, "x")); !a.Yours {
		t.Fatalf("wanted the lock, got %+v", a)
	}
	if a := f.ask(1, question(1, workers.Lock, "x")); a.Yours || a.Wait != "" {
		t.Fatalf("wanted no answer to a forgotten question, got %+v", a)
	}
	_, _, err := f.s.Ask("lab-1", wire.Ask{Run: "r", Token: wire.Token{Seq: 9}, Ask: question(1, workers.Lock, "x")}, f.now)
	wantCode(t, err, wire.CodeStale)
	_, _, err = f.s.Ask(f.at(f.token("r", 0)).Host,
		wire.Ask{Run: "r", Token: f.token("r", 0), Ask: question(1, workers.Hold, "")}, f.now)
	wantCode(t, err, wire.CodeRefused)
}

func TestTheEndOfARunEndsWhatItShares(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	f.place()
	f.ask(0, question(1, workers.Shared, "v"))
	f.ask(0, workers.Ask{Verb: workers.Made, Name: "v", Value: json.RawMessage(`1`)})
	f.orders = nil
	f.result("r", 0, passed)
	if len(f.orders) != 1 || f.orders[0].Order.Over != "r" || f.orders[0].Host != "lab-1" {
		t.Fatalf("wanted the host to be told, got %+v", f.orders)
	}
}

// TestLostWithWorker: the process of a job goes on, but the worker in it that has made a
// value, or was making it, has died.
func TestLostWithWorker(t *testing.T) {
	f := sharing(t)
	f.ask(0, question(1, workers.Shared, "v"))
	f.ask(1, question(1, workers.Shared, "v"))
	f.ask(0, question(0, workers.Lose, "v"))
	wantList(t, f.told(), `1:{"id":1,"yours":true}`)
	f.ask(1, workers.Ask{Verb: workers.Made, Name: "v", Value: []byte("5")})
	f.ask(0, question(0, workers.Lose, "v")) // that of another job
	if a := f.ask(2, question(1, workers.Shared, "v")); string(a.Value) != "5" {
		t.Fatalf("wanted the value, got %+v", a)
	}
	f.ask(1, question(0, workers.Lose, "v"))
	if a := f.ask(3, question(1, workers.Shared, "v")); !a.Yours {
		t.Fatalf("wanted to make the value again, got %+v", a)
	}
	f.check()
}
