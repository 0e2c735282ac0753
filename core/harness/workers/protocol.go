package workers

import (
	"encoding/json"

	"avescript/core/harness"
)

// The two sides are connected by descriptors of the worker. The parent sends orders
// through the socket, as lines of JSON. The worker writes its reports, also lines of
// JSON, to the journal, a file in memory: so nothing is lost if the worker dies, and
// the parent can read many at a time. A bell through the socket tells the parent that
// there is something to read.
const (
	linkFD     = 3
	journalFD  = 4
	terminalFD = 5 // if there is a terminal to lend
	bell       = '\n'
)

// Job is a test file for a worker.
type Job struct {
	File string `json:"file"`
	// Skip are the keys of blocks and of tests that have run already, repeated as often
	// as they ran: a worker died in the file, and this one continues.
	Skip []string `json:"skip,omitempty"`
	// Only are the full names of the tests to run; empty for all.
	Only []string `json:"only,omitempty"`
	// Lines are where the tests to run are; empty for everywhere.
	Lines []int `json:"lines,omitempty"`
}

// IsWhole reports whether all tests of the file run.
func (j Job) IsWhole() bool { return len(j.Skip) == 0 && len(j.Only) == 0 && len(j.Lines) == 0 }

// order is what the parent tells a worker: a job, an answer, a ping, or to stop and
// why.
type order struct {
	Setup  json.RawMessage `json:"setup,omitempty"` // only in the first order
	Lends  bool            `json:"lends,omitempty"` // likewise: there is a terminal
	Job    *Job            `json:"job,omitempty"`
	Answer *Answer         `json:"answer,omitempty"`
	Ping   bool            `json:"ping,omitempty"`
	Stop   *End            `json:"stop,omitempty"`
	Still  *bool           `json:"still,omitempty"` // whether the limits of time stand still
}

// word is what a worker reports; an empty one answers a ping.
type word struct {
	Event *harness.Event    `json:"event,omitempty"`
	Told  int64             `json:"told,omitempty"`  // how much of its output was part of events
	Block *harness.Event    `json:"block,omitempty"` // the block that it is in, by path and line
	Kept  *harness.Artifact `json:"kept,omitempty"`  // an artifact of the running test
	Done  bool              `json:"done,omitempty"`  // the job is done
	Gone  bool              `json:"gone,omitempty"`  // it ends, and has nothing more to report
	Ask   *Ask              `json:"ask,omitempty"`
}

// The verbs of an Ask. Only Shared, Lock and Hold are answered: a worker asks one question at
// a time.
const (
	Shared = "shared" // ask for the value of a name
	Made   = "made"   // here is the value that the worker was asked to make
	Lock   = "lock"   // ask for a name, until Unlock or the worker's death
	Unlock = "unlock"
	Hold   = "hold" // for the terminal, until Resume or its death: a test is held
	Resume = "resume"
	Quit   = "quit"   // somebody at the terminal wants the run to end
	Forget = "forget" // forget the last question, and undo its result if it was answered
	Lose   = "lose"   // only to a Board: the value of a name is gone with the worker that has made it or was making it
)

// Ask is a question or a message about what workers share.
type Ask struct {
	ID     int             `json:"id,omitempty"` // of the question
	Verb   string          `json:"verb"`
	Name   string          `json:"name"`
	Value  json.RawMessage `json:"value,omitempty"`
	Failed string          `json:"failed,omitempty"` // why there is no value
}

// Answer is the parent's answer.
type Answer struct {
	ID     int             `json:"id"`              // of the question
	Wait   string          `json:"wait,omitempty"`  // not an answer yet, and why
	Yours  bool            `json:"yours,omitempty"` // the worker has the name, or has to make the value
	Value  json.RawMessage `json:"value,omitempty"`
	Failed string          `json:"failed,omitempty"`
}
