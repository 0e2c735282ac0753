package wire

import "runtime"

// Submission is a run with its code, as the program that plans it gives it to the program
// that talks to the hub: "avelab submit" reads it as the first line of its standard input.
// More lines follow, each a [Word]. The end of the input ends avelab, and not the run. Each
// line of its output is a [Line].
type Submission struct {
	Run  Run   `json:"run"` // without Code and Program, which are set from what follows
	Jobs []Job `json:"jobs"`

	Root    string   `json:"root,omitempty"`    // the directory that the code is in
	Files   []string `json:"files,omitempty"`   // of the code, relative to Root
	Program string   `json:"program,omitempty"` // path of the program that runs the tests; "" has each host use its own

	Artifacts string `json:"artifacts,omitempty"` // directory that artifacts are copied to; "" leaves them at the hub
	Detach    bool   `json:"detach,omitempty"`    // end as soon as the run is submitted
}

// Word is what a submitter says while its run is going on.
type Word struct {
	Cancel *Cancel `json:"cancel,omitempty"` // ends the run, with its teardown
}

// Line is what a submitter is told. One of the fields is set.
type Line struct {
	Note   *Note   `json:"note,omitempty"`
	Output *Said   `json:"output,omitempty"`
	Say    string  `json:"say,omitempty"`   // for people: that the contact to the hub is lost, or is back
	Error  string  `json:"error,omitempty"` // why nothing more will come
	Code   string  `json:"code,omitempty"`  // of the error, such as CodeUnmet
	Kept   []Saved `json:"kept,omitempty"`  // artifacts of an Output that were copied; comes before it
}

// Said is an output of a job, with the claim that it belongs to.
type Said struct {
	Host  string `json:"host"`
	Job   int    `json:"job"`
	Token Token  `json:"token"`
	Output
}

// Saved is an artifact of a job that was copied to this machine.
type Saved struct {
	Token Token  `json:"token"` // of the claim
	Path  string `json:"path"`  // as events name it
	Kind  string `json:"kind,omitempty"`
	Local string `json:"local,omitempty"` // the copy: a file or a directory
	Error string `json:"error,omitempty"` // why there is none
}

// ArtifactCoverage is the kind of an artifact that has what was counted of the coverage: a
// directory with files of core/coverage.
const ArtifactCoverage = "coverage"

// HoldContact is how long, in seconds, a host keeps the equipment of a [Hold] without an
// answer from the client that has it, besides the patience of the hub ([Answer]): a client of
// a cluster may have to find another hub. The host sends a request to the inbox of the run every
// second: first the [Leases], until they were answered, and then [HoldBeat]. The client
// answers each with [HoldBeat]. A client that has ended does not answer, and the host ends
// the job.
const HoldContact = 4.0

// HoldBeat is the question of a host whether the client of a [Hold] is still there, and the
// answer of the client.
const HoldBeat = "{}"

// ArchTag is the tag of hosts that can execute a program that was built as this one.
func ArchTag() string { return "arch=" + runtime.GOARCH }

// HoldOrder is what somebody wants who holds equipment: "avelab hold" reads it as the first
// line of its standard input. It says one [Leases] on its standard output: the equipment, or
// why there is none. It keeps the equipment until its input ends.
type HoldOrder struct {
	Needs  []Want  `json:"needs"`
	Wait   float64 `json:"wait,omitempty"`   // seconds, at most; 0 is without limit
	Reason string  `json:"reason,omitempty"` // for people
}
