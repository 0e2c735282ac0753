package page_test

import (
	"bytes"
	"cmp"
	"net/url"
	"testing"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

// visitor reads like a browser, which comes back when it was disconnected.
type visitor struct {
	*reader
	url, last string
}

func visit(t testing.TB, url string) *visitor {
	t.Helper()
	return &visitor{reader: read(t, url, ""), url: url}
}

// await reads up to an event that has a text.
func (v *visitor) await(name, text string) {
	v.t.Helper()
	poll.Until(v.t, name+" with "+text+" come", func() bool {
		e, err := v.next()
		if err != nil {
			v.reader = read(v.t, v.url, v.last)
			return false
		}
		v.last = cmp.Or(e.id, v.last)
		return e.name == name && bytes.Contains(e.data, []byte(text))
	})
}

// TestLostConsumers: readers get what comes after the server has lost their consumers without
// a word, as it is when they were at a hub of a cluster that has died.
func TestLostConsumers(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	run, token := "261130-100000-ABCDEF", wire.Token{Seq: 12}
	show := func(cast string) {
		o.output("lab-1", run, 0, token, wire.Output{Screen: &wire.Screen{Test: "a test", Name: "shell", Cast: cast + "\n"}})
	}
	o.note(wire.Note{Kind: wire.NoteStarted, Run: run, Token: token, Host: "lab-1", Name: "a.lua"})
	show(`{"version":2,"width":40,"height":5}` + "\n" + `[0.1,"o","one"]`)
	p := open(t, page.Options{Lab: labOf(t, 3).view, JetStream: o.js})
	at := p.URL() + "/api/run/" + run
	q := url.Values{"host": {"lab-1"}, "job": {"0"}, "token": {"12.0"}, "test": {"a test"}, "name": {"shell"}}
	whole, terminal := visit(t, at+"/events"), visit(t, at+"/screen?"+q.Encode())
	whole.await("items", "a.lua")
	terminal.await("shot", "one")
	account := o.server.GlobalAccount()
	if err := account.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	if err := account.EnableJetStream(nil, nil); err != nil {
		t.Fatal(err)
	}
	o.output("lab-1", run, 0, token, wire.Output{Log: "two\n"})
	show(`[0.2,"o","three"]`)
	whole.await("items", "two")
	terminal.await("shot", "three")
}

// TestCloseWithoutAnswers: the page ends while its history tries to get a consumer from a
// server that says nothing, as a hub does that is cut off from the others.
func TestCloseWithoutAnswers(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	o.note(wire.Note{Kind: wire.NoteStarted, Run: "r", Token: wire.Token{Seq: 1}, Host: "h", Name: "a.lua", Pieces: []string{"p"}})
	p, err := page.Start(page.Options{Address: "127.0.0.1:0", Lab: labOf(t, 3).view, JetStream: o.js})
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the history is read", func() bool { return len(pastOf(t, p, "h", "p")) == 1 })
	if err := o.server.ShutdownJetStream(); err != nil {
		t.Fatal(err)
	}
	goroutines.AwaitBlocked(t, "jetstream.(*orderedConsumer).reset")
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	poll.Until(t, "the page has ended", func() bool { return len(closed) == 1 })
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
