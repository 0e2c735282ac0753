package hub

import (
	"encoding/json"
	"maps"
	"sync"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// The leader sends probes to itself, over the same way as heartbeats come: if they do not
// arrive, missing heartbeats say nothing about hosts. No host may send them.
const (
	verbProbe  = "probe"
	probeLimit = 700 * time.Millisecond
)

type probe struct {
	By string `json:"by"` // the leader
	N  int    `json:"n"`
}

const pruneAfter = 10 * time.Minute

// silentAfter is how long a host may be silent until it gets no more jobs.
const silentAfter = 1200 * time.Millisecond

// liveness knows when each host was heard. It uses the monotonic clock only: the time of day
// may jump.
type liveness struct {
	mu    sync.Mutex
	last  map[contact]time.Time
	from  time.Time // nobody is judged before, and for grace after
	grace time.Duration
	probe probe     // the newest that was sent
	sent  time.Time // when
	came  bool      // it has come back

	view schedule.View // belongs to the leader's goroutine
}

type contact struct{ host, incarnation string }

func newLiveness(now time.Time, patience time.Duration) *liveness {
	grace := seconds(wire.TakeoverGrace) + patience
	return &liveness{last: map[contact]time.Time{}, from: now, grace: grace, came: true, view: schedule.View{}}
}

func (v *liveness) facts() schedule.View { return v.view }

func (v *liveness) heard(host, incarnation string, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last[contact{host, incarnation}] = at
}

func (v *liveness) probed(p probe) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.came = v.came || p == v.probe
}

// pardon is called when silence of hosts may be the leader's own fault: nobody is judged
// before everybody had time to be heard again.
func (v *liveness) pardon(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.from = now
}

// nextProbe returns the probe to send now, and pardons everybody while one is late.
func (v *liveness) nextProbe(by string, now time.Time) (p probe, send bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.came {
		if now.Sub(v.sent) > probeLimit {
			v.from = now
			v.came = true // send another one
		}
		return probe{}, false
	}
	v.probe, v.sent, v.came = probe{by, v.probe.N + 1}, now, false
	return v.probe, true
}

// silence is how long a host was not heard, and whether it may be judged.
func (v *liveness) silence(host, incarnation string, now time.Time) (silence time.Duration, judge bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	last, ok := v.last[contact{host, incarnation}]
	if !ok {
		last = v.from
	}
	return now.Sub(last), now.Sub(v.from) > v.grace
}

// prune forgets who was not heard for long.
func (v *liveness) prune(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	maps.DeleteFunc(v.last, func(_ contact, last time.Time) bool { return now.Sub(last) > pruneAfter })
}

func (v *liveness) forget(host, incarnation string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.last, contact{host, incarnation})
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// beat handles a heartbeat. The host goes on for a while because of the answer, so it comes
// only while nobody else can lead.
func (l *leader) beat(r *request, b wire.Beat) {
	if b.Host != r.name || wire.CheckName(b.Incarnation) != nil {
		l.reply(r, wire.Answer{Code: wire.CodeRefused, Error: "a heartbeat must be that of its sender, with an incarnation that is a name"})
		return
	}
	if l.state.Retired(b.Host, b.Incarnation) {
		l.reply(r, wire.Answer{Code: wire.CodeStale, Error: "another process has taken the place of this host: two have the same name"})
		return
	}
	if !l.notice(b) {
		l.reply(r, wire.Answer{Code: wire.CodeRetry, Error: "this host knows a later claim than the hub, which has just moved on because of another one: wait a minute"})
		return
	}
	now := time.Now()
	l.sight(b, now)
	if !l.hub.disk.isFull() {
		entries := l.state.Seen(b, l.hub.wall(now))
		if err := fits(r, entries); err != nil {
			l.reply(r, refusal(err))
			return
		}
		l.add(entries)
		for _, o := range l.state.Reconcile(b, l.hub.wall(now)) {
			l.building.orders = append(l.building.orders, schedule.Outgoing{Host: b.Host, Incarnation: b.Incarnation, Order: o})
		}
	}
	if now.Sub(l.confirmed) > confirmAfter {
		l.confirmByRest(now)
	}
	answer := wire.Answer{Patience: l.hub.patience().Seconds()}
	if now.Sub(l.confirmed) < confirmedFor {
		r.answer(answer)
		l.hub.metrics.answered(r.verb, now.Sub(r.received))
		return
	}
	l.reply(r, answer)
}

// sight keeps what the heartbeat says for the scheduler.
func (l *leader) sight(b wire.Beat, now time.Time) {
	old := l.live.view[b.Host]
	since := l.hub.wall(now)
	if old != nil && old.State == schedule.Up && old.Beat.Incarnation == b.Incarnation {
		since = old.Since
	}
	l.live.view[b.Host] = schedule.NewSight(b, since)
}

// judge gives the jobs of hosts that are silent for too long to others.
func (l *leader) judge(now time.Time) {
	if p, send := l.live.nextProbe(l.ledger.by, now); send {
		data, _ := json.Marshal(p)
		_ = l.hub.conn.PublishMsg(link.Message(wire.RequestSubject(wire.Worker, "hub", verbProbe), data))
	}
	able := now.Sub(l.confirmed) < confirmedFor && !l.hub.disk.isFull() && !l.pauses()
	var lost []schedule.Entry
	for host, incarnation := range l.state.Hosts() {
		silence, may := l.live.silence(host, incarnation, now)
		sight := l.live.view[host]
		switch {
		case able && may && silence > seconds(wire.LostAfter)+l.hub.patience():
			lost = append(lost, l.state.HostLost(host, incarnation, "silent for "+silence.Round(100*time.Millisecond).String(), l.hub.wall(now))...)
			l.live.forget(host, incarnation)
			l.setSight(sight, schedule.Lost, now)
			l.hub.metrics.lost(silence)
			l.hub.options.Log("host %s is lost: silent for %.1f s", host, silence.Seconds())
		case silence > silentAfter:
			l.setSight(sight, schedule.Silent, now)
		}
	}
	l.add(lost)
}

func (l *leader) setSight(s *schedule.Sight, state string, now time.Time) {
	if s != nil && s.State != state {
		s.State, s.Since = state, l.hub.wall(now)
		l.changed = true
	}
}

// notice looks for tokens that the ledger has not given away. There are none, unless the
// store of the hub was replaced by an older one. It reports whether the host can be used:
// each such token ends a term, so a host that makes them up must not do that all the time.
func (l *leader) notice(b wire.Beat) bool {
	highest := b.Highest
	for _, j := range b.Jobs {
		highest = later(highest, j.Token)
	}
	for _, p := range b.Pieces {
		highest = later(highest, p.Token)
	}
	if highest.Seq <= l.last {
		return true
	}
	if !l.hub.jumped.IsZero() && time.Since(l.hub.jumped) < jumpInterval {
		return false
	}
	l.old = max(l.old, highest.Seq)
	return true
}

// jumpInterval is the time between two jumps of the ledger.
const jumpInterval = time.Minute

func later(a, b wire.Token) wire.Token {
	if a.Less(b) {
		return b
	}
	return a
}
