package fold_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/fold"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/profile"
)

// record is what a run has reported, a line each.
type record struct {
	lines  []string
	events []harness.Event
}

func (r *record) Report(e harness.Event) {
	r.events = append(r.events, e)
	if e.Kind == harness.RunStarted {
		return
	}
	line := strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.File, e.FullName()))
	if e.Host != "" {
		line += fmt.Sprintf(" on %s by %d", e.Host, e.Worker)
	}
	if e.Attempt > 0 {
		line += fmt.Sprintf(" attempt %d", e.Attempt)
	}
	if e.Last {
		line += " last"
	}
	if e.Status != "" {
		line += " " + string(e.Status)
	}
	for _, p := range e.Problems {
		line += ": " + p.Message
	}
	if e.Output != "" {
		line += fmt.Sprintf(" | %q", e.Output)
	}
	if e.Totals != nil {
		line += " " + e.Totals.String()
	}
	r.lines = append(r.lines, line)
}

// scene plays a run.
type scene struct {
	*fold.Fold
	t    *testing.T
	r    record
	run  *harness.Run
	seq  uint64
	time float64
	live []string
	said []string
}

func play(t *testing.T, jobs ...wire.Job) *scene {
	s := &scene{t: t, time: 1000}
	s.run = harness.Start(&s.r, len(jobs))
	s.Fold = fold.New(s.run, fold.Options{
		Jobs: jobs,
		Live: func(e harness.Event) {
			s.live = append(s.live, fmt.Sprintf("%s %s %d", e.Kind, e.FullName(), e.Worker))
		},
		Say: func(text string) { s.said = append(s.said, text) },
	})
	s.note(wire.Note{Kind: wire.NoteSubmitted, Jobs: len(jobs)})
	return s
}

func (s *scene) note(n wire.Note) {
	s.seq++
	s.time++
	n.Place, n.Time = wire.Token{Seq: s.seq}, s.time
	s.Note(n)
}

func (s *scene) starts(job int, host string) wire.Token {
	token := wire.Token{Seq: s.seq + 1}
	s.note(wire.Note{Kind: wire.NoteStarted, Job: job, Host: host, Token: token})
	return token
}

func (s *scene) says(job int, host string, token wire.Token, n int, events ...harness.Event) {
	s.Output(wire.Said{Host: host, Job: job, Token: token, Output: wire.Output{N: n, Events: events, Log: "log " + fmt.Sprint(n) + "\n"}})
}

func (s *scene) ends(kind string, job int, host string, token wire.Token, o wire.Outcome) {
	s.note(wire.Note{Kind: kind, Job: job, Host: host, Token: token, Outcome: &o})
}

func (s *scene) wants(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.r.lines); diff != "" {
		s.t.Errorf("-want +got:\n%s", diff)
	}
}

func job(file string) wire.Job {
	work, _ := json.Marshal(workers.Job{File: file})
	return wire.Job{Name: file, Work: work}
}

func began(name string) harness.Event {
	return harness.Event{Kind: harness.TestStarted, Path: []string{name}, Line: 1, Time: 2000}
}

func ended(name string, status harness.Status) harness.Event {
	e := began(name)
	e.Kind, e.Status, e.Seconds = harness.TestFinished, status, 0.5
	return e
}

var passed = wire.Outcome{Status: wire.Done, Passed: true}

