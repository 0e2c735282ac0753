package hub

import (
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/wire"
)

// Requests wait in lanes: those of hosts, of users, and of everybody else. The leader takes
// from all lanes alike, so a user that floods the hub neither silences hosts nor keeps out an
// administrator.
const (
	laneLength  = 5000     // requests that wait for the leader; more are answered with wire.CodeRetry
	laneBytes   = 32 << 20 // likewise
	laneBacklog = 32 << 20 // bytes of messages that wait to be read; more are dropped, and repeated by who has sent them
)

type lane struct {
	roles    []string
	requests chan *request
	bytes    atomic.Int64
}

func newLane(roles ...string) *lane {
	return &lane{roles: roles, requests: make(chan *request, laneLength)}
}

// put adds a request, unless there are too many.
func (q *lane) put(r *request) bool {
	r.lane = q
	if q.bytes.Add(int64(r.size)) <= laneBytes {
		select {
		case q.requests <- r:
			return true
		default:
		}
	}
	q.bytes.Add(-int64(r.size))
	return false
}

// queue has all lanes.
type queue struct{ hosts, users, others *lane }

func newQueue() queue {
	return queue{newLane(wire.Worker), newLane(wire.User), newLane(wire.Admin, wire.Viewer, wire.Guest, wire.Hub)}
}

// drain calls each with everything that waits.
func (q queue) drain(each func(*request)) {
	for {
		select {
		case r := <-q.hosts.requests:
			each(r)
		case r := <-q.users.requests:
			each(r)
		case r := <-q.others.requests:
			each(r)
		default:
			return
		}
	}
}

// listen receives requests until stop is called. Each role has a subscription, and so a
// goroutine, of its own.
func (l *leader) listen() (stop func(), err error) {
	var subscriptions []*nats.Subscription
	stop = func() {
		for _, s := range subscriptions {
			_ = s.Unsubscribe()
		}
	}
	for _, q := range []*lane{l.queue.hosts, l.queue.users, l.queue.others} {
		for _, role := range q.roles {
			s, err := l.hub.conn.Subscribe(wire.RequestSubject(role, "*", ">"), func(m *nats.Msg) {
				if r := l.receive(m); r != nil && !q.put(r) {
					r.answer(wire.Answer{Code: wire.CodeRetry, Error: "the hub has too much to do"})
				}
			})
			if err == nil {
				subscriptions = append(subscriptions, s)
				err = s.SetPendingLimits(-1, laneBacklog)
			}
			if err != nil {
				stop()
				return nil, fmt.Errorf("cannot receive requests: %w", err)
			}
		}
	}
	return stop, l.hub.conn.Flush()
}
