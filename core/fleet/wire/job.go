package wire

import (
	"encoding/json"
	"time"

	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// JobOrder is what a host tells the process of a job, "avescript test-job", as a line of
// JSON on its standard input. Each has the Contact and one of the other fields. The first
// order has the Job, and another one follows at least every [JobPing] seconds. A process
// whose contact is older than [JobFenceAfter] ends, with everything that it has started;
// when its input ends, it does so at once.
type JobOrder struct {
	Contact time.Duration `json:"contact"` // when the host had contact to the hub, by process.SinceBoot

	Job    *JobSpec        `json:"job,omitempty"`
	Ping   bool            `json:"ping,omitempty"`
	Answer *workers.Answer `json:"answer,omitempty"` // to its last question
	Stop   *JobStop        `json:"stop,omitempty"`
	Over   bool            `json:"over,omitempty"` // nobody needs any more what it shares
}

// The clock of a job's process, in seconds. It answers each ping. It ends later than its
// host would end it, and early enough before [LostAfter] to end everything below it.
const (
	JobPing       = 0.3 // between two orders
	JobFenceAfter = 2.0
)

// JobFenced is the exit status of a job's process that has lost its host.
const JobFenced = 70

// JobSpec is a job for a process. Its working directory is that of the tests.
type JobSpec struct {
	Setup     json.RawMessage `json:"setup"`            // the options of the suite
	Work      json.RawMessage `json:"work"`             // a workers.Job
	Leases    *Leases         `json:"leases,omitempty"` // the equipment of the job
	Temp      string          `json:"temp,omitempty"`   // directory for temporary files, of this job alone
	Directory string          `json:"directory"`        // for recordings, workspaces, coverage
	Coverage  json.RawMessage `json:"coverage,omitempty"`
}

// JobStop ends a job, with its teardown.
type JobStop struct {
	Reason string `json:"reason"`
	AtOnce bool   `json:"at_once,omitempty"` // without teardown
}

// The directories of a job, in its Directory.
const (
	JobRecordings = "recordings"
	JobWorkspaces = "workspaces"
	JobCoverage   = "coverage"
)

// JobWord is what the process of a job says, as a line of JSON on its standard output. One
// of the fields is set. A process that has said Done ends, unless it has said Kept: then it
// stays until Over, for what others use.
type JobWord struct {
	Event *harness.Event `json:"event,omitempty"` // of tests, not of the file or the run
	Ask   *workers.Ask   `json:"ask,omitempty"`
	Pong  bool           `json:"pong,omitempty"` // answers a ping
	Done  *JobDone       `json:"done,omitempty"`
}

// JobDone is the end of a job.
type JobDone struct {
	Passed bool   `json:"passed"`
	Kept   bool   `json:"kept,omitempty"`  // it has made a value that others may still use
	Error  string `json:"error,omitempty"` // why it did not run to its end
}
