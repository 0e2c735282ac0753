package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Who leads. The key only says who should try: that two processes lead at the same time is
// possible, for example after the clock moved, and is found out by the ledger.
const (
	leaderKey   = "leader"
	leaderTTL   = 3 * time.Second
	leaderRenew = 750 * time.Millisecond
	leaderRetry = 250 * time.Millisecond
	leaderWait  = 2 * time.Second // at most, if terms end soon
	fullWait    = 2 * time.Second // without a leader until a hub stands whose disk is full
)

// campaign tries to become the leader, and leads, until the context ends.
func (h *Hub) campaign(ctx context.Context) {
	me := h.options.Name + " " + rand.Text()[:8]
	for wait := leaderRetry; ctx.Err() == nil; wait = min(2*wait, leaderWait) {
		began := time.Now()
		if h.options.Cluster == nil && h.storeIsOff() {
			h.hold(ctx)
		}
		revision, ok := uint64(0), false
		if h.options.Cluster == nil || h.mayStand(ctx) {
			revision, ok = h.stand(ctx, me)
		}
		if ok {
			leading, depose := context.WithCancelCause(ctx)
			done := make(chan struct{})
			go func() {
				defer close(done)
				h.renew(leading, depose, me, revision)
			}()
			err := h.lead(leading, me)
			depose(err)
			h.cramped = errors.Is(err, errFull)
			<-done
			if ctx.Err() == nil {
				h.options.Log("does not lead any more: %v", context.Cause(leading))
			}
		}
		if !ok || time.Since(began) > leaderWait {
			wait = leaderRetry
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	h.resign(me)
}

// mayStand reports whether this hub of a cluster should ask for the key. One whose disk is
// full does so only if no other one does: then all disks are full, and somebody has to answer
// the heartbeats.
func (h *Hub) mayStand(ctx context.Context) bool {
	if h.storeIsOff() || !h.disk.isFull() {
		h.vacant = time.Time{}
		return !h.storeIsOff()
	}
	_, err := h.stores.leader.Get(ctx, leaderKey)
	switch {
	case !errors.Is(err, jetstream.ErrKeyNotFound):
		h.vacant = time.Time{}
	case h.vacant.IsZero():
		h.vacant = time.Now()
	}
	return !h.vacant.IsZero() && time.Since(h.vacant) > fullWait
}

// stand asks for the key. A hub with a server of its own is the only one that should lead
// there, so it does not wait until the key of its process before has expired.
func (h *Hub) stand(ctx context.Context, me string) (revision uint64, ok bool) {
	revision, err := h.stores.leader.Create(ctx, leaderKey, []byte(me))
	if err == nil {
		return revision, true
	}
	entry, err := h.stores.leader.Get(ctx, leaderKey)
	if err != nil || !h.first && string(entry.Value()) != me {
		return 0, false
	}
	h.first = false
	revision, err = h.stores.leader.Update(ctx, leaderKey, []byte(me), entry.Revision())
	return revision, err == nil
}

// renew keeps the key, and deposes this leader if somebody else has it.
func (h *Hub) renew(ctx context.Context, depose context.CancelCauseFunc, me string, revision uint64) {
	every(ctx, leaderRenew, func() (again bool) {
		if h.options.Cluster == nil && h.disk.isFull() {
			return true
		}
		next, err := h.stores.leader.Update(ctx, leaderKey, []byte(me), revision)
		if err == nil {
			revision = next
			return true
		}
		entry, err := h.stores.leader.Get(ctx, leaderKey)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound):
			next, err = h.stores.leader.Create(ctx, leaderKey, []byte(me))
			if err == nil {
				revision = next
			}
		case err != nil: // the store does not answer: the ledger decides
		case string(entry.Value()) == me:
			revision = entry.Revision()
		default:
			depose(errors.New("another leader was chosen: " + string(entry.Value())))
			return false
		}
		return true
	})
}

// resign lets another hub lead at once.
func (h *Hub) resign(me string) {
	ctx, cancel := context.WithTimeout(context.Background(), leaderRetry)
	defer cancel()
	entry, err := h.stores.leader.Get(ctx, leaderKey)
	if err == nil && string(entry.Value()) == me {
		_ = h.stores.leader.Delete(ctx, leaderKey, jetstream.LastRevision(entry.Revision()))
	}
}
