package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/client"
	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// submitter is somebody who has started "avelab submit".
type submitter struct {
	in    *io.PipeWriter
	lines chan wire.Line
	ended chan error
}

func (s *stage) submit(sub wire.Submission) *submitter {
	s.t.Helper()
	return s.submitBy(s.user(), sub)
}

func (s *stage) submitBy(l *link.Link, sub wire.Submission) *submitter {
	s.t.Helper()
	in, words := io.Pipe()
	out, said := io.Pipe()
	made := &submitter{in: words, lines: make(chan wire.Line, 10_000), ended: make(chan error, 1)}
	go func() {
		err := client.Submit(s.t.Context(), l, in, said)
		_ = said.Close()
		made.ended <- err
	}()
	go func() {
		defer close(made.lines)
		for decoder := json.NewDecoder(out); ; {
			var line wire.Line
			if decoder.Decode(&line) != nil {
				return
			}
			made.lines <- line
		}
	}()
	made.word(sub)
	s.t.Cleanup(func() {
		_ = words.Close()
		_ = out.Close()
	})
	return made
}

func (s *submitter) word(word any) {
	text, _ := json.Marshal(word)
	_, _ = s.in.Write(append(text, '\n'))
}

// all waits for the end.
func (s *submitter) all() (list []string, lines []wire.Line) {
	for line := range s.lines {
		lines = append(lines, line)
		switch {
		case line.Note != nil:
			list = append(list, fmt.Sprint(line.Note.Kind, " ", line.Note.Job))
		case line.Output != nil:
			list = append(list, fmt.Sprint("output ", line.Output.Job, " ", line.Output.N, " on ", line.Output.Host))
		case line.Error != "":
			list = append(list, "error "+line.Code+" "+line.Error)
		case line.Kept != nil:
			list = append(list, fmt.Sprint("kept ", len(line.Kept)))
		}
	}
	return list, lines
}

