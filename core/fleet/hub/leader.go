package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

const (
	confirmedFor   = time.Second            // a leader that was confirmed answers heartbeats for so long
	confirmAfter   = 400 * time.Millisecond // it asks again
	tickInterval   = 100 * time.Millisecond
	pauseLimit     = 700 * time.Millisecond // between two ticks: more is a pause of this process
	mostPlaced     = 2000                   // jobs that one message of the ledger starts
	mostGrouped    = 2000                   // requests that one message answers
	mostBytes      = MaxPayload / 16        // of requests that one message answers, but for the last one
	mostRequest    = MaxPayload / 2         // bytes of a request, and of what the ledger says about it: it must fit into a message
	mostBeat       = 1 << 20                // bytes of a heartbeat: much of it is shown to all
	smallRequest   = 4 << 10                // bytes of a request about which the ledger cannot say too much
	expireInterval = 30 * time.Second       // between two looks for runs that are over for long
	placeInterval  = 500 * time.Millisecond // the scheduler looks again, even if nothing has changed
)

// leader is one term of leading: from reading the ledger to the first error. All fields
// belong to the goroutine that runs it, unless they say otherwise.
type leader struct {
	hub    *Hub
	ledger *ledger
	state  *schedule.State
	live   *liveness // has its own lock
	notes  *noter    // has its own goroutine

	last      uint64 // message of the ledger that is committed
	building  *group // what is decided on top of flying
	flying    *group // what is being written, or nil
	landed    chan flight
	confirmed time.Time // the leader was the only writer at this time

	queue   queue
	placed  time.Time // when the scheduler looked last
	changed bool      // something changed since

	old     uint64    // a sequence number that a host knows, and the ledger does not
	expired time.Time // when old runs were dropped

	keep keeper
}

// group is what one message of the ledger says, and what follows from it when it is committed.
type group struct {
	entries []schedule.Entry
	written bool // as a message of the ledger
	bytes   int  // of the requests
	began   time.Time
	replies []reply
	orders  []schedule.Outgoing
	notes   []wire.Note
}

type reply struct {
	to     *request
	answer wire.Answer
}

// flight is the end of a write, or of a question whether somebody else has written.
type flight struct {
	seq  uint64
	sent time.Time
	err  error
}

// lead is a term. It ends with the context, or with the error because of which nobody can
// know whether the state is that of the ledger.
func (h *Hub) lead(ctx context.Context, me string) error {
	l := &leader{
		hub: h, ledger: &ledger{js: h.private.JS, stream: h.stores.ledger, by: me},
		building: &group{}, landed: make(chan flight, 1), queue: newQueue(),
		live: newLiveness(time.Now(), h.patience()), changed: true, expired: time.Now(),
		keep: keeper{saved: make(chan saved, 1)},
	}
	pending, err := l.fold(ctx)
	if err != nil {
		return err
	}
	if h.cramped && !h.options.Audit {
		if err := l.makeRoom(ctx, pending); err != nil {
			return err
		}
	}
	l.notes, err = newNoter(ctx, h, pending)
	if err != nil {
		return err
	}
	ending, end := context.WithCancel(ctx)
	noting := make(chan struct{})
	go func() {
		defer close(noting)
		l.notes.run(ending)
	}()
	defer func() { <-noting }()
	defer end()

	// An entry of its own shows an earlier leader that it is deposed.
	l.confirmed = time.Now()
	l.last, err = l.ledger.append(ctx, l.last, nil)
	if err != nil {
		return err
	}
	h.view.committed(l.last)
	now := time.Now()
	h.view.set(l.lab(now), l.last, now)
	stop, err := l.listen()
	if err != nil {
		return err
	}
	l.live.pardon(time.Now()) // nobody was heard before
	if h.terms++; h.terms > 1 {
		h.options.Log("leads again, from message %d of the ledger", l.last)
	}
	h.metrics.leading.Store(true)
	err = l.run(ending)
	h.metrics.leading.Store(false)
	stop()
	end()
	if l.flying != nil {
		<-l.landed // its goroutine must end before the connection does
	}
	if l.keep.busy {
		<-l.keep.saved
	}
	l.abandon(err)
	return err
}

