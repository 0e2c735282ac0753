package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/internal/poll"
	"avescript/internal/reexec"
	"avescript/lualib/runner"
	"avescript/lualib/script"
)

// fleet is what "avelab submit" would be: it plays a lab with two hosts.
type fleet struct {
	in   *json.Decoder
	out  *json.Encoder
	sent wire.Submission
	seq  uint64
	said map[wire.Token]int // how many outputs of a claim
}

// submit is the program that is started instead of avelab.
func submit(how string) error {
	f := &fleet{in: json.NewDecoder(os.Stdin), out: json.NewEncoder(os.Stdout), said: map[wire.Token]int{}}
	if err := f.in.Decode(&f.sent); err != nil {
		return err
	}
	switch how {
	case "refuses":
		return f.out.Encode(wire.Line{Error: "no host has a relay", Code: wire.CodeUnmet})
	case "dies":
		os.Exit(3)
	}
	if how == "hurries" {
		token := wire.Token{Seq: 2}
		began := harness.Event{Kind: harness.TestStarted, Path: []string{"does"}, Line: 1, Time: 1}
		f.says(0, "lab-1", token, began)
		f.note(wire.Note{Kind: wire.NoteSubmitted, Jobs: 1})
		f.note(wire.Note{Kind: wire.NoteStarted, Host: "lab-1"})
		f.says(0, "lab-1", token, ended(began))
		f.note(wire.Note{Kind: wire.NoteFinished, Host: "lab-1", Token: token, Outcome: &wire.Outcome{Status: wire.Done, Passed: true}})
		f.note(wire.Note{Kind: wire.NoteOver, Jobs: 1})
		return nil
	}
	f.note(wire.Note{Kind: wire.NoteSubmitted, Jobs: len(f.sent.Jobs)})
	for i, job := range f.sent.Jobs {
		if how == "hangs" {
			f.hang(i)
			return nil
		}
		f.play(i, job)
	}
	f.note(wire.Note{Kind: wire.NoteOver})
	return nil
}

func ended(e harness.Event) harness.Event {
	e.Kind, e.Status, e.Seconds = harness.TestFinished, harness.Passed, 0.5
	return e
}

func (f *fleet) note(n wire.Note) wire.Token {
	f.seq++
	n.Place, n.Time = wire.Token{Seq: f.seq}, float64(f.seq)
	if n.Kind == wire.NoteStarted {
		n.Token = n.Place
	}
	_ = f.out.Encode(wire.Line{Note: &n})
	return n.Place
}

func (f *fleet) says(job int, host string, token wire.Token, events ...harness.Event) {
	_ = f.out.Encode(wire.Line{Output: &wire.Said{Host: host, Job: job, Token: token, Output: wire.Output{N: f.said[token], Events: events}}})
	f.said[token]++
}

// play is a job on a host that is lost, and then on one that fails the test, with an
// artifact.
func (f *fleet) play(i int, job wire.Job) {
	var work workers.Job
	_ = json.Unmarshal(job.Work, &work)
	began := harness.Event{Kind: harness.TestStarted, File: work.File, Path: []string{"does"}, Line: 3, Time: 1}
	token := f.note(wire.Note{Kind: wire.NoteStarted, Job: i, Host: "lab-1"})
	f.says(i, "lab-1", token, began)
	f.note(wire.Note{Kind: wire.NoteReturned, Job: i, Host: "lab-1", Token: token, Outcome: &wire.Outcome{Status: wire.Lost}})
	token = f.note(wire.Note{Kind: wire.NoteStarted, Job: i, Host: "lab-2"})
	ended := ended(began)
	if strings.HasPrefix(work.File, "b") {
		local := filepath.Join(f.sent.Artifacts, "copy")
		_ = os.WriteFile(local, []byte("cast"), 0o600)
		ended.Status, ended.Problems = harness.Failed, []harness.Problem{{Message: "no"}}
		ended.Artifacts = []harness.Artifact{{Kind: "recording", Name: "sh", Path: "/there/b-1.cast"}}
		_ = f.out.Encode(wire.Line{Kept: []wire.Saved{{Token: token, Path: "/there/b-1.cast", Local: local}}})
	}
	f.says(i, "lab-2", token, began, ended)
	outcome := &wire.Outcome{Status: wire.Done, Passed: ended.Status == harness.Passed}
	f.note(wire.Note{Kind: wire.NoteFinished, Job: i, Host: "lab-2", Token: token, Outcome: outcome})
}

