package harness

import (
	"fmt"
	"strings"
)

// Totals counts tests by their result. For a test that was retried only the last
// attempt counts. A failure outside of tests counts as one error.
type Totals struct {
	Passed      int `json:"passed"`
	Failed      int `json:"failed"`
	Errors      int `json:"errors"`
	Pending     int `json:"pending"`
	XFailed     int `json:"xfailed,omitempty"`
	XPassed     int `json:"xpassed,omitempty"`
	Quarantined int `json:"quarantined,omitempty"` // bad results that do not count because of the quarantine
	Flaky       int `json:"flaky,omitempty"`       // tests among those that passed
	Listed      int `json:"listed,omitempty"`      // tests that were listed, not run
}

// String is the totals as all reports write them: "12 passed, 0 failed", followed by
// the other counts that are not zero, such as ", 1 skipped".
func (t Totals) String() string {
	var line strings.Builder
	fmt.Fprintf(&line, "%d passed, %d failed", t.Passed, t.Bad())
	for _, more := range []struct {
		count int
		name  string
	}{
		{t.Pending, "skipped"}, {t.XFailed, "xfailed"}, {t.Quarantined, "quarantined"}, {t.Flaky, "flaky"},
	} {
		if more.count > 0 {
			fmt.Fprintf(&line, ", %d %s", more.count, more.name)
		}
	}
	return line.String()
}

// Bad is the number of results that make the run fail.
func (t Totals) Bad() int { return t.Failed + t.Errors + t.XPassed }

// Tests is the number of tests.
func (t Totals) Tests() int {
	return t.Passed + t.Pending + t.XFailed + t.Quarantined + t.Listed + t.Bad()
}

func (t *Totals) count(e Event) {
	if e.Kind == TestListed {
		t.Listed++
	}
	if e.Kind != BlockFailed && !e.Counts() {
		return
	}
	if e.Flaky() {
		t.Flaky++
	}
	*t.counter(e)++
}

func (t *Totals) counter(e Event) *int {
	switch {
	case e.Quarantined && e.Status != Passed && e.Status != Pending && e.Status != XFailed:
		return &t.Quarantined
	case e.Kind == BlockFailed:
		return &t.Errors
	}
	switch e.Status {
	case Passed:
		return &t.Passed
	case Failed:
		return &t.Failed
	case Pending:
		return &t.Pending
	case XFailed:
		return &t.XFailed
	case XPassed:
		return &t.XPassed
	}
	return &t.Errors
}