func project(t *testing.T) wire.Submission {
	dir := t.TempDir()
	program := filepath.Join(t.TempDir(), "program")
	for path, text := range map[string]string{filepath.Join(dir, "a_spec.lua"): "it()", program: "#!/bin/sh"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return wire.Submission{
		Run: wire.Run{ID: wire.NewRunID(), Kind: wire.Tests}, Jobs: []wire.Job{{Name: "a_spec.lua"}, {Name: "b_spec.lua"}},
		Root: dir, Files: []string{"a_spec.lua"}, Program: program,
	}
}

// TestSubmit: the code goes to the hub once, and all that is said comes in order.
func TestSubmit(t *testing.T) {
	s := newStage(t)
	for round := range 2 {
		sub := project(t)
		run := s.submit(sub)
		s.waits("submitted", func() bool { return len(s.submits) > round })
		s.play(sub.Run.ID, "lab-1", 0, "a_spec.lua")
		s.play(sub.Run.ID, "lab-2", 1, "b_spec.lua")
		s.note(sub.Run.ID, wire.Note{Kind: wire.NoteOver})
		list, _ := run.all()
		want := []string{
			"submitted 0", "started 0", "output 0 0 on lab-1", "output 0 1 on lab-1", "finished 0",
			"started 1", "output 1 0 on lab-2", "output 1 1 on lab-2", "finished 1", "over 0",
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if err := <-run.ended; err != nil {
			t.Error(err)
		}
		sent := s.submits[round]
		for _, sum := range []string{sent.Run.Code, sent.Run.Program} {
			store, err := s.hub.JS.ObjectStore(poll.Context(t), wire.CodeStore)
			if err != nil {
				t.Fatal(err)
			}
			if err := parcel.CheckSum(sum); err != nil {
				t.Error(err)
			}
			info, err := store.GetInfo(poll.Context(t), sum)
			if err != nil {
				t.Fatal(err)
			}
			if round == 1 && info.ModTime.IsZero() {
				t.Error("no time")
			}
		}
		if round == 1 && sent.Run.Code != s.submits[0].Run.Code {
			t.Error("the same code has another sum")
		}
	}
	stream, err := s.hub.JS.Stream(poll.Context(t), "OBJ_"+wire.CodeStore)
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 4 { // a part and a description of each
		t.Errorf("wanted the code to be sent once, got %d messages", n)
	}
}

// TestSubmitInParts: a large run is submitted in parts.
func TestSubmitInParts(t *testing.T) {
	s := newStage(t)
	var jobs []wire.Job
	for i := range 5000 {
		jobs = append(jobs, wire.Job{Name: fmt.Sprint(strings.Repeat("x", 200), i)})
	}
	if err := client.Send(t.Context(), s.user(), wire.Run{ID: wire.NewRunID()}, jobs); err != nil {
		t.Fatal(err)
	}
	next := 0
	for i, part := range s.submits {
		if part.First != next || part.Last != (i == len(s.submits)-1) {
			t.Errorf("got %d and %v in part %d", part.First, part.Last, i)
		}
		next += len(part.Jobs)
	}
	if next != len(jobs) || len(s.submits) < 3 {
		t.Errorf("got %d jobs in %d parts", next, len(s.submits))
	}
}

// TestRefused: what the leader refuses is said.
func TestRefused(t *testing.T) {
	s := newStage(t)
	s.refuse = &wire.Answer{Code: wire.CodeUnmet, Error: "no host has a relay"}
	run := s.submit(project(t))
	list, _ := run.all()
	if diff := cmp.Diff([]string{"error unmet no host has a relay"}, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := <-run.ended; err == nil {
		t.Error("wanted an error")
	}
}

// TestHubIsAway: the hub goes away and comes back, and nothing is missing or comes twice.
func TestHubIsAway(t *testing.T) {
	s := newStage(t)
	sub := project(t)
	run := s.submit(sub)
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	token := s.note(sub.Run.ID, wire.Note{Kind: wire.NoteStarted, Job: 0, Host: "lab-1"})
	const most = 60
	for n := range most {
		if n%20 == 10 {
			s.stop()
			s.start()
		}
		s.output(sub.Run.ID, "lab-1", 0, token, wire.Output{N: n})
	}
	s.note(sub.Run.ID, wire.Note{Kind: wire.NoteOver})
	_, lines := run.all()
	next, lost, back := 0, 0, 0
	for _, line := range lines {
		switch {
		case line.Output != nil && line.Output.N != next:
			t.Errorf("wanted output %d, got %d", next, line.Output.N)
			next = line.Output.N + 1
		case line.Output != nil:
			next++
		case strings.Contains(line.Say, "is lost"):
			lost++
		case strings.Contains(line.Say, "is back"):
			back++
		}
	}
	if next != most || lost == 0 || lost < back {
		t.Errorf("got %d outputs, lost %d times and back %d times", next, lost, back)
	}
	if err := <-run.ended; err != nil {
		t.Error(err)
	}
}

// TestLeave: who ends the submitter leaves the run alone; who says so cancels it.
func TestLeave(t *testing.T) {
	s := newStage(t)
	sub := project(t)
	run := s.submit(sub)
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	_ = run.in.Close()
	if err := <-run.ended; err != nil {
		t.Error(err)
	}
	if len(s.cancels) > 0 {
		t.Errorf("got %v", s.cancels)
	}
	other := project(t)
	run = s.submit(other)
	s.waits("submitted", func() bool { return len(s.submits) > 1 })
	run.word(wire.Word{Cancel: &wire.Cancel{Run: other.Run.ID, Reason: "interrupted"}})
	s.waits("cancelled", func() bool { return len(s.cancels) > 0 })
	s.note(other.Run.ID, wire.Note{Kind: wire.NoteCancelled, Reason: "interrupted"})
	s.note(other.Run.ID, wire.Note{Kind: wire.NoteOver})
	list, _ := run.all()
	if diff := cmp.Diff([]string{"submitted 0", "cancelled 0", "over 0"}, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCancelEarly: a run that is cancelled while it is submitted is not left in an unknown
// state.
func TestCancelEarly(t *testing.T) {
	s := newStage(t)
	l := s.user()
	s.stop() // nothing can be submitted
	sub := project(t)
	run := s.submitBy(l, sub)
	run.word(wire.Word{Cancel: &wire.Cancel{Run: sub.Run.ID, Reason: "interrupted"}})
	s.unknown = true
	s.start()
	list, _ := run.all()
	if diff := cmp.Diff([]string{"error  the run was cancelled before it was submitted"}, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := <-run.ended; err == nil {
		t.Error("wanted an error")
	}
}

// TestDetach: the submitter ends when the run is submitted.
func TestDetach(t *testing.T) {
	s := newStage(t)
	sub := project(t)
	sub.Detach = true
	run := s.submit(sub)
	list, _ := run.all()
	if diff := cmp.Diff([]string{"submitted 0"}, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := <-run.ended; err != nil {
		t.Error(err)
	}
}

// TestArtifacts: files and directories of jobs are copied.
func TestArtifacts(t *testing.T) {
	s := newStage(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"one": "1", "two": "2"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bundle, err := parcel.Make(dir, []string{"one", "two"})
	if err != nil {
		t.Fatal(err)
	}
	s.put(wire.ArtifactStore, "r/0/1.0/0", []byte("cast"))
	s.put(wire.ArtifactStore, "r/0/1.0/1", bundle.Data)
	sub := project(t)
	sub.Artifacts = t.TempDir()
	run := s.submit(sub)
	s.waits("submitted", func() bool { return len(s.submits) > 0 })
	token := s.note(sub.Run.ID, wire.Note{Kind: wire.NoteStarted, Host: "lab-1"})
	s.output(sub.Run.ID, "lab-1", 0, token, wire.Output{Artifacts: []wire.Artifact{
		{Path: "/job/recordings/a-1.cast", Object: "r/0/1.0/0"}, {Path: "/job/coverage", Object: "r/0/1.0/1", Tar: true, Kind: wire.ArtifactCoverage},
		{Path: "/job/none", Object: "r/0/1.0/2"}, {Path: "/job/replaced", Object: "r/0/1.0/0", Digest: "SHA-256=x"},
	}, Events: []harness.Event{}})
	s.note(sub.Run.ID, wire.Note{Kind: wire.NoteOver})
	_, lines := run.all()
	var kept []wire.Saved
	for _, line := range lines {
		kept = append(kept, line.Kept...)
	}
	if len(kept) != 4 {
		t.Fatalf("got %+v", kept)
	}
	cast, err := os.ReadFile(kept[0].Local)
	if err != nil || string(cast) != "cast" || kept[0].Path != "/job/recordings/a-1.cast" || kept[0].Token != token {
		t.Errorf("got %v and %s in %+v", err, cast, kept[0])
	}
	two, err := os.ReadFile(filepath.Join(kept[1].Local, "two"))
	if err != nil || string(two) != "2" || kept[1].Kind != wire.ArtifactCoverage {
		t.Errorf("got %v and %s in %+v", err, two, kept[1])
	}
	if !strings.Contains(kept[2].Error, "does not have it any more") || kept[2].Local != "" {
		t.Errorf("got %+v", kept[2])
	}
	if !strings.Contains(kept[3].Error, "replaced") || kept[3].Local != "" {
		t.Errorf("got %+v", kept[3])
	}
}

// TestFollowEnds with its context.
func TestFollowEnds(t *testing.T) {
	s := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s.note("r", wire.Note{Kind: wire.NoteSubmitted})
	l := s.user()
	go func() {
		ended <- client.Follow(ctx, l, "r", func(client.Told) bool {
			cancel()
			return true
		})
	}()
	if err := <-ended; err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
