// Package hub runs the middle of a fleet: an embedded NATS server with JetStream, and the
// leader, which decides which job runs where.
//
// # The ledger
//
// All decisions are in one stream, wire.LedgerStream. Package schedule says what the entries
// mean; it is a pure function from entries to a state. Only the leader writes to the ledger:
// each message says after which message it belongs, so if two processes believe that they
// lead, the message of one of them is refused. The one that was refused drops its state,
// reads the ledger again, and so knows what the other has decided.
//
// A message has all entries of a short time, because each message costs an fsync. While it
// is being written, the leader already decides on top of it. What it has decided leaves the
// process only after the commit: answers to requests, orders to hosts, and notes about runs
// are effects of a group, and are dropped together with a group that could not be written.
//
// The place of an entry is its token, so no place may be used twice. A message stays where it
// is in the stream when older ones are purged, and the last one is never purged. When a
// backup is restored, the ledger goes on far behind the place where any other copy of it can
// be, see [Restore]. Hosts report the highest token that they have seen; if it is beyond the
// ledger's end, the store is an old one, and the ledger jumps before anything is decided.
//
// The ledger, its snapshots, the key of the leader and the keys of a cluster are in an account
// of the server that only hubs can enter.
//
// # Liveness
//
// Hosts send heartbeats. A host without answers for wire.FenceAfter ends its jobs by itself,
// and the leader gives them to others when it has not heard of the host for wire.LostAfter.
// All of this is measured by monotonic clocks, each within one process; the time of day is
// only shown. The leader judges nobody while it may be the reason of the silence: just after
// it took over, after a pause of its own, and while it cannot write.
//
// The leader answers heartbeats only while it knows that it leads, because its answer allows
// a host to go on: it must have written to the ledger, or seen that nobody else has, within
// the last second. A new leader writes an entry first, so the old one notices. Since the new
// one judges nobody before wire.TakeoverGrace, a host that was kept going by the old one
// fences itself in time.
//
// # Notes
//
// What the scheduler decides about a run becomes notes in wire.OutputStream, between the
// output of the run's jobs. They are published after the commit. A new leader looks up what
// was published last and continues from there, so each note is there at least once.
package hub