// TestRun: the jobs of two hosts are told one after the other, and what runs is shown
// before.
func TestRun(t *testing.T) {
	s := play(t, job("a.lua"), job("b.lua"), job("c.lua"))
	a := s.starts(0, "lab-1")
	b := s.starts(1, "lab-2")
	s.says(0, "lab-1", a, 0, began("one"))
	s.says(1, "lab-2", b, 0, began("two"), ended("two", harness.Failed))
	s.says(0, "lab-1", a, 1, ended("one", harness.Passed))
	s.says(0, "lab-1", a, 1, ended("one", harness.Passed)) // twice
	s.wants()
	s.ends(wire.NoteFinished, 1, "lab-2", b, wire.Outcome{Status: wire.Done})
	c := wire.Token{Seq: s.seq + 1}
	s.says(2, "lab-2", c, 0, began("three"), ended("three", harness.Passed)) // before its note
	s.starts(2, "lab-2")
	s.ends(wire.NoteFinished, 0, "lab-1", a, passed)
	s.ends(wire.NoteFinished, 2, "lab-2", c, passed)
	s.note(wire.Note{Kind: wire.NoteOver})
	s.wants(
		"file_started b.lua on lab-2 by 2",
		"test_started b.lua two on lab-2 by 2",
		"test_finished b.lua two on lab-2 by 2 failed",
		"file_finished b.lua on lab-2 by 2 0 passed, 1 failed",
		"file_started a.lua on lab-1 by 1",
		"test_started a.lua one on lab-1 by 1",
		"test_finished a.lua one on lab-1 by 1 passed",
		"file_finished a.lua on lab-1 by 1 1 passed, 0 failed",
		"file_started c.lua on lab-2 by 2",
		"test_started c.lua three on lab-2 by 2",
		"test_finished c.lua three on lab-2 by 2 passed",
		"file_finished c.lua on lab-2 by 2 1 passed, 0 failed",
	)
	if diff := cmp.Diff([]string{
		"test_started one 1", "test_started two 2", "test_finished two 2", "test_finished one 1",
		"test_started three 2", "test_finished three 2",
	}, s.live); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !s.Over() || s.run.Totals().String() != "2 passed, 1 failed" {
		t.Errorf("got %v and %s", s.Over(), s.run.Totals())
	}
}

// TestLost: of a claim that was lost there is only the attempt of the test that was
// running; outputs that come late do not count.
func TestLost(t *testing.T) {
	s := play(t, job("a.lua"))
	one := s.starts(0, "lab-1")
	s.says(0, "lab-1", one, 0, began("x"), ended("x", harness.Failed), began("y"))
	s.ends(wire.NoteReturned, 0, "lab-1", one, wire.Outcome{Status: wire.Lost})
	two := s.starts(0, "lab-2")
	s.says(0, "lab-1", one, 1, ended("y", harness.Failed))
	s.says(0, "lab-2", two, 0, began("x"), ended("x", harness.Passed), began("y"))
	s.ends(wire.NoteReturned, 0, "lab-2", two, wire.Outcome{Status: wire.Died, Message: "signal SIGKILL"})
	busy := s.starts(0, "lab-3")
	s.ends(wire.NoteReturned, 0, "lab-3", busy, wire.Outcome{Status: wire.Busy})
	three := s.starts(0, "lab-3")
	retried := ended("y", harness.Failed)
	retried.Attempt = 1
	again := began("y")
	again.Attempt = 2
	last := ended("y", harness.Passed)
	last.Attempt, last.Last = 2, true
	s.says(0, "lab-3", three, 0, began("x"), ended("x", harness.Passed), began("y"), retried, again, last)
	s.ends(wire.NoteFinished, 0, "lab-3", three, passed)
	s.wants(
		"file_started a.lua on lab-3 by 1",
		"test_started a.lua x on lab-3 by 1",
		"test_finished a.lua x on lab-3 by 1 passed",
		"test_started a.lua y on lab-1 by 1 attempt 1",
		"test_finished a.lua y on lab-1 by 1 attempt 1 error: host lab-1 was lost; the job was given to another host",
		"test_started a.lua y on lab-2 by 1 attempt 2",
		"test_finished a.lua y on lab-2 by 1 attempt 2 error: on host lab-2 the process of the job died: signal SIGKILL; the job was given away again",
		"test_started a.lua y on lab-3 by 1 attempt 3",
		"test_finished a.lua y on lab-3 by 1 attempt 3 failed",
		"test_started a.lua y on lab-3 by 1 attempt 4",
		"test_finished a.lua y on lab-3 by 1 attempt 4 last passed",
		"file_finished a.lua on lab-3 by 1 2 passed, 0 failed, 1 flaky",
	)
	if len(s.said) != 2 || s.said[0] != "a.lua: host lab-1 was lost; the job was given to another host" {
		t.Errorf("got %q", s.said)
	}
}

