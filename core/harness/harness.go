// Package harness is what running tests is about, whatever language they are
// written in: the events of a run, and the reports that are made of them.
//
// Whoever runs tests sends [Event] values to a [Run]; the run counts and hands
// them to a [Reporter]. Reporters know nothing but the events, and an event is
// one line of JSON: so tests can run in one process and be reported in another.
//
// A run is a sequence of
//
//	run_started
//	  file_started
//	    test_started, test_finished    for every test
//	    block_failed                   what went wrong outside of tests
//	  file_finished
//	run_finished
package harness

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind says what an event is about.
type Kind string

const (
	RunStarted   Kind = "run_started"
	FileStarted  Kind = "file_started"
	TestStarted  Kind = "test_started"
	TestFinished Kind = "test_finished"
	TestListed   Kind = "test_listed" // instead of the two, where nothing is run
	BlockFailed  Kind = "block_failed"
	FileFinished Kind = "file_finished"
	RunFinished  Kind = "run_finished"
)

// NothingToRun is the message of the BlockFailed that a run without tests has.
const NothingToRun = "there was no test to run"

// Status is how a test ended.
type Status string

const (
	Passed  Status = "passed"
	Failed  Status = "failed"  // an assertion did not hold
	Error   Status = "error"   // something broke: the test itself, or a hook
	Pending Status = "pending" // it was declared as not ready, and did not run to its end
	XFailed Status = "xfailed" // it has failed, as it was expected to
	XPassed Status = "xpassed" // it was expected to fail and has not, which spoils the run
)

// Event is something that happened in a run. Which of the fields are set
// depends on its kind.
type Event struct {
	Kind Kind   `json:"event"`
	File string `json:"file,omitempty"` // the test file, as the user named it

	// Files is how many test files a run has, when it starts.
	Files int `json:"files,omitempty"`

	// Seed is what the order of the tests was made of, when a run starts; 0 if
	// they are in the order in which they were written.
	Seed int `json:"seed,omitempty"`

	// Path is the test's name after those of the blocks around it. Of a
	// block that failed it is the block's own, empty for the file itself.
	Path []string `json:"path,omitempty"`
	Line int      `json:"line,omitempty"` // where the test was declared
	Tags []string `json:"tags,omitempty"`

	Time   float64 `json:"time,omitempty"`   // when it happened, in seconds of the epoch
	Worker int     `json:"worker,omitempty"` // which process ran it, from 1; 0 is the only one

	Status   Status    `json:"status,omitempty"`
	Problems []Problem `json:"problems,omitempty"` // why it isn't Passed
	Seconds  float64   `json:"seconds,omitempty"`  // how long the test, the file or the run took
	Attempt  int       `json:"attempt,omitempty"`  // of a test that is retried, from 1
	Last     bool      `json:"last,omitempty"`     // there will be no further attempt: this one counts
	// Quarantined tests are run and reported, and do not spoil the run.
	Quarantined bool       `json:"quarantined,omitempty"`
	Died        bool       `json:"died,omitempty"`   // so did the process that ran it
	Output      string     `json:"output,omitempty"` // what was written to stdout and stderr meanwhile
	Leaks       []Leak     `json:"leaks,omitempty"`
	Artifacts   []Artifact `json:"artifacts,omitempty"`
	Totals      *Totals    `json:"totals,omitempty"` // of the file or the run
}

// Problem is one reason for a test to fail. A test can have several: its own,
// and those of the hooks that ran after it.
type Problem struct {
	Hook    string  `json:"hook,omitempty"` // "before_each", ...; "" for the test itself
	Message string  `json:"message"`
	Diff    string  `json:"diff,omitempty"`  // lines that begin with ' ', '-' (expected) and '+' (actual)
	Stack   []Frame `json:"stack,omitempty"` // innermost call first; the first is where it happened
}

// Frame is a place in a script. One without a file stands for calls that were
// left out; Func says how many.
type Frame struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Func   string `json:"func,omitempty"`
	Source string `json:"source,omitempty"` // the text of the line
}

// Leak is something that a test has left behind.
type Leak struct {
	Kind string `json:"kind"`            // "process", "pty", "port", "descriptor", "file"
	What string `json:"what"`            // "process 4711 (sleep 60)"
	Made *Frame `json:"made,omitempty"`  // where, if that is known
	Fail bool   `json:"fails,omitempty"` // the test fails for it; otherwise it is a warning
}

// Artifact is a file that belongs to a test: a recording, a screen, a workspace
// that was kept.
type Artifact struct {
	Kind string `json:"kind"` // "recording", "screen", "workspace"
	Name string `json:"name"`
	Path string `json:"path"`
}

// Reporter reads the events of one run, in their order.
type Reporter interface {
	Report(e Event)
}

// Reporters is a reporter that hands every event to each of them.
type Reporters []Reporter

// Report reports e to all.
func (r Reporters) Report(e Event) {
	for _, reporter := range r {
		reporter.Report(e)
	}
}

// Counts tells whether the event says how a test ended: an attempt does not
// after which there is another one.
func (e Event) Counts() bool { return e.Kind == TestFinished && (e.Last || e.Attempt == 0) }

// Bad tells whether the event spoils the run.
func (e Event) Bad() bool {
	switch {
	case e.Quarantined, e.Kind != BlockFailed && !e.Counts():
		return false
	case e.Kind == BlockFailed:
		return true
	}
	return e.Status != Passed && e.Status != Pending && e.Status != XFailed
}

// Broken is the end of the test that e is the start of, if it could not come to one
// itself. There will be no further attempt at it.
func (e Event) Broken(message string) Event {
	e.Kind, e.Time, e.Status, e.Last = TestFinished, 0, Error, e.Attempt > 0
	e.Problems = []Problem{{Message: message}}
	return e
}

// Flaky tells whether a test has passed, but not at once.
func (e Event) Flaky() bool { return e.Counts() && e.Status == Passed && e.Attempt > 1 }

// FullName is the test's name after those of the blocks around it.
func (e Event) FullName() string { return strings.Join(e.Path, " ") }

// Key tells the tests of a file apart, but for those that have one name and
// one line. It is the same when the event has been JSON, which has no form for
// bytes that are no text.
func (e Event) Key() string {
	path := strings.Join(e.Path, "\x00")
	if !utf8.ValidString(path) {
		path = string([]rune(path))
	}
	return fmt.Sprintf("%d:%s", e.Line, path)
}
