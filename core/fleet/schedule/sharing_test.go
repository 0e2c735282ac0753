package schedule_test

import (
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
	"encoding/json"

	"pgregory.net/rapid"
)

func (m *machine) ask(t *rapid.T) {
	jobs := m.running()
	if len(jobs) == 0 {
		t.Skip()
	}
	j := rapid.SampledFrom(jobs).Draw(t, "job")
	verb := rapid.SampledFrom([]string{workers.Shared, workers.Lock, workers.Lock, workers.Made, workers.Unlock, workers.Forget}).Draw(t, "verb")
	a := wire.Ask{Run: j.Run, Job: j.Index, Token: j.Token, Ask: workers.Ask{
		Verb: verb, Name: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name"),
	}}
	if verb == workers.Made {
		a.Ask.Value = json.RawMessage(`1`)
	}
	if verb == workers.Shared || verb == workers.Lock {
		m.asked++
		a.Ask.ID = m.asked
	}
	held := func(ask workers.Ask) bool { return ask.Verb == workers.Lock && m.locks[j.Run+ask.Name] == j.Token }
	switch {
	case verb == workers.Forget && held(m.last[j.Token]):
		delete(m.locks, j.Run+m.last[j.Token].Name)
	case verb == workers.Unlock && m.locks[j.Run+a.Ask.Name] == j.Token:
		delete(m.locks, j.Run+a.Ask.Name)
	}
	entries, answer, err := m.s.Ask(j.Host, a, m.now)
	m.do(entries, err)
	m.answers()
	if a.Ask.ID > 0 {
		m.last[j.Token] = a.Ask
		m.has(j.Run, j.Token, answer)
	}
	entries, again, err := m.s.Ask(j.Host, a, m.now)
	m.twice(entries, err)
	if again.Yours != answer.Yours || again.Failed != answer.Failed || again.Wait != answer.Wait {
		m.Fatalf("the same question got %+v, and then %+v", answer, again)
	}
}

// answers looks at the answers that had to wait.
func (m *machine) answers() {
	running := map[wire.Token]bool{}
	for _, j := range m.running() {
		running[j.Token] = true
	}
	for name, token := range m.locks {
		if !running[token] {
			delete(m.locks, name)
		}
	}
	for ; m.seen < len(m.orders); m.seen++ {
		if a := m.orders[m.seen].Order.Answer; a != nil && running[a.Token] {
			m.has(a.Run, a.Token, a.Answer)
		}
	}
}

// has fails if a claim is told that it has a lock that another one has.
func (m *machine) has(run string, token wire.Token, a workers.Answer) {
	m.Helper()
	q := m.last[token]
	if !a.Yours || q.Verb != workers.Lock || q.ID != a.ID {
		return
	}
	if other, held := m.locks[run+q.Name]; held && other != token {
		m.Fatalf("claim %s gets lock %s of run %s, which claim %s has", token, q.Name, run, other)
	}
	m.locks[run+q.Name] = token
}