// TestBad: jobs that do not end by themselves are failures, with what is known of them.
func TestBad(t *testing.T) {
	for name, c := range map[string]struct {
		does func(*scene)
		want []string
	}{
		"set aside": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"))
			s.ends(wire.NoteReturned, 0, "lab-1", one, wire.Outcome{Status: wire.Died})
			two := s.starts(0, "lab-2")
			s.says(0, "lab-2", two, 0, began("w"), ended("w", harness.Passed), began("x"))
			s.ends(wire.NoteReturned, 0, "lab-2", two, wire.Outcome{Status: wire.Died})
			s.ends(wire.NoteFinished, 0, "", wire.Token{}, wire.Outcome{Status: wire.SetAside, Message: "it died 3 times"})
		}, []string{
			"file_started a.lua on lab-2 by 1",
			"test_started a.lua w on lab-2 by 1",
			"test_finished a.lua w on lab-2 by 1 passed",
			"test_started a.lua x on lab-1 by 1 attempt 1",
			"test_finished a.lua x on lab-1 by 1 attempt 1 error: on host lab-1 the process of the job died; the job was given away again",
			"test_started a.lua x on lab-2 by 1 attempt 2",
			`test_finished a.lua x on lab-2 by 1 attempt 2 last error: the job was set aside: it died 3 times | "log 0\n"`,
			"file_finished a.lua on lab-2 by 1 1 passed, 1 failed",
		}},
		"incomplete": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"), ended("x", harness.Passed))
			s.says(0, "lab-1", one, 4, began("y"), ended("y", harness.Passed))
			s.ends(wire.NoteFinished, 0, "lab-1", one, passed)
		}, []string{
			"file_started a.lua on lab-1 by 1",
			"test_started a.lua x on lab-1 by 1", "test_finished a.lua x on lab-1 by 1 passed",
			"test_started a.lua y on lab-1 by 1", "test_finished a.lua y on lab-1 by 1 passed",
			"block_failed a.lua on lab-1 by 1 error: 3 messages of host lab-1 are not kept any more: the results are incomplete",
			"file_finished a.lua on lab-1 by 1 2 passed, 1 failed",
		}},
		"not passed for no reason": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0)
			s.ends(wire.NoteFinished, 0, "lab-1", one, wire.Outcome{Status: wire.Done})
		}, []string{
			"file_started a.lua on lab-1 by 1",
			`block_failed a.lua on lab-1 by 1 error: the host says that tests have failed, but does not say which | "log 0\n"`,
			"file_finished a.lua on lab-1 by 1 0 passed, 1 failed",
		}},
		"refused": {func(s *scene) {
			s.ends(wire.NoteFinished, 0, "", wire.Token{}, wire.Outcome{Status: wire.Refused, Message: "no host has 2 relays: the nearest is lab-3 with 1"})
		}, []string{
			"file_started a.lua", "block_failed a.lua error: no host has 2 relays: the nearest is lab-3 with 1",
			"file_finished a.lua 0 passed, 1 failed",
		}},
		"cannot be started": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0)
			s.ends(wire.NoteFinished, 0, "lab-1", one, wire.Outcome{Status: wire.Broken, Message: "no such program"})
		}, []string{
			"file_started a.lua on lab-1 by 1", `block_failed a.lua on lab-1 by 1 error: no such program | "log 0\n"`,
			"file_finished a.lua on lab-1 by 1 0 passed, 1 failed",
		}},
		"cancelled before it began": {func(s *scene) {
			s.note(wire.Note{Kind: wire.NoteCancelled, By: "ann", Reason: "lunch"})
			s.ends(wire.NoteFinished, 0, "", wire.Token{}, wire.Outcome{Status: wire.Stopped})
		}, nil},
		"cancelled": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"))
			s.note(wire.Note{Kind: wire.NoteCancelled, By: "ann", Reason: "lunch"})
			s.ends(wire.NoteFinished, 0, "lab-1", one, wire.Outcome{Status: wire.Stopped})
		}, []string{
			"file_started a.lua on lab-1 by 1", "test_started a.lua x on lab-1 by 1",
			`test_finished a.lua x on lab-1 by 1 error: interrupted: cancelled by ann: lunch; its cleanup hooks may not have finished | "log 0\n"`,
			"file_finished a.lua on lab-1 by 1 0 passed, 1 failed",
		}},
		"cancelled with its teardown": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"))
			s.note(wire.Note{Kind: wire.NoteCancelled, Reason: "interrupted"})
			s.says(0, "lab-1", one, 1, began("x").Broken("interrupted"))
			s.ends(wire.NoteFinished, 0, "lab-1", one, wire.Outcome{Status: wire.Stopped})
		}, []string{
			"file_started a.lua on lab-1 by 1", "test_started a.lua x on lab-1 by 1",
			"test_finished a.lua x on lab-1 by 1 error: interrupted", "file_finished a.lua on lab-1 by 1 0 passed, 1 failed",
		}},
		"stopped without a failure": {func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"), ended("x", harness.Passed), began("y"))
			s.Stop()
			uncleaned := harness.Event{Kind: harness.BlockFailed, Uncleaned: true, Status: harness.Error}
			s.says(0, "lab-1", one, 1, ended("y", harness.Error), uncleaned)
			s.ends(wire.NoteFinished, 0, "lab-1", one, wire.Outcome{Status: wire.Stopped})
		}, []string{
			"file_started a.lua on lab-1 by 1", "test_started a.lua x on lab-1 by 1",
			"test_finished a.lua x on lab-1 by 1 passed", "test_started a.lua y on lab-1 by 1",
			"block_failed a.lua on lab-1 by 1 error", "file_finished a.lua on lab-1 by 1 1 passed, 1 failed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, job("a.lua"))
			c.does(s)
			s.wants(c.want...)
		})
	}
}

