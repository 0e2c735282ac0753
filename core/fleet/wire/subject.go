package wire

import (
	"crypto/rand"
	"fmt"
	"time"
)

// The roles. The role and the name of a connection are part of the subjects that it may use,
// so the leader knows who has sent a request.
const (
	Hub    = "hub"    // the scheduler: may do everything
	Worker = "worker" // a host
	User   = "user"   // may submit, and cancel own runs
	Viewer = "viewer" // may look
	Admin  = "admin"  // a user who may also drain, set aside, invite and cancel all
	Guest  = "guest"  // has an invitation: may only join
)

// The streams and stores.
const (
	LedgerStream  = "LEDGER"
	OutputStream  = "OUTPUT"
	CodeStore     = "code"      // bundles and programs, by SHA-256
	ArtifactStore = "artifacts" // by RUN/JOB/TOKEN/NUMBER
	SnapshotStore = "snapshots" // of the ledger
	LeaderBucket  = "leader"
	KeyBucket     = "keys" // of everybody in the lab: only in a cluster of hubs
)

// The subjects. Names in them are checked by [CheckName].
const (
	LedgerSubject = "fleet.ledger"
	RequestAll    = "fleet.request.>"
	OutputAll     = "fleet.output.>"
	NoteAll       = "fleet.note.>"
)

// RequestSubject is where somebody sends a request: "fleet.request.ROLE.NAME.VERB".
func RequestSubject(role, name, verb string) string {
	return fmt.Sprintf("fleet.request.%s.%s.%s", role, name, verb)
}

// OrderSubject is where a host gets its orders.
func OrderSubject(host, incarnation string) string { return "fleet.order." + host + "." + incarnation }

// NoteSubject is that of the notes about a run.
func NoteSubject(run string) string { return "fleet.note." + run }

// OutputSubject is that of what a job says: "fleet.output.HOST.RUN.JOB.SEQ.INDEX".
func OutputSubject(host, run string, job int, token Token) string {
	return fmt.Sprintf("fleet.output.%s.%s.%d.%s", host, run, job, token)
}

// RunSubjects are those of everything about a run in [OutputStream].
func RunSubjects(run string) []string {
	return []string{NoteSubject(run), "fleet.output.*." + run + ".>"}
}

// InboxPrefix is that of the answers that somebody gets; nobody else may read them. A host
// may publish there, because it sends the leases of a Hold: see Run.Inbox.
func InboxPrefix(role, name string) string { return "_INBOX." + role + "." + name }

// CheckName checks the name of a host or a user: it is part of subjects.
func CheckName(name string) error {
	if !isName(name) {
		return fmt.Errorf("wanted a name of at most 63 letters, digits, '-' and '_', got %q", name)
	}
	return nil
}

const longestName = 63

// isName is written without a regular expression, which would be compiled at every start of
// avescript.
func isName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '-' || c == '_'):
		default:
			return false
		}
	}
	return name != "" && len(name) <= longestName
}

// NewRunID makes the ID of a run: IDs that are made later sort after it.
func NewRunID() string {
	return time.Now().UTC().Format("060102-150405-") + rand.Text()[:6]
}
