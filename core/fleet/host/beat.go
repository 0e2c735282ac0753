package host

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/process"
)

var (
	beatInterval = seconds(wire.BeatInterval)
	fenceAfter   = seconds(wire.FenceAfter)
)

// beats sends heartbeats. Each can take as long as it is of use, so one that is lost does
// not delay the next one.
func (h *host) beats(ctx context.Context) {
	var sent sync.WaitGroup
	defer sent.Wait()
	if h.stock != nil {
		h.stock.await(ctx)
	}
	ticker := time.NewTicker(beatInterval)
	defer ticker.Stop()
	ready := sync.OnceFunc(h.Ready)
	for {
		h.isFresh() // first: this process may have been stopped
		beat, now := h.beat(), process.SinceBoot()
		sent.Go(func() {
			limited, cancel := context.WithTimeout(ctx, fenceAfter)
			defer cancel()
			answer, err := h.link.Request(limited, wire.VerbBeat, beat)
			var refusal *link.Refusal
			switch {
			case err == nil:
				h.contacted(now, seconds(answer.Patience))
				ready()
			case errors.As(err, &refusal) && refusal.Code == wire.CodeStale:
				h.end(errRetired)
			case errors.As(err, &refusal) && refusal.Code == wire.CodeRefused:
				h.end(err)
			}
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *host) beat() wire.Beat {
	b := wire.Beat{
		Host: h.Link.Name, Incarnation: h.incarnation, Cores: h.Cores, Memory: h.Memory, Tags: h.tags,
		Version: h.Version, Account: h.accountName(), Load: load(), Free: memoryInfo("MemAvailable"),
	}
	b.Disk, _ = disk(h.Dir)
	if h.stock != nil {
		b.Pieces, b.Made, b.Broker = h.stock.seen()
		b.Highest = h.stock.highest()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b.Leaving = h.leaving
	if b.Highest.Less(h.highest) {
		b.Highest = h.highest
	}
	for _, j := range h.jobs {
		b.Jobs = append(b.Jobs, j.running())
	}
	slices.SortFunc(b.Jobs, func(a, b wire.Running) int {
		if a.Token.Less(b.Token) {
			return -1
		}
		return 1
	})
	return b
}

// contacted takes the answer to a heartbeat. With the patience of the hub, it counts as contact
// until a time in the future: a cluster of hubs needs a while to go on when one of them dies.
func (h *host) contacted(sent, patience time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.contact = max(h.contact, sent+patience)
	h.patience = patience
}

// hubPatience is what the hub has said last about how long others may need to reach it again.
func (h *host) hubPatience() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.patience
}

// guard ends the jobs when there is no contact.
func (h *host) guard(ctx context.Context) {
	const interval = 50 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.isFresh()
		}
	}
}

func (h *host) hasContact() bool { return h.sinceContact() < fenceAfter }

func (h *host) sinceContact() time.Duration { return process.SinceBoot() - h.lastContact() }

func (h *host) lastContact() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.contact
}

// isFresh reports whether there is contact. If there is none, all jobs are ended before it
// returns.
func (h *host) isFresh() bool {
	if h.hasContact() {
		return true
	}
	h.killAll(h.isolation())
	return false
}

// isolation is the outcome of jobs that are ended because there is no contact. If the hub has
// ended the connection, it was the hub that was away: that does not count as a failure.
func (h *host) isolation() wire.Outcome {
	if !h.isCut.Load() {
		return wire.Outcome{Status: wire.Died, Message: "the host had no contact to the hub, and has ended the job"}
	}
	return wire.Outcome{Status: wire.Busy, Message: "the hub was away, and the host has ended the job"}
}

// watchConnection notes whether the connection is cut, until ctx ends. The connection itself
// must not be asked when jobs are to be killed: it is locked while it writes, and that takes
// long when the hub reads nothing.
func (h *host) watchConnection(ctx context.Context, changes <-chan nats.Status) {
	for {
		select {
		case status, open := <-changes:
			h.isCut.Store(status != nats.CONNECTED)
			if !open { // it is not made again
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// killAll kills all jobs whose processes live, with everything that they have started. When
// it returns they are dead, even if another goroutine has begun with it.
func (h *host) killAll(why wire.Outcome) {
	h.fencing.Lock()
	defer h.fencing.Unlock()
	h.mu.Lock()
	var doomed []*job
	for _, j := range h.jobs {
		if j.doom(why) {
			doomed = append(doomed, j)
		}
	}
	h.mu.Unlock()
	if len(doomed) > 0 {
		h.killDoomed()
		h.Log("%d jobs are killed: %s", len(doomed), why.Message) // later: it may block
	}
}

// kill kills everything below this process except for jobs that are not doomed. What was
// left by jobs whose process has died is a child of this process by now.
func (h *host) kill() {
	h.fencing.Lock()
	defer h.fencing.Unlock()
	h.killDoomed()
}

func (h *host) killDoomed() {
	h.mu.Lock()
	living := map[int]bool{}
	for _, j := range h.jobs {
		pid, doomed := j.process()
		switch {
		case pid == 0:
		case doomed:
			h.groups.kill(j.start.Token)
		default:
			living[pid] = true
		}
	}
	h.mu.Unlock()
	err := process.KillDescendants(h.records.pid, func(s process.Stat) bool {
		return living[s.PID] || h.records.isBefore(s)
	})
	if err != nil {
		h.Log("cannot end everything that a job has left: %v", err)
	}
}

func (h *host) accountName() string {
	if h.account != nil {
		return h.account.Name
	}
	return h.records.user
}
