package wire

// The kinds of notes.
const (
	NoteSubmitted = "submitted" // the run, with Jobs
	NoteStarted   = "started"   // a job was given to a host
	NoteReturned  = "returned"  // a job goes back into the queue: Outcome says why; Outcome.Busy does not count as an attempt
	NoteFinished  = "finished"  // a job has its final outcome
	NoteCancelled = "cancelled" // the run: jobs that run are stopped, and others do not start
	NoteOver      = "over"      // the run: all jobs have their outcome
)

// Note is a decision of the scheduler about a run. Notes can come twice; Token, which is
// their place in the ledger, tells.
type Note struct {
	Place   Token    `json:"place"` // of the entry
	Time    float64  `json:"time"`  // seconds since the epoch
	Kind    string   `json:"kind"`
	Run     string   `json:"run"`
	Jobs    int      `json:"jobs,omitempty"` // how many the run has
	Job     int      `json:"job"`            // the index of the job
	Name    string   `json:"name,omitempty"` // of the job
	Token   Token    `json:"token,omitzero"` // of the claim
	Host    string   `json:"host,omitempty"`
	Attempt int      `json:"attempt,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"`
	By      string   `json:"by,omitempty"`     // who cancelled
	User    string   `json:"user,omitempty"`   // of the run, when it is submitted or a job starts
	Title   string   `json:"title,omitempty"`  // of the run, when it is submitted
	Pieces  []string `json:"pieces,omitempty"` // keys of the profiles of the claim, when it starts
	Reason  string   `json:"reason,omitempty"`
}

// Notes are the content of a message on [NoteSubject]: the notes about one run that one
// message of the ledger has led to, in order. They are sent together because each message
// in the stream costs a write to the disk.
type Notes []Note

// Lab is a view of everything, for people and for the page.
type Lab struct {
	Time   float64    `json:"time"`           // seconds since the epoch
	Hub    string     `json:"hub"`            // name of the host that leads
	Hubs   []LabHub   `json:"hubs,omitempty"` // of a cluster
	Seq    uint64     `json:"seq"`            // of the ledger
	Hosts  []LabHost  `json:"hosts"`
	Pieces []LabPiece `json:"equipment"`
	Queue  []LabWait  `json:"queue"`
	Runs   []LabRun   `json:"runs"`
	Users  []LabUser  `json:"users"`
	Done   uint64     `json:"done"` // jobs that have finished since the lab exists
}

// LabHub is a hub of a cluster in the view.
type LabHub struct {
	Name  string `json:"name"` // HOST:PORT
	Leads bool   `json:"leads,omitempty"`
	Away  bool   `json:"away,omitempty"` // the one that leads cannot reach it
}

// LabHost is a host in the view.
type LabHost struct {
	Name    string   `json:"name"`
	State   string   `json:"state"` // up, silent, lost, draining, leaving
	Since   float64  `json:"since"` // of the state
	Cores   int      `json:"cores"`
	Used    int      `json:"used"` // cores of running jobs
	Memory  int64    `json:"memory"`
	Free    int64    `json:"free"`
	Load    float64  `json:"load"`
	Tags    []string `json:"tags,omitempty"`
	Version string   `json:"version,omitempty"`
	Account string   `json:"account,omitempty"`
	Broker  string   `json:"broker,omitempty"` // what is wrong with it
	Reason  string   `json:"reason,omitempty"` // of draining
	Jobs    []LabJob `json:"jobs,omitempty"`
}

// LabJob is a running job in the view.
type LabJob struct {
	Run     string  `json:"run"`
	Index   int     `json:"index"`
	Name    string  `json:"name"`
	User    string  `json:"user"`
	Test    string  `json:"test,omitempty"`
	Since   float64 `json:"since"`
	Until   float64 `json:"until,omitempty"` // about when it ends, by recorded time; 0 if unknown
	Attempt int     `json:"attempt"`
	Token   Token   `json:"token"`
	Host    string  `json:"host"`
}

// LabPiece is a piece of equipment in the view.
type LabPiece struct {
	Host string `json:"host"`
	Piece
	State  string  `json:"state"`         // free, held (by a job), taken (by others), aside, away (its host is lost)
	Run    string  `json:"run,omitempty"` // that holds it
	Job    string  `json:"job,omitempty"` // its name
	User   string  `json:"user,omitempty"`
	Since  float64 `json:"since,omitempty"`
	Until  float64 `json:"until,omitempty"` // about when it is free; 0 if unknown
	Reason string  `json:"reason,omitempty"`
}

// LabWait is a group of waiting jobs of a run with the same needs.
type LabWait struct {
	Run   string  `json:"run"`
	User  string  `json:"user"`
	Jobs  int     `json:"jobs"`
	First string  `json:"first"` // name of the first
	Needs Needs   `json:"needs,omitzero"`
	Since float64 `json:"since"`
	Why   string  `json:"why"` // "2 relays on one host: lab-3 busy until about 14:20"
}

// LabRun is a run in the view.
type LabRun struct {
	Run       string  `json:"run"`
	Kind      string  `json:"kind"`
	Title     string  `json:"title,omitempty"`
	User      string  `json:"user"`
	State     string  `json:"state"` // waiting, running, passed, failed, cancelled
	Submitted float64 `json:"submitted"`
	Ended     float64 `json:"ended,omitempty"`
	Jobs      int     `json:"jobs"`
	Running   int     `json:"running"`
	Done      int     `json:"done"`
	Bad       int     `json:"bad"`              // jobs among Done that have not passed
	Deaths    int     `json:"deaths,omitempty"` // attempts that were lost
	Priority  int     `json:"priority,omitempty"`
}

// LabUser is a user in the view.
type LabUser struct {
	Name    string `json:"name"`
	Running int    `json:"running"`         // cores of running jobs
	Waiting int    `json:"waiting"`         // jobs
	Quota   int    `json:"quota,omitempty"` // cores; 0 is without limit
}