// TestTwice: notes that come again after a gap have no effect.
func TestTwice(t *testing.T) {
	s := play(t, job("a.lua"))
	token := s.starts(0, "lab-1")
	over := wire.Token{Seq: s.seq + 1}
	finished := wire.Note{Place: over, Kind: wire.NoteFinished, Token: token, Host: "lab-1", Outcome: &passed}
	for range 2 {
		s.says(0, "lab-1", token, 0, began("x"), ended("x", harness.Passed))
		s.Note(finished)
		s.Note(wire.Note{Place: over, Kind: wire.NoteOver})
		s.Note(wire.Note{Place: token, Kind: wire.NoteStarted, Token: token, Host: "lab-1"})
	}
	if got := s.run.Totals(); got.Passed != 1 || !s.Over() {
		t.Errorf("got %s and %v", got, s.Over())
	}
}

// TestWaited: the first test says what its job has waited for.
func TestWaited(t *testing.T) {
	needs := job("a.lua")
	needs.Needs.Equipment = []wire.Want{{Name: "phone", Profile: profile.Profile{}}}
	s := play(t, needs)
	s.time += 11.3
	token := s.starts(0, "lab-1")
	s.says(0, "lab-1", token, 0, began("x"), ended("x", harness.Passed), began("y"), ended("y", harness.Passed))
	s.ends(wire.NoteFinished, 0, "lab-1", token, passed)
	var outputs []string
	for _, e := range s.r.events {
		if e.Kind == harness.TestFinished {
			outputs = append(outputs, e.Output)
		}
	}
	if diff := cmp.Diff([]string{"waited 12.3 s for phone on lab-1\n", ""}, outputs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestGap: the hub keeps what is said for some time only. What is missing then is a failure,
// because nobody knows what it was.
func TestGap(t *testing.T) {
	for name, c := range map[string]struct {
		jobs []wire.Job // as far as they are known
		does func(*scene)
		want []string
	}{
		"an outcome": {[]wire.Job{job("a.lua"), job("b.lua")}, func(s *scene) {
			one := s.starts(0, "lab-1")
			s.says(0, "lab-1", one, 0, began("x"), ended("x", harness.Passed))
			s.ends(wire.NoteFinished, 0, "lab-1", one, passed)
			s.starts(1, "lab-1")
			s.note(wire.Note{Kind: wire.NoteOver, Jobs: 2})
		}, []string{
			"file_started a.lua on lab-1 by 1", "test_started a.lua x on lab-1 by 1",
			"test_finished a.lua x on lab-1 by 1 passed", "file_finished a.lua on lab-1 by 1 1 passed, 0 failed",
			"file_started b.lua", "block_failed b.lua error: the result of this job is not kept any more",
			"file_finished b.lua 0 passed, 1 failed",
		}},
		"all that a job has said": {[]wire.Job{job("a.lua")}, func(s *scene) {
			s.ends(wire.NoteFinished, 0, "lab-1", wire.Token{Seq: 3}, passed)
			s.note(wire.Note{Kind: wire.NoteOver, Jobs: 1})
		}, []string{
			"file_started a.lua", "block_failed a.lua error: what this job has said is not kept any more: the results are missing",
			"file_finished a.lua 0 passed, 1 failed",
		}},
		"nearly everything": {nil, func(s *scene) {
			s.note(wire.Note{Kind: wire.NoteOver, Jobs: 7})
		}, []string{"block_failed error: the results of 7 of 7 jobs are not kept any more"}},
		"of a run that was cancelled": {nil, func(s *scene) {
			s.note(wire.Note{Kind: wire.NoteCancelled, By: "ann"})
			s.note(wire.Note{Kind: wire.NoteOver, Jobs: 7})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, c.jobs...)
			c.does(s)
			s.wants(c.want...)
			if !s.Over() {
				t.Error("it is not over")
			}
		})
	}
}

// TestNoBeginning: without the first notes nothing takes as long as since 1970.
func TestNoBeginning(t *testing.T) {
	s := &scene{t: t, time: 1000}
	s.run = harness.Start(&s.r, 1)
	needs := job("a.lua")
	needs.Needs.Equipment = []wire.Want{{Name: "phone"}}
	s.Fold = fold.New(s.run, fold.Options{Jobs: []wire.Job{needs}})
	token := wire.Token{Seq: 1}
	s.says(0, "lab-1", token, 0, began("x"), ended("x", harness.Passed)) // before its note
	s.starts(0, "lab-1")
	s.ends(wire.NoteFinished, 0, "lab-1", token, passed)
	s.note(wire.Note{Kind: wire.NoteOver, Jobs: 1})
	if s.Seconds() != 2 {
		t.Errorf("it has taken %g s", s.Seconds())
	}
	for _, e := range s.r.events {
		if e.Output != "" || e.Bad() {
			t.Errorf("got %+v", e)
		}
	}
}

// TestLate: what a host that was lost says later is not shown.
func TestLate(t *testing.T) {
	s := play(t, job("a.lua"))
	one := s.starts(0, "lab-1")
	s.ends(wire.NoteReturned, 0, "lab-1", one, wire.Outcome{Status: wire.Lost})
	s.says(0, "lab-1", one, 0, began("x"))
	if len(s.live) > 0 {
		t.Errorf("got %q", s.live)
	}
}