// hang is a job that ends when it is cancelled.
func (f *fleet) hang(i int) {
	token := f.note(wire.Note{Kind: wire.NoteStarted, Job: i, Host: "lab-1"})
	began := harness.Event{Kind: harness.TestStarted, Path: []string{"hangs"}, Line: 1, Time: 1}
	f.says(i, "lab-1", token, began)
	_ = os.WriteFile("hangs", nil, 0o600)
	var word wire.Word
	if f.in.Decode(&word) != nil || word.Cancel == nil || word.Cancel.Run != f.sent.Run.ID {
		_ = os.WriteFile("left", nil, 0o600)
		return
	}
	f.note(wire.Note{Kind: wire.NoteCancelled, By: "ann", Reason: word.Cancel.Reason})
	f.says(i, "lab-1", token, began.Broken("interrupted: "+word.Cancel.Reason))
	f.note(wire.Note{Kind: wire.NoteFinished, Job: i, Host: "lab-1", Token: token, Outcome: &wire.Outcome{Status: wire.Stopped}})
	f.note(wire.Note{Kind: wire.NoteOver})
}

// inFleet has tests run in a fleet that is played.
func inFleet(how string) func(*runner.Options) {
	return func(o *runner.Options) {
		o.Fleet = &runner.Fleet{Submit: func() (*exec.Cmd, error) { return reexec.Command("submit", how), nil }}
	}
}

var fleetFiles = map[string]string{"a_spec.lua": `it("does", function() end)`, "b_spec.lua": `it("does", function() end)`}

// TestFleet: a run in a fleet has the same reports, artifacts, history and error as a local
// one.
func TestFleet(t *testing.T) {
	project(t, fleetFiles)
	t.Setenv("TMPDIR", t.TempDir())
	out, errs, err := run(t, func(o *runner.Options) {
		inFleet("plays")(o)
		o.Record, o.Reports = "records", []string{"json=events"}
	})
	if !errors.Is(err, script.ErrFailed) || errs != "" {
		t.Errorf("got %v and %s", err, errs)
	}
	want := []string{
		"a_spec.lua: host lab-1 was lost; the job was given to another host",
		"ok    lab-2  a_spec.lua  1 passed, 0 failed, 1 flaky in 1.00 s",
		"b_spec.lua: host lab-1 was lost; the job was given to another host",
		"  failed does (b_spec.lua:3 on lab-2)",
		"FAIL  lab-2  b_spec.lua  0 passed, 1 failed in 1.00 s",
	}
	head, rest, _ := strings.Cut(out, "\n\n")
	if diff := cmp.Diff(want, strings.Split(head, "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, text := range []string{"recording: records/b-1.cast\n", "\n1 passed, 1 failed, 1 flaky\n"} {
		if !strings.Contains(rest, text) {
			t.Errorf("wanted %q in\n%s", text, rest)
		}
	}
	if cast, err := os.ReadFile("records/b-1.cast"); err != nil || string(cast) != "cast" {
		t.Errorf("got %v and %s", err, cast)
	}
	events, err := os.ReadFile("events")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"file_started", "test_started does", "test_finished does error", "test_started does", "test_finished does passed", "file_finished",
	}, shape(t, string(events), "a_spec.lua")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "avefleet*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	// The next run knows what has failed.
	out, _, err = run(t, func(o *runner.Options) { o.Failed = true })
	if err != nil || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and %s", err, out)
	}
}