// run handles what comes, until something fails.
func (l *leader) run(ctx context.Context) error {
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	ticked := time.Now()
	wasFull := l.hub.disk.isFull() // as those of all hubs
	for {
		var hosts, users, others chan *request
		if l.accepts() {
			hosts, users, others = l.queue.hosts.requests, l.queue.users.requests, l.queue.others.requests
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case r := <-hosts:
			l.take(r)
		case r := <-users:
			l.take(r)
		case r := <-others:
			l.take(r)
		case f := <-l.landed:
			if err := l.land(f); err != nil {
				return err
			}
		case s := <-l.keep.saved:
			l.snapshotSaved(s)
		case <-tick.C:
			now := time.Now()
			if now.Sub(ticked) > pauseLimit {
				l.live.pardon(now)
			}
			ticked = now
			if l.hub.options.Cluster != nil && (l.hub.storeIsOff() || l.hub.disk.isFull() && !wasFull) {
				return errors.New("the disk of this hub is full, so another one shall lead")
			}
			l.judge(now)
			l.look(now)
		case <-l.hub.view.asked:
			l.show(time.Now())
		}
		if l.flying == nil {
			if err := l.launch(ctx); err != nil {
				return err
			}
		}
	}
}

// accepts reports whether requests may be added to the group.
func (l *leader) accepts() bool {
	return len(l.building.replies) < mostGrouped && l.building.bytes < mostBytes && !l.pauses()
}

// pauses reports whether something waits until all that was decided is committed, so nothing
// new is decided now.
func (l *leader) pauses() bool {
	return l.snapshotDue() || len(l.keep.backups) > 0 || l.old > l.last
}

// take handles a request, and those that have arrived meanwhile.
func (l *leader) take(r *request) {
	for {
		r.lane.bytes.Add(-int64(r.size))
		l.handle(r)
		if !l.accepts() {
			return
		}
		select {
		case r = <-l.queue.hosts.requests:
		case r = <-l.queue.users.requests:
		case r = <-l.queue.others.requests:
		default:
			return
		}
	}
}

// add applies entries on top of everything that is decided.
func (l *leader) add(entries []schedule.Entry) {
	if len(entries) == 0 {
		return
	}
	g := l.building
	first := uint32(len(g.entries))
	g.entries = append(g.entries, entries...)
	g.notes = append(g.notes, l.state.Apply(l.next(), first, entries)...)
	g.orders = append(g.orders, l.state.Orders()...)
	l.hub.metrics.count(entries)
	l.changed = true
}

// next is the sequence number that the group will get.
func (l *leader) next() uint64 {
	if l.flying != nil && l.flying.written {
		return l.last + 2
	}
	return l.last + 1
}

// launch writes the group, or lets its effects out at once if there is nothing to write.
func (l *leader) launch(ctx context.Context) error {
	now := time.Now()
	if l.pauses() && len(l.building.entries) == 0 {
		if err := l.paused(ctx); err != nil {
			return err
		}
	}
	if l.changed && !l.hub.disk.isFull() && !l.pauses() {
		l.place(now)
	}
	g := l.building
	sent := now
	if now.Sub(l.confirmed) > confirmAfter {
		l.confirmByRest(now)
	}
	unconfirmed := now.Sub(l.confirmed) >= confirmAfter
	switch {
	case len(g.entries) > 0, unconfirmed && l.hub.options.Cluster != nil:
		// In a cluster, a hub without contact to the others can read an old ledger, but it
		// cannot write. So only a message shows that nobody else leads.
		l.flying, l.building = g, &group{}
		g.began, g.written = now, true
		last := l.last
		go func() {
			seq, err := l.ledger.append(ctx, last, g.entries)
			l.landed <- flight{seq, sent, err}
		}()
	case !unconfirmed:
		l.building = &group{}
		l.release(g)
	default:
		l.flying, l.building = g, &group{}
		last := l.last
		go func() {
			_, end, err := l.ledger.bounds(ctx)
			if err == nil && end != last {
				err = fmt.Errorf("somebody else has written to the ledger: it ends at %d, not at %d", end, last)
			}
			l.landed <- flight{last, sent, err}
		}()
	}
	return nil
}

