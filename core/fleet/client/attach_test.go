package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"avescript/core/fleet/client"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
	"avescript/internal/poll"
)

// screen is what is written. Any goroutine may read it.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestAttach: who comes late sees the same as who was there from the beginning, and what
// comes then.
func TestAttach(t *testing.T) {
	s := newStage(t)
	const run = "r1"
	s.note(run, wire.Note{Kind: wire.NoteSubmitted, Jobs: 2, User: "ann"})
	s.play(run, "lab-1", 0, "a_spec.lua")
	ended := make(chan error, 2)
	var screens [2]screen
	attach := func(i int) {
		l := s.user()
		go func() {
			ended <- client.Attach(t.Context(), l, client.AttachOptions{Run: run, Stdout: &screens[i], Stderr: &screens[i]})
		}()
	}
	attach(0)
	poll.Until(t, "the first file is shown", func() bool { return strings.Contains(screens[0].String(), "a_spec.lua") })
	s.play(run, "lab-2", 1, "b_spec.lua")
	attach(1)
	s.note(run, wire.Note{Kind: wire.NoteOver})
	for range screens {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for i := range screens {
		text, _, _ := strings.Cut(screens[i].String(), "\n\n")
		want := "ok    lab-1  a_spec.lua  1 passed, 0 failed in 1.00 s\nok    lab-2  b_spec.lua  1 passed, 0 failed in 1.00 s"
		if diff := cmp.Diff(want, text); diff != "" || !strings.HasSuffix(screens[i].String(), "\nin 5.00 s on 2 hosts\n2 passed, 0 failed\n") {
			t.Errorf("-want +got:\n%s\n%s", diff, screens[i].String())
		}
	}
}

func TestAttachBad(t *testing.T) {
	s := newStage(t)
	const run = "r1"
	s.note(run, wire.Note{Kind: wire.NoteSubmitted, Jobs: 1, User: "ann"})
	s.note(run, wire.Note{Kind: wire.NoteCancelled, By: "bob", Reason: "lunch"})
	s.note(run, wire.Note{Kind: wire.NoteFinished, Outcome: &wire.Outcome{Status: wire.Stopped}})
	s.note(run, wire.Note{Kind: wire.NoteOver})
	var out, errs screen
	err := client.Attach(t.Context(), s.user(), client.AttachOptions{Run: run, Stdout: &out, Stderr: &errs})
	if !errors.Is(err, client.ErrFailed) || errs.String() != "the run was cancelled by bob: lunch\n" {
		t.Errorf("got %v and %s%s", err, errs.String(), out.String())
	}
	err = client.Attach(t.Context(), s.user(), client.AttachOptions{Run: "none", Stdout: &out, Stderr: &errs})
	if err == nil || !strings.Contains(err.Error(), "nothing is known of run none") {
		t.Errorf("got %v", err)
	}
}

func TestLog(t *testing.T) {
	s := newStage(t)
	const run = "r1"
	submitted := wire.Note{Kind: wire.NoteSubmitted, Jobs: 2, User: "ann"}
	submitted.Place = s.note(run, submitted)
	s.publish(wire.NoteSubject(run), wire.Notes{submitted}) // by another leader
	echo := nats.NewMsg(wire.NoteSubject(run))              // that a user has the server send
	echo.Data, echo.Header = []byte(`[{"kind":"over","run":"r1"}]`), nats.Header{"Nats-Stream": {"OBJ_code"}}
	if _, err := s.hub.JS.PublishMsg(t.Context(), echo); err != nil {
		t.Fatal(err)
	}
	s.play(run, "lab-1", 0, "a_spec.lua")
	s.play(run, "lab-2", 1, "b_spec.lua")
	var out screen
	if err := client.Log(t.Context(), s.user(), client.LogOptions{Run: run, Job: "b_spec.lua"}, &out); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if len(line) > 8 && line[2] == ':' && line[5] == ':' {
			line = line[9:]
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	want := []string{
		"submitted by ann: 2 jobs", "b_spec.lua: given to lab-2", "b_spec.lua on lab-2: starts",
		"b_spec.lua on lab-2: passed works", "| hello", "b_spec.lua: finished: done",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// asks asks a client that holds equipment, as a host does.
func asks(t *testing.T, host *link.Link, inbox string, body string) error {
	t.Helper()
	_, err := host.Conn.RequestMsgWithContext(poll.Context(t), link.Message(inbox, []byte(body)))
	return err
}

// TestHold: the equipment is kept until the client does not want it any more, and it
// answers the host until then.
func TestHold(t *testing.T) {
	s := newStage(t)
	host := s.dial(wire.Worker, "lab-1")
	t.Cleanup(host.Close)
	p, err := profile.New(map[string]any{"type": "relay"})
	if err != nil {
		t.Fatal(err)
	}
	user := s.dial(wire.User, "ann")
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan wire.Leases, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- client.Hold(ctx, user, client.HoldOptions{
			Needs: wire.Needs{Equipment: []wire.Want{{Name: "relay", Profile: p}}}, Reason: "by hand",
		}, func(l wire.Leases) error {
			got <- l
			return nil
		})
	}()
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	run := s.submits[0].Run
	token := s.note(run.ID, wire.Note{Kind: wire.NoteStarted, Host: "lab-1"})
	fake, _ := json.Marshal(wire.Leases{Token: wire.Token{Seq: 1}, Host: "lab-9"})
	if err := host.Conn.Publish(run.Inbox, fake); err != nil { // as the server does for whoever has stored it
		t.Fatal(err)
	}
	leases, _ := json.Marshal(wire.Leases{Token: token, Host: "lab-1"})
	for _, body := range []string{string(leases), string(leases), wire.HoldBeat, wire.HoldBeat} {
		if err := asks(t, host, run.Inbox, body); err != nil {
			t.Fatal(err)
		}
	}
	if l := <-got; l.Token != token || l.Host != "lab-1" {
		t.Errorf("got %+v", l)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(s.cancels) != 1 || s.cancels[0].Run != run.ID || run.Kind != wire.Hold {
		t.Errorf("got %+v for %+v", s.cancels, run)
	}
	user.Close()
	if asks(t, host, run.Inbox, wire.HoldBeat) == nil {
		t.Error("a client that is gone has answered")
	}
}

// TestHoldAsOrdered: equipment is held for a process until that closes a pipe.
func TestHoldAsOrdered(t *testing.T) {
	s := newStage(t)
	host := s.dial(wire.Worker, "lab-1")
	t.Cleanup(host.Close)
	in, words := io.Pipe()
	var out screen
	ended := make(chan error, 1)
	go func() {
		ended <- client.HoldAsOrdered(t.Context(), in, &out, func() (*link.Link, error) { return s.dial(wire.User, "ann"), nil })
	}()
	if _, err := io.WriteString(words, `{"needs": [{"name": "1", "profile": {"type": "relay"}}], "wait": 60, "reason": "by hand"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	if job := s.submits[0].Jobs[0]; len(job.Needs.Equipment) != 1 || job.Name != "by hand" {
		t.Errorf("got %+v", job)
	}
	if err := asks(t, host, s.submits[0].Run.Inbox, `{"token": "12.0", "host": "lab-1", "leases": [{"name": "1", "profile": {"type": "relay"}, "lease": 7}]}`); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "it has the leases", func() bool { return strings.Contains(out.String(), `"host":"lab-1"`) })
	_ = words.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(s.cancels) != 1 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("got %+v and %s", s.cancels, out.String())
	}
	s.refuse = &wire.Answer{Code: wire.CodeUnmet, Error: "no host has a relay"}
	out.text.Reset()
	in, words = io.Pipe()
	defer words.Close()
	go func() { _, _ = io.WriteString(words, `{"needs": []}`+"\n") }()
	err := client.HoldAsOrdered(t.Context(), in, &out, func() (*link.Link, error) { return s.dial(wire.User, "ann"), nil })
	if err == nil || !strings.Contains(out.String(), `"error":"no host has a relay","code":"unmet"`) {
		t.Errorf("got %v and %s", err, out.String())
	}
}

func TestHoldFails(t *testing.T) {
	for want, does := range map[string]func(*stage, wire.Run){
		"the equipment was not free within 0.2 s": func(*stage, wire.Run) {},
		"no host has it": func(s *stage, run wire.Run) {
			s.note(run.ID, wire.Note{Kind: wire.NoteFinished, Outcome: &wire.Outcome{Status: wire.Refused, Message: "no host has it"}})
			s.note(run.ID, wire.Note{Kind: wire.NoteOver})
		},
	} {
		t.Run(want, func(t *testing.T) {
			s := newStage(t)
			ended := make(chan error, 1)
			l := s.user()
			wait := 200 * time.Millisecond
			if want == "no host has it" {
				wait = time.Minute
			}
			go func() {
				ended <- client.Hold(t.Context(), l, client.HoldOptions{Wait: wait}, func(wire.Leases) error { return nil })
			}()
			s.waits("submitted", func() bool { return len(s.submits) > 0 })
			does(s, s.submits[0].Run)
			if err := <-ended; err == nil || err.Error() != want || !errors.As(err, new(*link.Refusal)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
