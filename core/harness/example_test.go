package harness_test

import (
	"errors"
	"fmt"
	"os"

	"avescript/core/harness"
	"avescript/core/harness/report"
)

// untimed is a reporter that removes durations, so that the example always prints the
// same.
type untimed struct{ harness.Reporter }

func (u untimed) Report(e harness.Event) {
	e.Seconds = 0
	u.Reporter.Report(e)
}

// A program with its own kind of tests sends events to a Run. All reports can be made
// from these events: this one is for a terminal, and "html=page.html" would be a page
// for a browser.
func Example() {
	const file = "rack.checks"
	checks := []struct {
		name string
		run  func() error
	}{
		{"the lamp is on", func() error { return nil }},
		{"the door is shut", func() error { return errors.New("wanted it shut, got it ajar") }},
	}
	reports, err := report.Open([]string{"terminal"}, os.Stdout, report.View{})
	if err != nil {
		fmt.Println(err)
		return
	}

	run := harness.Start(untimed{reports}, 1)
	run.StartFile(file, 0)
	for i, check := range checks {
		event := harness.Event{Kind: harness.TestStarted, File: file, Path: []string{"rack 7", check.name}, Line: i + 1}
		run.Report(event)
		event.Kind, event.Status = harness.TestFinished, harness.Passed
		if err := check.run(); err != nil {
			event.Status = harness.Failed
			event.Problems = []harness.Problem{{Message: err.Error()}}
		}
		run.Report(event)
	}
	run.FinishFile(file, 0)
	totals := run.Finish()
	if err := reports.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println("something is wrong:", totals.Bad() > 0)

	// Output:
	//   failed rack 7 the door is shut (rack.checks:2)
	// FAIL  rack.checks  1 passed, 1 failed in 0.00 s
	//
	// 1) rack 7 the door is shut
	//    rack.checks:2
	//    wanted it shut, got it ajar
	//
	// 1 passed, 1 failed
	// something is wrong: true
}
