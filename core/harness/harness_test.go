package harness_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
)

var update = flag.Bool("update", false, "write the golden files")

// events is a run with everything in it that a report can show.
func events() []harness.Event {
	broken := []harness.Problem{{
		Hook: "before_each", Message: "no server",
		Stack: []harness.Frame{{File: "t/b.lua", Line: 3, Source: `before_each(connect)`}},
	}}
	return []harness.Event{
		{Kind: harness.RunStarted},
		{Kind: harness.FileStarted, File: "t/a.lua"},
		{Kind: harness.TestStarted, File: "t/a.lua", Path: []string{"a", "works"}, Line: 2},
		{Kind: harness.TestFinished, File: "t/a.lua", Path: []string{"a", "works"}, Line: 2, Status: harness.Passed, Seconds: 0.5},
		{Kind: harness.TestFinished, File: "t/a.lua", Path: []string{"a", "is not ready"}, Line: 5, Status: harness.Pending,
			Problems: []harness.Problem{{Message: "needs a router"}}},
		{Kind: harness.FileFinished, File: "t/a.lua", Seconds: 0.75, Totals: &harness.Totals{Passed: 1, Pending: 1}},
		{Kind: harness.FileStarted, File: "t/b.lua"},
		{Kind: harness.TestFinished, File: "t/b.lua", Path: []string{"b", "differs\x1b[2J"}, Line: 7, Status: harness.Failed,
			Problems: []harness.Problem{
				{
					Message: "expected (-) and actual (+) differ:", Diff: " one\n-two\n+2\x07",
					Stack: []harness.Frame{
						{File: "t/helper.lua", Line: 1, Func: "check", Source: `assert.equals(a, b)`},
						{Func: "12 more calls"},
						{File: "t/b.lua", Line: 8},
					},
				},
				{Hook: "after_each", Message: ""},
			}},
		{Kind: harness.TestFinished, File: "t/b.lua", Path: []string{"b", "one"}, Line: 12, Status: harness.Error, Problems: broken},
		{Kind: harness.TestFinished, File: "t/b.lua", Path: []string{"b", "two"}, Line: 15, Status: harness.Error, Problems: broken},
		{Kind: harness.BlockFailed, File: "t/b.lua", Path: []string{"b", "block"}, Status: harness.Error,
			Problems: []harness.Problem{{Message: "two\nlines\n"}}},
		{Kind: harness.FileFinished, File: "t/b.lua", Seconds: 1, Totals: &harness.Totals{Failed: 1, Errors: 3}},
		{Kind: harness.RunFinished, Seconds: 1.75, Totals: &harness.Totals{Passed: 1, Pending: 1, Failed: 1, Errors: 3}},
	}
}

func TestTerminal(t *testing.T) {
	for name, color := range map[string]bool{"terminal.golden": false, "terminal-color.golden": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			terminal := harness.NewTerminal(&out, color)
			for _, e := range events() {
				terminal.Report(e)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("differs from %s (-want +got):\n%s", file, diff)
			}
		})
	}
}

type list []harness.Event

func (l *list) Report(e harness.Event) { *l = append(*l, e) }

// TestReplay sends events through their form as lines of JSON.
func TestReplay(t *testing.T) {
	var text bytes.Buffer
	lines := harness.NewJSONLines(&text)
	for _, e := range events() {
		lines.Report(e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), "\n"); got != len(events()) {
		t.Errorf("%d lines for %d events", got, len(events()))
	}
	var got list
	if err := harness.Replay(&text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list(events()), got); diff != "" {
		t.Errorf("-sent +replayed:\n%s", diff)
	}
}

func TestRunCounts(t *testing.T) {
	var got list
	run := harness.Start(&got)
	for _, file := range []string{"a", "b"} {
		run.StartFile(file)
		for _, status := range []harness.Status{harness.Passed, harness.Passed, harness.Failed, harness.Pending, harness.Error} {
			run.Send(harness.Event{Kind: harness.TestStarted})
			run.Send(harness.Event{Kind: harness.TestFinished, Status: status})
		}
		run.Send(harness.Event{Kind: harness.BlockFailed, Status: harness.Error})
		if want := (harness.Totals{Passed: 2, Failed: 1, Pending: 1, Errors: 2}); run.File() != want {
			t.Errorf("of the file: %+v", run.File())
		}
		run.FinishFile()
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
	if got[2].File != "a" {
		t.Errorf("an event without its file: %+v", got[2])
	}
}
