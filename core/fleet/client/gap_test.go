package client_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/client"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// attach attaches to a run until it is over.
func (s *stage) attach(run string, reports ...string) (out, errs string, err error) {
	var o, e screen
	err = client.Attach(s.t.Context(), s.user(), client.AttachOptions{Run: run, Reports: reports, Stdout: &o, Stderr: &e})
	return o.String(), e.String(), err
}

// forget removes the oldest of what is kept, as the hub does when its store is full or the
// age is over. keep is the number of the first message that stays.
func (s *stage) forget(keep uint64) {
	s.t.Helper()
	stream, err := s.hub.JS.Stream(poll.Context(s.t), wire.OutputStream)
	if err == nil {
		err = stream.Purge(poll.Context(s.t), jetstream.WithPurgeSequence(keep))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// remove removes a message.
func (s *stage) remove(seq uint64) {
	s.t.Helper()
	stream, err := s.hub.JS.Stream(poll.Context(s.t), wire.OutputStream)
	if err == nil {
		err = stream.DeleteMsg(poll.Context(s.t), seq)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestAttachGap: what the hub does not keep any more is said, and the run has not passed if
// results are missing.
func TestAttachGap(t *testing.T) {
	const submitted, started, second, finished, over = 1, 2, 4, 5, 6 // messages
	const noBeginning = "the beginning of run r1 is not kept any more: its reports are incomplete\n"
	for name, c := range map[string]struct {
		loses    func(*stage)
		errs     string
		out, end string
		failed   bool
	}{
		"nothing":        {func(*stage) {}, "", "a_spec.lua", "1 passed, 0 failed\n", false},
		"the submission": {func(s *stage) { s.forget(started) }, noBeginning, "a_spec.lua", "1 passed, 0 failed\n", false},
		"the beginning of a job": {
			func(s *stage) { s.forget(second) }, noBeginning, "1 messages of host lab-1 are not kept any more", "1 passed, 1 failed\n", true,
		},
		"an output": {func(s *stage) { s.remove(second - 1) }, "", "1 messages of host lab-1 are not kept any more", "1 passed, 1 failed\n", true},
		"what a job has said": {
			func(s *stage) { s.forget(finished) }, noBeginning, "what this job has said is not kept any more", "0 passed, 1 failed\n", true,
		},
		"an outcome": {func(s *stage) { s.remove(finished) }, "", "the result of this job is not kept any more", "0 passed, 1 failed\n", true},
		"nearly all": {func(s *stage) { s.forget(over) }, noBeginning, "the results of 1 of 1 jobs are not kept any more", "0 passed, 1 failed\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.note("r1", wire.Note{Kind: wire.NoteSubmitted, Jobs: 1})
			s.play("r1", "lab-1", 0, "a_spec.lua")
			s.note("r1", wire.Note{Kind: wire.NoteOver, Jobs: 1})
			c.loses(s)
			out, errs, err := s.attach("r1")
			if errors.Is(err, client.ErrFailed) != c.failed || err != nil && !c.failed {
				t.Errorf("got %v", err)
			}
			if errs != c.errs || !strings.Contains(out, c.out) || !strings.HasSuffix(out, c.end) {
				t.Errorf("got %sand:\n%s", errs, out)
			}
			var log screen
			if err := client.Log(t.Context(), s.user(), client.LogOptions{Run: "r1"}, &log); err != nil ||
				strings.Contains(log.String(), "the beginning is not kept any more\n") != (c.errs != "") ||
				strings.Contains(log.String(), " on lab-1: 1 messages are not kept any more\n") != strings.Contains(c.out, "1 messages") {
				t.Errorf("got %v and the log:\n%s", err, log.String())
			}
			s.forget(over + 1)
			if _, _, err := s.attach("r1"); err == nil || !strings.Contains(err.Error(), "nothing is known of run r1") {
				t.Errorf("after everything is gone: got %v", err)
			}
		})
	}
}

// TestAttachEarlyOutput: an output may come before all notes.
func TestAttachEarlyOutput(t *testing.T) {
	s := newStage(t)
	token := wire.Token{Seq: 12}
	ended := harness.Event{Kind: harness.TestFinished, Status: harness.Passed, Path: []string{"works"}, Line: 1}
	s.output("r1", "lab-1", 0, token, wire.Output{Events: []harness.Event{ended}})
	s.note("r1", wire.Note{Kind: wire.NoteSubmitted, Jobs: 1})
	if got := s.note("r1", wire.Note{Kind: wire.NoteStarted, Name: "a_spec.lua", Host: "lab-1"}); got != token {
		t.Fatalf("got the token %s", got)
	}
	s.note("r1", wire.Note{Kind: wire.NoteFinished, Host: "lab-1", Token: token, Outcome: &wire.Outcome{Status: wire.Done, Passed: true}})
	s.note("r1", wire.Note{Kind: wire.NoteOver, Jobs: 1})
	if out, errs, err := s.attach("r1"); err != nil || errs != "" || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and %s%s", err, errs, out)
	}
}

// TestAttachHubIsAway: two who attach while the hub is away, and see it go again, have all
// results once.
func TestAttachHubIsAway(t *testing.T) {
	s := newStage(t)
	s.note("r1", wire.Note{Kind: wire.NoteSubmitted, Jobs: 2})
	s.play("r1", "lab-1", 0, "a_spec.lua")
	users := []*screen{{}, {}}
	ended := make(chan error, len(users))
	s.stop()
	for _, out := range users {
		s.start()
		l := s.user()
		s.stop()
		go func() {
			ended <- client.Attach(t.Context(), l, client.AttachOptions{Run: "r1", Stdout: out, Stderr: out})
		}()
	}
	s.start()
	s.play("r1", "lab-1", 1, "b_spec.lua")
	s.stop()
	s.start()
	s.note("r1", wire.Note{Kind: wire.NoteOver, Jobs: 2})
	for range users {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, out := range users {
		text := out.String()
		if !strings.HasSuffix(text, "\n2 passed, 0 failed\n") || strings.Count(text, "a_spec.lua") != 1 || strings.Count(text, "b_spec.lua") != 1 {
			t.Errorf("got:\n%s", text)
		}
	}
}

// TestRestored: a hub that was restored from a backup has none of the old messages, and its
// stream begins anew. Who follows a run does not wait for the old numbers.
func TestRestored(t *testing.T) {
	s := newStage(t)
	s.note("r1", wire.Note{Kind: wire.NoteSubmitted, Jobs: 2})
	s.play("r1", "lab-1", 0, "a_spec.lua")
	var out screen
	l, ended := s.user(), make(chan error, 1)
	go func() {
		ended <- client.Attach(t.Context(), l, client.AttachOptions{Run: "r1", Stdout: &out, Stderr: &out})
	}()
	poll.Until(t, "the first file is shown", func() bool { return strings.Contains(out.String(), "a_spec.lua") })
	s.stop()
	s.dir = t.TempDir()
	s.start()
	s.makeStores()
	s.note("r1", wire.Note{Kind: wire.NoteFinished, Job: 1, Name: "b_spec.lua", Outcome: &wire.Outcome{Status: wire.Lost, Message: "host lab-2 was lost"}})
	s.note("r1", wire.Note{Kind: wire.NoteOver, Jobs: 2})
	if err := <-ended; !errors.Is(err, client.ErrFailed) || !strings.HasSuffix(out.String(), "\n1 passed, 1 failed\n") {
		t.Errorf("got %v and:\n%s", err, out.String())
	}
}

// TestNoSpace: a report or an artifact that cannot be written is said, and nothing else is
// lost.
func TestNoSpace(t *testing.T) {
	s := newStage(t)
	s.put(wire.ArtifactStore, "r1/0", []byte("cast"))
	sub := project(t)
	sub.Artifacts = t.TempDir()
	if err := os.Mkdir(sub.Artifacts+"/1", 0o700); err != nil { // of somebody else
		t.Fatal(err)
	}
	run := s.submit(sub)
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	token := s.note(sub.Run.ID, wire.Note{Kind: wire.NoteStarted, Host: "lab-1"})
	s.output(sub.Run.ID, "lab-1", 0, token, wire.Output{Artifacts: []wire.Artifact{
		{Path: "/job/" + strings.Repeat("x", 300), Object: "r1/0"}, {Path: "/job/a.cast", Object: "r1/0"}, {Path: "/job/b", Object: "r1/0", Tar: true},
	}})
	s.note(sub.Run.ID, wire.Note{Kind: wire.NoteOver})
	_, lines := run.all()
	var kept []wire.Saved
	for _, line := range lines {
		kept = append(kept, line.Kept...)
	}
	if len(kept) != 3 || !strings.Contains(kept[0].Error, "cannot copy it to "+sub.Artifacts) || kept[0].Local != "" || kept[1].Local != sub.Artifacts+"/3/a.cast" || !strings.Contains(kept[2].Error, "unexpected EOF") {
		t.Errorf("got %+v", kept)
	}
	if _, err := os.Stat(sub.Artifacts + "/2"); err == nil {
		t.Error("something is left of an artifact that could not be copied")
	}
	s.play("r2", "lab-1", 0, "a_spec.lua")
	s.note("r2", wire.Note{Kind: wire.NoteOver, Jobs: 1})
	out, _, err := s.attach("r2", "json=/dev/full", "terminal")
	if !errors.Is(err, syscall.ENOSPC) || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and:\n%s", err, out)
	}
}
