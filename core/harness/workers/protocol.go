package workers

import (
	"encoding/json"

	"avescript/core/harness"
)

// What joins the two sides are descriptors of the worker. Over the socket the
// parent gives orders, as lines of JSON. The worker's words, lines of JSON too, go
// into the journal, a file in memory: so nothing is lost that a worker has said
// before it died, and the parent can read many at a time. A bell over the socket
// tells it that there is something to read.
const (
	linkFD    = 3
	journalFD = 4
	bell      = '\n'
)

// Job is a test file that a worker is to run.
type Job struct {
	File string `json:"file"`
	// Skip are the keys of tests that have run already, each as often as
	// it has, and of blocks: a worker died over the file, and this one goes
	// on.
	Skip []string `json:"skip,omitempty"`
	// Only are the full names of the tests to run; empty for all.
	Only []string `json:"only,omitempty"`
	// Lines are where the tests to run are; empty for everywhere.
	Lines []int `json:"lines,omitempty"`
}

// IsWhole tells whether all tests of the file run.
func (j Job) IsWhole() bool { return len(j.Skip) == 0 && len(j.Only) == 0 && len(j.Lines) == 0 }

// order is what a worker is told: a job, the answer to what it has asked, to say
// something, or to end what it is at and why.
type order struct {
	Setup  json.RawMessage `json:"setup,omitempty"` // the first order alone
	Job    *Job            `json:"job,omitempty"`
	Answer *Answer         `json:"answer,omitempty"`
	Ping   bool            `json:"ping,omitempty"`
	Stop   string          `json:"stop,omitempty"`
}

// word is what a worker says; an empty one answers a ping.
type word struct {
	Event *harness.Event    `json:"event,omitempty"`
	Told  int64             `json:"told,omitempty"`  // how much of its output has been in events
	Block *harness.Event    `json:"block,omitempty"` // it is in now, by its path and line
	Kept  *harness.Artifact `json:"kept,omitempty"`  // by the test that is running
	Done  bool              `json:"done,omitempty"`  // with the job
	Gone  bool              `json:"gone,omitempty"`  // it ends, having said all there is to say
	Ask   *Ask              `json:"ask,omitempty"`
}

// The verbs of an Ask. Only Shared and Lock are answered: a worker asks one
// question at a time.
const (
	Shared = "shared" // for the value of a name
	Made   = "made"   // here is the value that it was asked to make
	Lock   = "lock"   // for a name, until Unlock or its death
	Unlock = "unlock"
	Forget = "forget" // the last question; if it has been answered, what came of it
)

// Ask is what concerns the other workers.
type Ask struct {
	ID     int             `json:"id,omitempty"` // of a question
	Verb   string          `json:"verb"`
	Name   string          `json:"name"`
	Value  json.RawMessage `json:"value,omitempty"`
	Failed string          `json:"failed,omitempty"` // why there is no value
}

// Answer is the parent's.
type Answer struct {
	ID     int             `json:"id"`              // of the question
	Wait   string          `json:"wait,omitempty"`  // this is none yet, and why
	Yours  bool            `json:"yours,omitempty"` // the name, or the value to make
	Value  json.RawMessage `json:"value,omitempty"`
	Failed string          `json:"failed,omitempty"`
}
