package wire

import (
	"encoding/json"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/profile"
)

// The clocks of a fleet, in seconds. All of them are monotonic clocks of one process.
const (
	BeatInterval  = 0.5 // between two heartbeats of a host
	FenceAfter    = 1.5 // a host without contact ends its jobs, with all their processes
	LostAfter     = 3.0 // the leader gives the jobs of a silent host to others
	LeaseContact  = 1.5 // a broker ends the leases of a fleet host that does not renew them
	TakeoverGrace = 3.5 // a new leader judges no host before
)

// Beat is a host's heartbeat. The answer to it is the host's contact.
type Beat struct {
	Host        string    `json:"host"`
	Incarnation string    `json:"incarnation"` // of its process: a new one for each start
	Cores       int       `json:"cores"`
	Memory      int64     `json:"memory"` // bytes
	Tags        []string  `json:"tags,omitempty"`
	Version     string    `json:"version,omitempty"`
	Account     string    `json:"account,omitempty"` // that jobs run as
	Load        float64   `json:"load"`              // processes that want to run, the mean of a minute
	Free        int64     `json:"free"`              // bytes of memory
	Disk        int64     `json:"disk"`              // free bytes for code and artifacts
	Made        []string  `json:"made,omitempty"`    // types that its broker makes for each request, such as "workspace"
	Pieces      []Piece   `json:"pieces,omitempty"`  // equipment of its broker
	Broker      string    `json:"broker,omitempty"`  // what is wrong with the broker; "" if nothing is, or there is none
	Jobs        []Running `json:"jobs,omitempty"`
	Leaving     bool      `json:"leaving,omitempty"` // wants no more jobs, and ends when it has none
	Highest     Token     `json:"highest,omitzero"`  // that the host or its broker has ever known
}

// Piece is a piece of equipment of a host's broker. Its key, [profile.Profile.Key], is
// unique on the host.
type Piece struct {
	Profile profile.Profile `json:"profile"`
	Stack   string          `json:"stack,omitempty"` // pieces of a stack are leased together
	State   string          `json:"state,omitempty"` // "" is free; leased, closing, collateral, waiting: see docs/broker.md
	Token   Token           `json:"token,omitzero"`  // of the fleet's lease; zero if the lease is not the fleet's
	Holder  string          `json:"holder,omitempty"`
	Since   float64         `json:"since,omitempty"` // seconds since the epoch
	Reason  string          `json:"reason,omitempty"`
}

// Running is a job that a host has.
type Running struct {
	Run   string `json:"run"`
	Job   int    `json:"job"`
	Token Token  `json:"token"`
	Test  string `json:"test,omitempty"` // the full name of the running test
	Kept  bool   `json:"kept,omitempty"` // it has ended, but what it shares is still in use
}

// Order is what the leader tells a host. Each order can come more than once.
type Order struct {
	Start  *Start        `json:"start,omitempty"`
	Stop   *Stop         `json:"stop,omitempty"`
	Answer *SharedAnswer `json:"answer,omitempty"`
	Over   string        `json:"over,omitempty"` // a run that has ended: what its jobs share ends, too
}

// Start gives a job to a host.
type Start struct {
	Run     Run        `json:"run"`
	Index   int        `json:"index"`
	Job     Job        `json:"job"`
	Token   Token      `json:"token"`
	Attempt int        `json:"attempt"` // from 1
	Pieces  []Assigned `json:"pieces,omitempty"`
}

// Assigned is a piece for a need.
type Assigned struct {
	Name    string          `json:"name"`
	Profile profile.Profile `json:"profile"`        // of the piece, complete
	Made    bool            `json:"made,omitempty"` // it is made for the request
}

// Stop ends a job on a host, with its teardown.
type Stop struct {
	Run    string `json:"run"`
	Job    int    `json:"job"`
	Token  Token  `json:"token"`
	Reason string `json:"reason,omitempty"`
}

// SharedAnswer is the answer to an [Ask] that had to wait.
type SharedAnswer struct {
	Run    string         `json:"run"`
	Job    int            `json:"job"`
	Token  Token          `json:"token"`
	Answer workers.Answer `json:"answer"`
}

// Output is what a job has said, in the order of N.
type Output struct {
	N         int             `json:"n"` // from 0, within the claim
	Events    []harness.Event `json:"events,omitempty"`
	Log       string          `json:"log,omitempty"`    // what the host says about the job
	Screen    *Screen         `json:"screen,omitempty"` // of a running command
	Artifacts []Artifact      `json:"artifacts,omitempty"`
}

// Screen is a part of a terminal recording of a running test, as lines of asciicast.
type Screen struct {
	Test string `json:"test"`
	Name string `json:"name"`
	Cast string `json:"cast"`
}

// Artifact is a file of a job that is kept in the object store.
type Artifact struct {
	Path   string `json:"path"`             // on the host, as events name it
	Object string `json:"object"`           // in the store
	Digest string `json:"digest,omitempty"` // SHA-256 of the object, as the store writes it: other hosts may write to the store, too
	Tar    bool   `json:"tar,omitempty"`    // it is a directory, as a tar archive with gzip
	Size   int64  `json:"size"`
	Kind   string `json:"kind,omitempty"` // ArtifactCoverage; "" for artifacts of events
}

// Leases are what a host sends to the inbox of a Hold when it has the equipment, and a
// job's process gets when it starts.
type Leases struct {
	Token  Token   `json:"token"`
	Host   string  `json:"host"`
	Leases []Lease `json:"leases"`
	Error  string  `json:"error,omitempty"` // why there are none
	Code   string  `json:"code,omitempty"`  // of the error: CodeUnmet, CodeBusy, or ""
}

// Lease is a leased piece, with the session that serves it: see ave.broker.
type Lease struct {
	Name     string          `json:"name"`
	Profile  profile.Profile `json:"profile"`
	Lease    json.RawMessage `json:"lease"`              // its number at the broker
	Address  string          `json:"address,omitempty"`  // host of the session
	Port     int             `json:"port,omitempty"`     // 0 if no resource class serves it
	Key      string          `json:"key,omitempty"`      // of the session
	Resource string          `json:"resource,omitempty"` // its name in the session
}
