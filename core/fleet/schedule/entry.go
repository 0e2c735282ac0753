package schedule

import (
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// The kinds of entries, and the fields that they have besides Kind and Time.
const (
	Seen      = "seen"      // a host has started, has come back, or has other equipment: Host, Incarnation, Inventory
	Gone      = "gone"      // a host was lost: Host, Incarnation, Reason. Its jobs were returned before
	Forgotten = "forgotten" // a lost host never comes back: Host, By, Reason
	Drained   = "drained"   // Host, Off, By, Reason
	PutAside  = "putaside"  // a piece: Host, Piece, Off, By, Reason
	Limited   = "limited"   // a quota: User, Cores, By
	Submitted = "submitted" // a part of a run: Submit, with User set
	Cancelled = "cancelled" // a run: Run, By, Reason. Jobs that do not run are finished as wire.Stopped
	Dropped   = "dropped"   // a run that is over, or was never submitted completely, is forgotten: Run
	Assign    = "assign"    // a claim: Run, Job, Host, Incarnation, Cores, Pieces, Around. Its place is the token
	Finish    = "finish"    // a job has its final outcome: Run, Job, Outcome; Host, Token and Lost if it had a claim
	Return    = "return"    // a claim has ended and its job waits again: Run, Job, Host, Token, Outcome, Lost
	Asked     = "asked"     // a job asks for, gives or frees what its run shares: Run, Job, Token, Ask
	LostValue = "lostvalue" // the process that made a shared value has ended: Run, Name, Token
)

// Entry is a decision in the ledger. The fields of each kind are listed there.
type Entry struct {
	Kind        string        `json:"k"`
	Time        float64       `json:"t"`
	Run         string        `json:"r,omitempty"`
	Job         int           `json:"j,omitempty"`
	Token       wire.Token    `json:"c,omitzero"`
	Host        string        `json:"h,omitempty"`
	Incarnation string        `json:"i,omitempty"`
	Cores       int           `json:"n,omitempty"`
	Pieces      []string      `json:"p,omitempty"` // for each wanted piece its key, or "" if it is made for the job
	Around      []string      `json:"a,omitempty"` // keys of the pieces of the same stack, which nobody else can use now
	Outcome     *wire.Outcome `json:"o,omitempty"`
	Submit      *wire.Submit  `json:"submit,omitempty"`
	Inventory   *Inventory    `json:"inventory,omitempty"`
	Lost        bool          `json:"lost,omitempty"` // the host has not sent this outcome
	Ask         *workers.Ask  `json:"ask,omitempty"`
	Name        string        `json:"name,omitempty"`
	Piece       string        `json:"piece,omitempty"`
	User        string        `json:"user,omitempty"`
	Off         bool          `json:"off,omitempty"`
	By          string        `json:"by,omitempty"`
	Reason      string        `json:"reason,omitempty"`
}

// Inventory is what a host has, as far as it seldom changes.
type Inventory struct {
	Cores   int          `json:"cores"`
	Memory  int64        `json:"memory"`
	Tags    []string     `json:"tags,omitempty"`
	Version string       `json:"version,omitempty"`
	Account string       `json:"account,omitempty"`
	Made    []string     `json:"made,omitempty"`
	Pieces  []wire.Piece `json:"pieces,omitempty"` // only Profile and Stack
}
