// Package schedule decides which host works on which job of a fleet, and with which
// equipment. It is pure: it has no clock, no network and no goroutine.
//
// Everything that was decided is an [Entry] of the ledger, and a [State] is what all entries
// together mean. An input of the outside, such as a submitted run or the result of a job, is
// given to a method of the state. The method decides and returns entries, but changes
// nothing. Who calls it writes the entries to the ledger and has [State.Apply] fold them
// into the state. Whoever folds the same ledger gets the same state:
//
//	input -> method of State -> entries -> ledger -> Apply -> State, notes, orders
//
// # Claims
//
// A job that was given to a host is a claim: it has cores, memory and pieces of equipment of
// the host until the job ends. The token of a claim is the place of its [Assign] entry in
// the ledger; only the result with this token counts. Cores and pieces are counted here and
// nowhere else, so no piece is given twice, whatever hosts say. What hosts say, a [View], can
// only take away: a host without contact or a piece that somebody else has leased is not
// used.
//
// # Order
//
// Jobs of a run with the same needs are a group. The next job is chosen by
//
//  1. the priority of its run,
//  2. the user whose running jobs have the fewest cores, and of this user's runs the one
//     whose running jobs have the fewest; of equal ones, who got nothing for longer. A job
//     that only holds equipment counts as one core,
//  3. the width of its needs: more equipment, more cores first,
//  4. its recorded time: unknown ones first, then the longest.
//
// A group that needs equipment, several cores, memory or a host of its own can miss its turn
// again and again, because what it needs is never free at once. So if it has waited for some
// seconds and cannot start at its turn, the host and the pieces that will be free first are
// kept for it. Jobs that come later may use them only if they end before that, by their
// recorded times, and if no job there is late by its own. If others nevertheless get more
// than turns allow, the group goes before them. So small jobs cannot keep a wide job waiting,
// however many there are.
//
// In the code, needs without the names of equipment are a shape, and its equipment is a kit;
// a fit is how a host can meet it. One call of [State.Place] is a round. It goes through the
// priorities, each of which is a level; there, a user has a place, a run of the user a turn,
// and a group of the run a head. What a host has left is a room, and what is kept of it for a
// wide group is a reserve.
//
// Needs that no known host could ever meet are refused when the run is submitted, unless the
// run waits for them ([wire.Run.Patience]). Such groups take part in nothing, so they
// block nobody.
//
// # What runs share
//
// The jobs of a run share values and locks, wherever they run: see [State.Ask]. A job that
// ends, or is lost, gives back what it holds. A value lasts until the run is over, or until
// the process of the job that made it ends.
//
// # Time
//
// All times are in seconds since the epoch, and come from the caller. Only waiting times and
// estimates depend on them: nothing is given twice or counted twice if the clock is wrong.
// Every input can come twice and has its effect once.
package schedule
