package report_test

import (
	"bytes"
	"strings"
	"testing"

	"avescript/core/harness"
	"avescript/core/harness/report"
)

func TestReportIsPaused(t *testing.T) {
	var out bytes.Buffer
	set, err := report.Open(nil, &out, report.View{})
	if err != nil {
		t.Fatal(err)
	}
	run := harness.Start(set, 1)
	run.StartFile("a.lua", 1)
	set.Pause()
	before := out.String()
	run.Report(harness.Event{Kind: harness.TestFinished, File: "a.lua", Worker: 1, Path: []string{"fails"}, Status: harness.Failed})
	if got := out.String(); got != before {
		t.Errorf("written while somebody else has the terminal: %q", got)
	}
	set.Resume()
	if got := out.String(); !strings.Contains(got, "fails") {
		t.Errorf("wanted the test that has failed, got %q", got)
	}
	run.Finish()
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
}