// confirmByRest confirms the leader of a hub that is alone while its store is off: nobody
// can write.
func (l *leader) confirmByRest(now time.Time) {
	if l.hub.options.Cluster == nil && l.hub.storeIsOff() {
		l.confirmed = now
	}
}

// paused does what needs a state that is committed.
func (l *leader) paused(ctx context.Context) error {
	if l.old > l.last {
		return l.jumpOver(l.old)
	}
	for _, r := range l.keep.backups {
		backup, err := l.backup()
		if err != nil {
			l.reply(r, refusal(err))
			continue
		}
		l.reply(r, wire.Answer{Backup: backup})
	}
	l.keep.backups = nil
	if l.snapshotDue() {
		l.snapshot(ctx)
	}
	return nil
}

// land handles the end of a write.
func (l *leader) land(f flight) error {
	g := l.flying
	l.flying = nil
	if f.err != nil {
		l.abandonGroup(g, f.err)
		return f.err
	}
	l.last, l.confirmed = f.seq, f.sent
	if g.written {
		l.keep.grew(max(1, len(g.entries)), g.bytes)
	}
	if len(g.entries) > 0 {
		l.hub.metrics.committed(f.seq, time.Since(g.began))
		l.hub.view.committed(f.seq)
	}
	l.release(g)
	return nil
}

// release lets out what follows from a committed group.
func (l *leader) release(g *group) {
	for _, o := range g.orders {
		if l.hub.options.Cluster != nil && time.Since(l.confirmed) > clusterPatience {
			break // this process was stopped for long, and another leader may have decided anew
		}
		data, err := json.Marshal(o.Order)
		if err == nil {
			err = l.hub.conn.PublishMsg(link.Message(wire.OrderSubject(o.Host, o.Incarnation), data))
		}
		if err != nil { // the heartbeat will show that it is missing
			l.hub.options.Log("cannot send an order to %s: %v", o.Host, err)
		}
	}
	for _, r := range g.replies {
		r.to.answer(r.answer)
		l.hub.metrics.answered(r.to.verb, time.Since(r.to.received))
	}
	l.notes.add(g.notes)
}

// abandon answers everybody who still waits: nothing of it has happened.
func (l *leader) abandon(err error) {
	l.abandonGroup(l.building, err)
	l.hub.view.abandon(err)
	l.queue.drain(func(r *request) { r.answer(failure(err)) })
}

func (l *leader) abandonGroup(g *group, err error) {
	for _, r := range g.replies {
		r.to.answer(failure(err))
	}
}

func failure(err error) wire.Answer {
	code := wire.CodeRetry
	if errors.Is(err, errFull) {
		code = wire.CodeFull
	}
	return wire.Answer{Code: code, Error: fmt.Sprintf("the leader has to read its ledger again: %v", err)}
}

// place lets the scheduler look for jobs that can start.
func (l *leader) place(now time.Time) {
	l.changed, l.placed = false, now
	entries := l.state.Place(l.live.facts(), l.hub.wall(now), mostPlaced)
	l.add(entries)
	l.changed = len(entries) == mostPlaced
}

// look makes the scheduler and the view look again after a while.
func (l *leader) look(now time.Time) {
	if now.Sub(l.placed) > placeInterval {
		l.changed = true
	}
	if now.Sub(l.expired) > expireInterval && !l.hub.disk.isFull() && !l.pauses() {
		l.expired = now
		l.live.prune(now)
		l.add(l.state.Expire(l.hub.wall(now), l.hub.options.OutputAge.Seconds()))
	}
	l.show(now)
}

// show makes the view again, if it is time.
func (l *leader) show(now time.Time) {
	if l.hub.view.due(now) {
		l.hub.view.set(l.lab(now), l.next()-1, now)
	}
}

// lab is the view of everything, for people. It can show what is not yet committed.
func (l *leader) lab(now time.Time) wire.Lab {
	lab := l.state.Lab(l.live.facts(), l.hub.wall(now))
	lab.Hub, lab.Seq, lab.Time = l.hub.options.Name, l.last, l.hub.wall(now)
	lab.Hubs = l.hub.hubs()
	return lab
}

// clock is the time of day as seconds since the epoch.
func clock(now time.Time) float64 { return float64(now.UnixNano()) / 1e9 }
