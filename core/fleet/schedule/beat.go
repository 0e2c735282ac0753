package schedule

import (
	"iter"
	"slices"

	"avescript/core/fleet/wire"
)

// Seen takes a heartbeat. It is an entry only if the host is new, was lost, has a new
// incarnation, has other equipment, or no longer has the process of a shared value. Jobs of
// an earlier incarnation return into the queue.
func (s *State) Seen(b wire.Beat, now float64) (entries []Entry) {
	h := s.hosts[b.Host]
	if h != nil && slices.Contains(h.retired, b.Incarnation) {
		return nil
	}
	seen := Entry{Kind: Seen, Time: now, Host: b.Host, Incarnation: b.Incarnation}
	if h != nil && h.incarnation == b.Incarnation {
		if !h.has(&b) {
			seen.Inventory = inventoryOf(&b, h)
		}
		if seen.Inventory != nil || h.gone {
			entries = append(entries, seen)
		}
		return append(entries, s.missingValues(h, &b, now)...)
	}
	if h != nil {
		entries = s.lose(h, "host "+h.name+" was started again", now)
	}
	seen.Inventory = inventoryOf(&b, h)
	return append(entries, seen)
}

// Retired reports whether the incarnation of a host was replaced by a later one. Its
// heartbeats count for nothing: it has to end.
func (s *State) Retired(host, incarnation string) bool {
	h := s.hosts[host]
	return h != nil && slices.Contains(h.retired, incarnation)
}

// HostLost judges a host that has no contact any more. Its jobs return into the queue.
func (s *State) HostLost(host, incarnation, reason string, now float64) []Entry {
	h := s.hosts[host]
	if h == nil || h.incarnation != incarnation || h.gone {
		return nil
	}
	entries := s.lose(h, "host "+h.name+" was lost: "+reason, now)
	return append(entries, Entry{Kind: Gone, Time: now, Host: host, Incarnation: incarnation, Reason: reason})
}

// Hosts lists the hosts that are not lost, in order: name and incarnation. A new leader
// judges those that it does not hear.
func (s *State) Hosts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, h := range sorted(s.hosts) {
			if !h.gone && !yield(h.name, h.incarnation) {
				return
			}
		}
	}
}

// answerAgain is how long answers that had to wait are repeated with heartbeats, in seconds.
const answerAgain = 10

// Reconcile returns the orders that a host seems to have missed, by its heartbeat: jobs that
// it does not have are started again, jobs that it should not have are stopped. Call it
// after the entries of Seen were applied. A host that has sent the result of a job and has
// no answer yet gets the job again: it has to know by the token that it was done.
func (s *State) Reconcile(b wire.Beat, now float64) (orders []wire.Order) {
	has := make(map[wire.Token]bool, len(b.Jobs))
	for _, j := range b.Jobs {
		has[j.Token] = true
		if o := s.misplaced(&b, j); o != nil {
			orders = append(orders, *o)
		}
	}
	h := s.hosts[b.Host]
	if h == nil || h.incarnation != b.Incarnation || h.gone {
		return orders
	}
	for _, c := range h.claims {
		switch {
		case c.incarnation != b.Incarnation:
			continue
		case !has[c.token]:
			orders = append(orders, wire.Order{Start: c.start()})
		default:
			if a := c.late(now); a != nil {
				orders = append(orders, wire.Order{Answer: a})
			}
		}
		if c.run.cancelled { // a job has to be known to its host to be stopped with a result
			orders = append(orders, wire.Order{Stop: c.stop(c.run.why())})
		}
	}
	return orders
}

// misplaced is the order that ends a job which a host has and should not have, or nil.
func (s *State) misplaced(b *wire.Beat, j wire.Running) *wire.Order {
	r := s.runs[j.Run]
	if j.Kept {
		if r == nil || r.over {
			return &wire.Order{Over: j.Run}
		}
		if h := s.hosts[b.Host]; h != nil && h.incarnation == b.Incarnation && !h.gone {
			return nil
		}
	}
	c := s.claims[j.Token]
	if c != nil && c.host.name == b.Host && c.incarnation == b.Incarnation {
		return nil
	}
	return &wire.Order{Stop: &wire.Stop{Run: j.Run, Job: j.Job, Token: j.Token, Reason: "the job was given to another host, or has ended"}}
}
