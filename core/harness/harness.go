// Package harness defines the events of a test run, and the reports that are made from
// them. It does not depend on the language of the tests.
//
// The code that runs tests sends [Event] values to a [Run], which counts them and
// passes them to a [Reporter]. A reporter knows only the events, and an event can be
// written as one line of JSON, so tests can run in one process and be reported by
// another. An event is created once, where something happens, and never changes its
// form.
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
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is the kind of an event.
type Kind string

const (
	RunStarted   Kind = "run_started"
	FileStarted  Kind = "file_started"
	TestStarted  Kind = "test_started"
	TestFinished Kind = "test_finished"
	TestListed   Kind = "test_listed" // instead of these two, if tests are only listed
	BlockFailed  Kind = "block_failed"
	FileFinished Kind = "file_finished"
	RunFinished  Kind = "run_finished"
)

// NothingToRun is the message of the BlockFailed event of a run without tests.
const NothingToRun = "there was no test to run"

// Status is how a test ended.
type Status string

const (
	Passed  Status = "passed"
	Failed  Status = "failed"  // an assertion did not hold
	Error   Status = "error"   // something broke: the test itself, or a hook
	Pending Status = "pending" // it was declared as not ready, and did not run to the end
	XFailed Status = "xfailed" // it failed, as expected
	XPassed Status = "xpassed" // it was expected to fail but passed, which makes the run fail
)

// Event is something that happened in a run. The kind decides which fields are set.
type Event struct {
	Kind Kind   `json:"event"`
	File string `json:"file,omitempty"` // the test file, as the user named it

	// Files is how many test files a run has, when it starts.
	Files int `json:"files,omitempty"`

	// Seed is the seed of the order of the tests, when a run starts; 0 if the tests run
	// in the order in which they were written.
	Seed int `json:"seed,omitempty"`

	// Path is the names of the blocks around a test and its own name. For a block that
	// failed it ends with the name of the block, and it is empty for the file itself.
	Path []string `json:"path,omitempty"`
	Line int      `json:"line,omitempty"` // where the test was declared
	Tags []string `json:"tags,omitempty"`

	Time   float64 `json:"time,omitempty"`   // when it happened, in seconds since the epoch
	Worker int     `json:"worker,omitempty"` // which process ran it, from 1; 0 if there is only one
	Host   string  `json:"host,omitempty"`   // of a fleet, where it ran; "" if all ran on this one

	Status   Status    `json:"status,omitempty"`
	Problems []Problem `json:"problems,omitempty"` // why it is not Passed
	Seconds  float64   `json:"seconds,omitempty"`  // how long the test, the file or the run took
	Attempt  int       `json:"attempt,omitempty"`  // of a test that is retried, from 1
	Last     bool      `json:"last,omitempty"`     // there will be no further attempt: this one counts
	// Quarantined tests are run and reported, but do not make the run fail.
	Quarantined bool       `json:"quarantined,omitempty"`
	Died        bool       `json:"died,omitempty"`      // the process that ran it died
	Uncleaned   bool       `json:"uncleaned,omitempty"` // the run was ending, and a cleanup hook failed
	Output      string     `json:"output,omitempty"`    // what was written to stdout and stderr during the test
	Leaks       []Leak     `json:"leaks,omitempty"`
	Artifacts   []Artifact `json:"artifacts,omitempty"`
	Totals      *Totals    `json:"totals,omitempty"` // of the file or the run

	// Needs are what a listed test and the blocks around it need of a host, as
	// wire.Needs.
	Needs json.RawMessage `json:"needs,omitempty"`
}

// Problem is one reason why a test failed. A test can have several: its own, and those
// of the hooks that ran after it.
type Problem struct {
	Hook    string  `json:"hook,omitempty"` // "before_each", ...; "" for the test itself
	Message string  `json:"message"`
	Diff    string  `json:"diff,omitempty"`  // lines that begin with ' ', '-' (expected) and '+' (actual)
	Stack   []Frame `json:"stack,omitempty"` // innermost call first; the first is where it happened
}

// Frame is a place in a script. A frame without a file stands for calls that were left
// out; Func says how many.
type Frame struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Func   string `json:"func,omitempty"`
	Source string `json:"source,omitempty"` // the text of the line
}

// Leak is something that a test left behind.
type Leak struct {
	Kind string `json:"kind"`            // "process", "pty", "port", "descriptor", "file"
	What string `json:"what"`            // "process 4711 (sleep 60)"
	Made *Frame `json:"made,omitempty"`  // where it was created, if known
	Fail bool   `json:"fails,omitempty"` // the test fails because of it; otherwise it is a warning
}

// Artifact is a file that belongs to a test: a recording, a screen, or a workspace that
// was kept.
type Artifact struct {
	Kind string `json:"kind"` // "recording", "screen", "workspace"
	Name string `json:"name"`
	Path string `json:"path"`

	// Missing says why the file is incomplete or does not exist, for example a full
	// disk.
	Missing string `json:"missing,omitempty"`
}

// Reporter receives the events of one run, in order.
type Reporter interface {
	Report(e Event)
}

// Reporters is a reporter that passes every event to all of its reporters.
type Reporters []Reporter

// Report passes e to all reporters.
func (r Reporters) Report(e Event) {
	for _, reporter := range r {
		reporter.Report(e)
	}
}

// Counts reports whether the event is the final result of a test. An attempt that is
// followed by another one is not.
func (e Event) Counts() bool { return e.Kind == TestFinished && (e.Last || e.Attempt == 0) }

// Bad reports whether the event makes the run fail.
func (e Event) Bad() bool {
	switch {
	case e.Quarantined, e.Kind != BlockFailed && !e.Counts():
		return false
	case e.Kind == BlockFailed:
		return true
	}
	return e.Status != Passed && e.Status != Pending && e.Status != XFailed
}

// Broken is the end of the test whose start is e, if the test could not end by itself.
// There is no further attempt.
func (e Event) Broken(message string) Event {
	e.Kind, e.Time, e.Status, e.Last = TestFinished, 0, Error, e.Attempt > 0
	e.Problems = []Problem{{Message: message}}
	return e
}

// Flaky reports whether a test passed, but not on the first attempt.
func (e Event) Flaky() bool { return e.Counts() && e.Status == Passed && e.Attempt > 1 }

// FullName is the names of the blocks around a test, and its own name.
func (e Event) FullName() string { return strings.Join(e.Path, " ") }

// Key identifies a test in its file, unless two tests have the same name and the same
// line. It does not change when the event is sent as JSON, which cannot represent bytes
// that are not text.
func (e Event) Key() string {
	path := strings.Join(e.Path, "\x00")
	if !utf8.ValidString(path) {
		path = string([]rune(path))
	}
	return fmt.Sprintf("%d:%s", e.Line, path)
}
