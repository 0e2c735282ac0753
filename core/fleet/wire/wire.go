// Package wire defines what the parts of a fleet say to each other: users, hosts, and the
// hub with its scheduler. It has only the types and the names of subjects, so a program
// that sends or reads them does not have to know the transport.
//
//	user  --submit, cancel-->  hub  --Order-->  host
//	user  <---Note, Output---  hub  <--Beat, Result, Output--  host
//
// A [Run] consists of jobs. The scheduler gives a job to a host with a [Token]; only the
// result that has this token counts. What the scheduler decides becomes a [Note], and what
// a job says becomes an [Output]; both are kept in one stream for each run, in order, so
// that a user can leave and come back.
package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"avescript/core/profile"
)

// Token identifies one claim: a job that was given to a host, with its equipment. Tokens
// are ordered: a claim that was made later has a higher token. It is the place of the claim
// in the ledger, so no token is used twice. As text it is "SEQ.INDEX".
type Token struct {
	Seq   uint64 // of the message in the ledger
	Index uint32 // of the entry in the message
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// Less reports whether t was made before u.
func (t Token) Less(u Token) bool { return t.Seq < u.Seq || t.Seq == u.Seq && t.Index < u.Index }

// String is the token as text.
func (t Token) String() string { return fmt.Sprintf("%d.%d", t.Seq, t.Index) }

// MarshalText implements encoding.TextMarshaler.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Token) UnmarshalText(text []byte) (err error) {
	*t, err = ParseToken(string(text))
	return err
}

// ParseToken reads a token from text.
func ParseToken(text string) (t Token, err error) {
	seq, index, _ := strings.Cut(text, ".")
	t.Seq, err = strconv.ParseUint(seq, 10, 64)
	if err == nil {
		var i uint64
		i, err = strconv.ParseUint(index, 10, 32)
		t.Index = uint32(i)
	}
	if err != nil {
		return Token{}, fmt.Errorf("wanted a token such as 12.0, got %q", text)
	}
	return t, nil
}

// Want is a piece of equipment that a job needs.
type Want struct {
	Name    string          `json:"name"` // by which the test asks for it
	Profile profile.Profile `json:"profile"`
}

// Needs are what a job needs, all of it on one host and at the same time.
type Needs struct {
	Equipment []Want   `json:"equipment,omitempty"`
	Tags      []string `json:"tags,omitempty"`      // of the host, such as "os=debian12"
	Cores     int      `json:"cores,omitempty"`     // 0 means 1
	Memory    int64    `json:"memory,omitempty"`    // bytes; 0 means no need
	Exclusive bool     `json:"exclusive,omitempty"` // no other job on the host
}

// Job is a part of a run that one host works on: a test file, or some blocks of it.
type Job struct {
	Name    string          `json:"name"`              // for people: the file, or FILE:LINE
	Work    json.RawMessage `json:"work,omitempty"`    // what the host does, as workers.Job
	Needs   Needs           `json:"needs,omitzero"`    //
	Seconds float64         `json:"seconds,omitempty"` // how long it took in the past; 0 if unknown
}

// The kinds of runs.
const (
	Tests = "tests" // jobs run test files
	Hold  = "hold"  // the only job keeps its equipment for a client, until the run is cancelled
)

// Run is what a user submits.
type Run struct {
	ID       string          `json:"id"`                 // chosen by the submitter, see [NewRunID]
	Kind     string          `json:"kind"`               // Tests or Hold
	User     string          `json:"user,omitempty"`     // set by the hub: the account that has submitted it
	Title    string          `json:"title,omitempty"`    // for people
	Priority int             `json:"priority,omitempty"` // higher is earlier; 0 is usual
	Code     string          `json:"code,omitempty"`     // SHA-256 of the bundle with the tests
	Program  string          `json:"program,omitempty"`  // SHA-256 of the program avescript that runs them
	Version  string          `json:"version,omitempty"`  // of that program, for people
	Setup    json.RawMessage `json:"setup,omitempty"`    // how tests run: the options of the suite
	Inbox    string          `json:"inbox,omitempty"`    // where a Hold sends its leases
	Patience float64         `json:"patience,omitempty"` // seconds to wait for equipment that no host has now; 0: refuse
	Measure  bool            `json:"measure,omitempty"`  // coverage comes back as an artifact
	Coverage json.RawMessage `json:"coverage,omitempty"` // which files are measured: a coverage.Choice without a root
}

// MostDeaths is how often a job may be lost together with its host or its process before it
// is set aside.
const MostDeaths = 3

// The outcomes of a job.
const (
	Done     = "done"    // it has run to its end; Passed says whether all tests passed
	Busy     = "busy"    // the broker of the host has leased a piece to somebody else, or the host is stopped: try elsewhere
	Broken   = "broken"  // the host could not start it, for example because its code is damaged
	Died     = "died"    // its process died, or was ended because it did not answer
	Lost     = "lost"    // the host was lost; only the scheduler says so
	SetAside = "aside"   // it died or was lost MostDeaths times; only the scheduler says so
	Stopped  = "stopped" // it was cancelled
	Refused  = "refused" // no host can ever meet its needs; only the scheduler says so
)

// Outcome is how a job has ended.
type Outcome struct {
	Status  string   `json:"status"`
	Passed  bool     `json:"passed,omitempty"`
	Message string   `json:"message,omitempty"` // what went wrong, for people
	Seconds float64  `json:"seconds,omitempty"` // how long it ran
	Busy    []string `json:"busy,omitempty"`    // keys of the pieces that somebody else has
	Missing string   `json:"missing,omitempty"` // SHA-256 of code or a program that is damaged or missing: send it again
}
