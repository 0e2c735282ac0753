package schedule

import (
	"encoding/json"
	"iter"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// State is the meaning of a ledger. It must not be used by two goroutines at a time.
type State struct{}

// New is the state of an empty ledger.
func New() *State { return &State{} }

// Apply folds entries of the message seq of the ledger. The index of entries[i] in the
// message is first+i, so a message can be folded in parts. The notes are in order. What
// makes a note unique is its Place, Kind and Job: an entry can have several notes, for
// example that the last job is finished and that the run is over.
func (s *State) Apply(seq uint64, first uint32, entries []Entry) []wire.Note { panic("todo") }

// Orders returns what hosts have to be told because of the entries that were applied since
// the last call: jobs that start or stop, answers, and runs that are over. Send them when
// the entries are on the disk. They may get lost: Reconcile repeats them.
func (s *State) Orders() []Outgoing { panic("todo") }

// Outgoing is an order to an incarnation of a host.
type Outgoing struct {
	Host        string
	Incarnation string
	Order       wire.Order
}

// Reconcile returns the orders that a host seems to have missed, by its heartbeat: jobs that
// it does not have are started again, jobs that it should not have are stopped. Call it
// after the entries of Seen were applied.
func (s *State) Reconcile(b wire.Beat, now float64) []wire.Order { panic("todo") }

// Snapshot is the whole state as JSON; Restore reads it. The place in the ledger is kept by
// the caller.
func (s *State) Snapshot() (json.RawMessage, error) { panic("todo") }

// Restore makes a state from a snapshot.
func Restore(snapshot []byte) (*State, error) { panic("todo") }

// Submit adds a part of a run. Parts that are known already need no entry. The first part
// that has needs which no host can meet is refused with wire.CodeUnmet; nothing of the run
// starts then.
func (s *State) Submit(user string, m wire.Submit, now float64) ([]Entry, error) { panic("todo") }

// Cancel ends a run. Only its user and administrators may.
func (s *State) Cancel(user string, admin bool, m wire.Cancel, now float64) ([]Entry, error) {
	panic("todo")
}

// Result takes the result of a claim. An error with wire.CodeStale means that the claim has
// ended otherwise; the same result again is neither an entry nor an error.
func (s *State) Result(host string, r wire.Result, now float64) ([]Entry, error) { panic("todo") }

// Drain stops giving jobs to a host, or starts again.
func (s *State) Drain(by string, m wire.Drain, now float64) ([]Entry, error) { panic("todo") }

// Aside takes a piece out of use, or puts it back. A job that has it keeps it.
func (s *State) Aside(by string, m wire.Aside, now float64) ([]Entry, error) { panic("todo") }

// Forget removes a host that never comes back. Its jobs are given to others.
func (s *State) Forget(by string, m wire.Drain, now float64) ([]Entry, error) { panic("todo") }

// Quota limits how many cores the running jobs of a user may have.
func (s *State) Quota(by string, m wire.Quota, now float64) ([]Entry, error) { panic("todo") }

// Seen takes a heartbeat. It is an entry only if the host is new, was lost, has a new
// incarnation, has other equipment, or no longer has the process of a shared value. Jobs of
// an earlier incarnation return into the queue.
func (s *State) Seen(b wire.Beat, now float64) []Entry { panic("todo") }

// Retired reports whether the incarnation of a host was replaced by a later one. Its
// heartbeats count for nothing: it has to end.
func (s *State) Retired(host, incarnation string) bool { panic("todo") }

// HostLost judges a host that has no contact any more. Its jobs return into the queue.
func (s *State) HostLost(host, incarnation, reason string, now float64) []Entry { panic("todo") }

// Hosts lists the hosts that are not lost, in order: name and incarnation. A new leader
// judges those that it does not hear.
func (s *State) Hosts() iter.Seq2[string, string] { panic("todo") }

// Ask takes a question of a job about what the jobs of its run share. If the answer has Wait,
// the final answer is among the Orders of later entries.
func (s *State) Ask(host string, m wire.Ask, now float64) ([]Entry, workers.Answer, error) {
	panic("todo")
}

// Place gives waiting jobs to hosts, at most so many. It also refuses jobs whose patience
// has ended.
func (s *State) Place(v View, now float64, most int) []Entry { panic("todo") }

// Expire drops runs that have been over for so many seconds, and runs of which no part has
// come for ten minutes.
func (s *State) Expire(now, keep float64) []Entry { panic("todo") }

// Lab is everything for people. Hub and Seq are left for the caller.
func (s *State) Lab(v View, now float64) wire.Lab { panic("todo") }

// Tally is what a ledger contains.
type Tally struct {
	Runs, Jobs, Claims, Finished, Returned int
}

// Check reads a whole ledger, without a State, and returns an error if a piece was held
// twice, a job was counted twice, tokens do not rise, or a host had more jobs than cores.
func Check(ledger iter.Seq2[wire.Token, Entry]) (Tally, error) { panic("todo") }
