package wire

import (
	"encoding/json"

	"avescript/core/harness/workers"
)

// The verbs of requests to the leader. A request is repeated until it is answered, so each
// of them can come more than once and has its effect once. The answer comes after the
// effect is on the disk.
const (
	VerbSubmit = "submit" // by a user: Submit
	VerbCancel = "cancel" // by a user: Cancel
	VerbLab    = "lab"    // by anybody: nothing; the answer has a Lab
	VerbDrain  = "drain"  // by an administrator: Drain
	VerbAside  = "aside"  // by an administrator: Aside
	VerbForget = "forget" // by an administrator: Drain, of a host that never comes back
	VerbQuota  = "quota"  // by an administrator: Quota
	VerbInvite = "invite" // by an administrator: Invite
	VerbRevoke = "revoke" // by an administrator: Revoke
	VerbJoin   = "join"   // by a stranger with an invitation: Join
	VerbBackup = "backup" // by an administrator: nothing; the answer has the ledger's snapshot
	VerbBeat   = "beat"   // by a host: Beat
	VerbResult = "result" // by a host: Result
	VerbAsk    = "ask"    // by a host: Ask
)

// Submit adds jobs to a run. A run with many jobs is submitted in parts: the first part has
// First 0, and the last one has Last. Nothing of it starts before the last part.
type Submit struct {
	Run   Run   `json:"run"`
	First int   `json:"first"` // the index of Jobs[0]
	Jobs  []Job `json:"jobs"`
	Last  bool  `json:"last"`
}

// Cancel ends a run. A user can cancel own runs, an administrator all.
type Cancel struct {
	Run    string `json:"run"`
	Reason string `json:"reason,omitempty"`
}

// Drain stops giving jobs to a host, or starts again.
type Drain struct {
	Host   string `json:"host"`
	Off    bool   `json:"off,omitempty"` // give it jobs again
	Reason string `json:"reason,omitempty"`
}

// Aside takes a piece of equipment out of use, or puts it back.
type Aside struct {
	Host   string `json:"host"`
	Piece  string `json:"piece"` // the key of its profile, or a part that only one piece has
	Off    bool   `json:"off,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Quota limits how many cores the running jobs of a user may use.
type Quota struct {
	User  string `json:"user"`
	Cores int    `json:"cores"` // 0 is without limit
}

// Invite asks for an invitation, which lets somebody join once.
type Invite struct {
	Role    string  `json:"role"`              // Worker, User, Viewer or Admin
	Name    string  `json:"name,omitempty"`    // of the host or the user; "" lets it choose
	Seconds float64 `json:"seconds,omitempty"` // how long it is valid; 0 is an hour
}

// Revoke takes the key of somebody away.
type Revoke struct {
	Role string `json:"role"`
	Name string `json:"name"`
}

// Join asks for a role with an invitation. The connection has proven that it knows it.
type Join struct {
	Name string `json:"name,omitempty"` // that it wants; "" is Host or User, as the role is
	Host string `json:"host,omitempty"` // the name of its host
	User string `json:"user,omitempty"` // the name of its account
	Key  string `json:"key"`            // its public key
}

// Result says how a job ended. All output of the job was written before.
type Result struct {
	Run     string  `json:"run"`
	Job     int     `json:"job"`
	Token   Token   `json:"token"`
	Outcome Outcome `json:"outcome"`
}

// Ask is a question of a job about what the jobs of a run share: see workers.Ask. If the
// answer has Wait, the final answer follows as an [Order].
type Ask struct {
	Run   string      `json:"run"`
	Job   int         `json:"job"`
	Token Token       `json:"token"`
	Ask   workers.Ask `json:"ask"`
}

// Answer is what the leader answers to every request.
type Answer struct {
	Error   string          `json:"error,omitempty"` // why nothing was done
	Code    string          `json:"code,omitempty"`  // what kind of error, see below
	Lab     *Lab            `json:"lab,omitempty"`
	Invited string          `json:"invited,omitempty"` // the invitation's secret
	Name    string          `json:"name,omitempty"`    // of who has joined
	Role    string          `json:"role,omitempty"`    // likewise
	Asked   *workers.Answer `json:"asked,omitempty"`
	Backup  json.RawMessage `json:"backup,omitempty"`

	// Patience is in the answer to a heartbeat: for so many seconds, the host needs no
	// further contact, and neither does a client for which it holds equipment.
	Patience float64 `json:"patience,omitempty"`
}

// The codes of errors.
const (
	CodeRefused  = "refused"  // what was asked for makes no sense or is not allowed: do not repeat it
	CodeUnmet    = "unmet"    // no host can meet the needs
	CodeBusy     = "busy"     // others have the equipment, and the time to wait is over: only of a Hold
	CodeStale    = "stale"    // the token is not that of the current claim: end the job
	CodeRetry    = "retry"    // the leader could not write: repeat the request
	CodeFull     = "full"     // the disk of the hub is full: repeat it later
	CodeUnknown  = "unknown"  // there is no such run, host or piece
	CodeNoLeader = "noleader" // this hub does not lead now: repeat the request
)