// TestFleetFailFast: the first failure cancels the run, and what runs then does not count.
func TestFleetFailFast(t *testing.T) {
	project(t, map[string]string{"b_spec.lua": `it("does", function() end)`})
	t.Setenv("TMPDIR", t.TempDir())
	out, _, err := run(t, func(o *runner.Options) {
		inFleet("plays")(o)
		o.FailFast, o.Repeat = true, 3
	})
	if !errors.Is(err, script.ErrFailed) || !strings.Contains(out, "0 passed, 1 failed") {
		t.Errorf("got %v and %s", err, out)
	}
}

func TestFleetMistakes(t *testing.T) {
	project(t, fleetFiles)
	t.Setenv("TMPDIR", t.TempDir())
	for how, want := range map[string]string{"refuses": "no host has a relay", "dies": "avelab has ended: exit status 3"} {
		out, errs, err := run(t, inFleet(how))
		if !errors.Is(err, script.ErrFailed) || !strings.HasPrefix(errs, "avescript: "+want) || out != "" {
			t.Errorf("wanted %s, got %v and %s%s", want, err, errs, out)
		}
	}
	_, _, err := run(t, func(o *runner.Options) {
		inFleet("plays")(o)
		o.Update = true
	})
	if err == nil || err.Error() != "--update cannot be used with --fleet: remove one" {
		t.Errorf("got %v", err)
	}
	missing := errors.New("the program avelab is missing")
	_, errs, err := run(t, func(o *runner.Options) {
		o.Fleet = &runner.Fleet{Submit: func() (*exec.Cmd, error) { return nil, missing }}
	})
	if !errors.Is(err, script.ErrFailed) || errs != "avescript: the program avelab is missing\n" {
		t.Errorf("got %v and %s", err, errs)
	}
}

// TestFleetTimeout: a run that takes too long is cancelled, and its report is complete.
func TestFleetTimeout(t *testing.T) {
	project(t, map[string]string{"a_spec.lua": ``})
	t.Setenv("TMPDIR", t.TempDir())
	out, _, err := run(t, func(o *runner.Options) {
		inFleet("hangs")(o)
		o.RunTimeout = 0.5
	})
	if !errors.Is(err, script.ErrFailed) || !strings.Contains(out, "interrupted: the run did not end within 0.5 s") || !strings.HasSuffix(out, "\n0 passed, 1 failed\n") {
		t.Errorf("got %v and:\n%s", err, out)
	}
}

// TestFleetInterrupt: Ctrl-C cancels the run.
func TestFleetInterrupt(t *testing.T) {
	project(t, map[string]string{"a_spec.lua": ``})
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var out, errs screen
	o := options(&out, &errs)
	inFleet("hangs")(&o)
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx, o) }()
	poll.Until(t, "it runs", func() bool {
		_, err := os.Stat("hangs")
		return err == nil
	})
	cancel(errEnough)
	if err := <-ended; !errors.Is(err, errEnough) || !strings.Contains(out.String(), "interrupted: enough") {
		t.Errorf("got %v and %s", err, out.String())
	}
	if _, err := os.Stat("left"); err == nil {
		t.Error("the run was left, not cancelled")
	}
}

// TestFleetHurries: a host may be faster than the notes of the hub.
func TestFleetHurries(t *testing.T) {
	project(t, map[string]string{"a_spec.lua": ``})
	t.Setenv("TMPDIR", t.TempDir())
	out, errs, err := run(t, inFleet("hurries"))
	if err != nil || errs != "" || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and %s%s", err, out, errs)
	}
}

// TestFleetDetach: the name of the run is all that is printed.
func TestFleetDetach(t *testing.T) {
	project(t, fleetFiles)
	t.Setenv("TMPDIR", t.TempDir())
	out, errs, err := run(t, func(o *runner.Options) {
		inFleet("plays")(o)
		o.Fleet.Detach = true
	})
	if err != nil || errs != "" || wire.CheckName(strings.TrimSpace(out)) != nil {
		t.Errorf("got %v and %s%s", err, out, errs)
	}
}
