package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

// host is a simulated host. It dies when its context ends.
type host struct {
	lab         *lab
	name        string
	incarnation string
	pieces      []wire.Piece

	mu       sync.Mutex
	jobs     map[wire.Token]wire.Running
	answered map[wire.Token]bool // results
	over     bool                // it takes no more orders
	highest  wire.Token
	fenced   bool
	contact  time.Time // the last heartbeat that was answered was sent then
}

func newHost(l *lab, n, life int) (*host, error) {
	h := &host{lab: l, name: fmt.Sprintf("host-%04d", n), incarnation: fmt.Sprintf("%d-%d", n, life), jobs: map[wire.Token]wire.Running{}, answered: map[wire.Token]bool{}}
	for i := range l.options.Pieces {
		p, err := profile.New(map[string]any{"type": "relay", "id": fmt.Sprintf("%d-%d", n, i)})
		if err != nil {
			return nil, err
		}
		h.pieces = append(h.pieces, wire.Piece{Profile: p})
	}
	return h, nil
}

// live is the life of a host.
func (h *host) live(ctx context.Context) error {
	c, err := h.dial(ctx)
	if err != nil {
		return err
	}
	// Without a word: nothing is flushed.
	defer c.Conn.Close()
	var jobs sync.WaitGroup
	defer func() {
		h.die()
		jobs.Wait()
	}()
	_, err = c.Conn.Subscribe(wire.OrderSubject(h.name, h.incarnation), func(m *nats.Msg) {
		var o wire.Order
		if link.Genuine(m) != nil || json.Unmarshal(m.Data, &o) != nil {
			return
		}
		switch {
		case o.Start != nil:
			h.take(o.Start, func() { jobs.Go(func() { h.work(ctx, c, o.Start) }) })
		case o.Stop != nil:
			h.drop(o.Stop.Token)
		}
	})
	if err != nil {
		return err
	}
	first := time.After(rand.N(beatInterval)) // not all at the same time
	select {
	case <-first:
	case <-ctx.Done():
		return nil
	}
	tick := time.NewTicker(beatInterval)
	defer tick.Stop()
	for ctx.Err() == nil {
		jobs.Go(func() { h.beat(ctx, c) })
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// dial connects, again and again, and with few others at the same time.
func (h *host) dial(ctx context.Context) (c *link.Link, err error) {
	h.lab.dialing <- struct{}{}
	defer func() { <-h.lab.dialing }()
	for {
		limited, cancel := context.WithTimeout(ctx, dialTimeout)
		c, err = link.Dial(limited, link.Config{URL: h.lab.url, Role: wire.Worker, Name: h.name})
		cancel()
		if err == nil || ctx.Err() != nil {
			return c, err
		}
	}
}

const (
	dialTimeout = 10 * time.Second
	mostDialing = 20 // at the same time
)

const beatInterval = time.Duration(wire.BeatInterval * float64(time.Second))

func (h *host) beat(ctx context.Context, c *link.Link) {
	h.mu.Lock()
	b := wire.Beat{
		Host: h.name, Incarnation: h.incarnation, Cores: h.lab.options.Cores, Memory: 8 << 30, Free: 8 << 30, Disk: 100 << 30,
		Tags: []string{"os=debian12"}, Pieces: h.pieces, Highest: h.highest,
	}
	for _, j := range h.jobs {
		b.Jobs = append(b.Jobs, j)
	}
	if !h.contact.IsZero() && time.Since(h.contact).Seconds() > wire.FenceAfter {
		clear(h.jobs)
		if !h.fenced {
			h.lab.fences.Add(1)
		}
		h.fenced = true
	}
	h.mu.Unlock()
	sent := time.Now()
	limited, cancel := context.WithTimeout(ctx, 3*beatInterval)
	defer cancel()
	if _, err := c.Request(limited, wire.VerbBeat, b); err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if sent.After(h.contact) {
		h.contact, h.fenced = sent, false
	}
}

// die keeps orders that are on their way from starting anything.
func (h *host) die() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

// take starts a job, if its order is new.
func (h *host) take(s *wire.Start, work func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, has := h.jobs[s.Token]; has || h.answered[s.Token] || h.over {
		return
	}
	if h.highest.Less(s.Token) {
		h.highest = s.Token
	}
	h.jobs[s.Token] = wire.Running{Run: s.Run.ID, Job: s.Index, Token: s.Token}
	h.lab.started(s)
	work()
}

func (h *host) drop(t wire.Token) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, t)
}

func (h *host) has(t wire.Token) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, has := h.jobs[t]
	return has
}

// say sends a message of output, as a real job does: the hub has it on its disk before the next
// one is sent, and before the job has a result.
func (h *host) say(ctx context.Context, c *link.Link, s *wire.Start, n int) bool {
	data, err := json.Marshal(wire.Output{N: n, Log: strings.Repeat("x", outputBytes)})
	for err == nil && ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, sayTime)
		_, failed := c.JS.Publish(limited, wire.OutputSubject(h.name, s.Run.ID, s.Index, s.Token), data)
		cancel()
		if failed == nil {
			h.lab.said.Add(1)
			return true
		}
		select {
		case <-time.After(sayAgain):
		case <-ctx.Done():
		}
	}
	return false
}

const (
	outputBytes = 1000
	sayTime     = 5 * time.Second
	sayAgain    = 100 * time.Millisecond
)

// work does a job, and tells its result until that is answered.
func (h *host) work(ctx context.Context, c *link.Link, s *wire.Start) {
	parts := h.lab.options.Output + 1
	for n := range parts {
		if s.Job.Seconds > 0 {
			select {
			case <-time.After(time.Duration(s.Job.Seconds * float64(time.Second) / float64(parts))):
			case <-ctx.Done():
				return
			}
		}
		if !h.has(s.Token) || n < parts-1 && !h.say(ctx, c, s, n) {
			return
		}
	}
	_, err := c.Request(ctx, wire.VerbResult, wire.Result{
		Run: s.Run.ID, Job: s.Index, Token: s.Token,
		Outcome: wire.Outcome{Status: wire.Done, Passed: true, Seconds: s.Job.Seconds},
	})
	h.mu.Lock()
	delete(h.jobs, s.Token)
	h.answered[s.Token] = true
	h.mu.Unlock()
	if err == nil {
		h.lab.finished(s)
	}
}
