package harness_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
)

// events returns an event of each kind that together use all fields.
func events() []harness.Event {
	frame := harness.Frame{File: "t/helper.lua", Line: 1, Func: "check", Source: "assert.equals(a, b)"}
	return []harness.Event{
		{Kind: harness.RunStarted, Files: 1, Time: 1.5},
		{Kind: harness.FileStarted, File: "t/a.lua", Worker: 2},
		{
			Kind: harness.TestFinished, File: "t/a.lua", Path: []string{"b", "differs"}, Line: 7, Tags: []string{"slow"},
			Time: 1767225600.25, Worker: 2, Status: harness.Failed, Seconds: 0.5, Attempt: 2, Last: true, Quarantined: true, Uncleaned: true,
			Output: "\x1b[31m</script>\x00\u2028",
			Problems: []harness.Problem{
				{Message: "two\nlines", Diff: " one\n-two\n+2", Stack: []harness.Frame{frame}},
				{Hook: "after_each"},
			},
			Leaks:     []harness.Leak{{Kind: "process", What: "process 7", Made: &frame, Fail: true}},
			Artifacts: []harness.Artifact{{Kind: "recording", Name: "session", Path: "a.cast"}},
		},
		{Kind: harness.RunFinished, Seconds: 1.75, Totals: &harness.Totals{Quarantined: 1}},
	}
}

type list []harness.Event

func (l *list) Report(e harness.Event) { *l = append(*l, e) }

// throughJSON encodes and decodes an event as JSON.
func throughJSON(t *testing.T, e harness.Event) (got harness.Event) {
	t.Helper()
	line, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(line, &got)
	}
	if err != nil || bytes.ContainsRune(line, '\n') {
		t.Fatalf("%v in %s", err, line)
	}
	return got
}

func TestEventIsJSON(t *testing.T) {
	for _, e := range events() {
		if diff := cmp.Diff(e, throughJSON(t, e)); diff != "" {
			t.Errorf("-sent +read:\n%s", diff)
		}
	}
}

func TestRunCounts(t *testing.T) {
	var got list
	run := harness.Start(&got, 2)
	for _, file := range []string{"a", "b"} {
		run.StartFile(file, 0)
		for _, status := range []harness.Status{harness.Passed, harness.Passed, harness.Failed, harness.Pending, harness.Error} {
			run.Report(harness.Event{Kind: harness.TestStarted, File: file})
			run.Report(harness.Event{Kind: harness.TestFinished, File: file, Status: status})
		}
		run.Report(harness.Event{Kind: harness.BlockFailed, File: file, Status: harness.Error})
		run.FinishFile(file, 0)
		last := got[len(got)-1]
		if want := (harness.Totals{Passed: 2, Failed: 1, Pending: 1, Errors: 2}); *last.Totals != want {
			t.Errorf("of the file: %+v", last.Totals)
		}
	}
	totals := run.Finish()
	if want := (harness.Totals{Passed: 4, Failed: 2, Pending: 2, Errors: 4}); totals != want {
		t.Errorf("of the run: %+v", totals)
	}
	if totals.String() != "4 passed, 6 failed, 2 skipped" || totals.Tests() != 12 {
		t.Errorf("%s, %d tests", totals, totals.Tests())
	}
	if last := got[len(got)-1]; last.Kind != harness.RunFinished || *last.Totals != totals || last.Seconds <= 0 {
		t.Errorf("last event: %+v", last)
	}
	if got[0].Files != 2 || got[2].File != "a" {
		t.Errorf("wanted 2 files and the name of the first in %+v and %+v", got[0], got[2])
	}
	for _, e := range got {
		if e.Time == 0 {
			t.Errorf("an event without its time: %+v", e)
		}
	}
}

// TestVerdicts checks what each result of a test does to the run.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		event  harness.Event
		bad    bool
		totals string
	}{
		"passed":      {harness.Event{Status: harness.Passed}, false, "1 passed, 0 failed"},
		"xfailed":     {harness.Event{Status: harness.XFailed}, false, "0 passed, 0 failed, 1 xfailed"},
		"xpassed":     {harness.Event{Status: harness.XPassed}, true, "0 passed, 1 failed"},
		"no status":   {harness.Event{}, true, "0 passed, 1 failed"},
		"quarantined": {harness.Event{Status: harness.Error, Quarantined: true}, false, "0 passed, 0 failed, 1 quarantined"},
		"quarantined, passed": {
			harness.Event{Status: harness.Passed, Quarantined: true}, false, "1 passed, 0 failed",
		},
		"block":       {harness.Event{Kind: harness.BlockFailed, Status: harness.Error}, true, "0 passed, 1 failed"},
		"one of many": {harness.Event{Status: harness.Failed, Attempt: 1}, false, "0 passed, 0 failed"},
		"flaky":       {harness.Event{Status: harness.Passed, Attempt: 2, Last: true}, false, "1 passed, 0 failed, 1 flaky"},
		"never":       {harness.Event{Status: harness.Failed, Attempt: 3, Last: true}, true, "0 passed, 1 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.event.Kind == "" {
				c.event.Kind = harness.TestFinished
			}
			run := harness.Start(&list{}, 1)
			run.Report(c.event)
			totals := run.Finish()
			if c.event.Bad() != c.bad || (totals.Bad() > 0) != c.bad || totals.String() != c.totals {
				t.Errorf("bad: %v, totals %s (%+v)", c.event.Bad(), totals, totals)
			}
		})
	}
}

// TestKey: a worker and its parent, which gets names as JSON, compute the same key.
func TestKey(t *testing.T) {
	for _, name := range []string{"plain", "\xff\xfe", "\xe2\x82", "a\x00b", "\u2028<", "\ufffd"} {
		e := harness.Event{Kind: harness.TestFinished, Path: []string{"block", name}, Line: 3}
		if got := throughJSON(t, e); got.Key() != e.Key() {
			t.Errorf("%q: wanted %q, got %q", name, e.Key(), got.Key())
		}
	}
	if (harness.Event{Path: []string{"a b"}}).Key() == (harness.Event{Path: []string{"a", "b"}}).Key() {
		t.Error("a block and its test have the key of a test with both names")
	}
}
