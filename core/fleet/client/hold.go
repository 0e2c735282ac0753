package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// HoldOptions say what equipment is held.
type HoldOptions struct {
	Needs    wire.Needs
	Wait     time.Duration // at most for the equipment; 0 is without limit
	Reason   string        // for people
	Priority int
}

// Hold leases equipment somewhere in the fleet, calls got with it, and keeps it until ctx
// ends; then it gives it back. The host that has it asks every second whether this client
// is still there, so the equipment is free some seconds after the client was killed. The
// error is why there is no equipment, or why it was taken away; it is nil if ctx ended it.
func Hold(ctx context.Context, l *link.Link, o HoldOptions, got func(wire.Leases) error) (err error) {
	id := wire.NewRunID()
	inbox := l.Conn.NewInbox()
	leased := make(chan wire.Leases, 1)
	sub, err := l.Conn.Subscribe(inbox, func(m *nats.Msg) { answerHost(inbox, m, leased) })
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	run := wire.Run{ID: id, Kind: wire.Hold, Title: o.Reason, Priority: o.Priority, Inbox: inbox}
	name := o.Reason
	if name == "" {
		name = "hold"
	}
	h := &holding{link: l, run: id, got: got, leased: leased, ended: make(chan error, 1)}
	if err := Send(ctx, l, run, []wire.Job{{Name: name, Needs: o.Needs}}); err != nil {
		if ctx.Err() != nil {
			return h.release() // the answer may have been on its way
		}
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	go h.follow(following)
	return h.keep(ctx, o.Wait)
}

// answerHost answers a host that asks whether the client is still there, or sends the
// equipment.
func answerHost(inbox string, m *nats.Msg, leased chan<- wire.Leases) {
	if link.GenuineIn(inbox, m) != nil {
		return
	}
	var leases wire.Leases
	if string(m.Data) != wire.HoldBeat && json.Unmarshal(m.Data, &leases) == nil {
		select {
		case leased <- leases:
		default: // it was sent again
		}
	}
	if m.Reply != "" {
		_ = m.Respond([]byte(wire.HoldBeat))
	}
}

// reach sets the address of sessions on the host of the hub, which is connected with itself,
// to that of the hub.
func reach(leases []wire.Lease, hub string) {
	address, err := url.Parse(hub)
	if err != nil {
		return
	}
	for i := range leases {
		if ip := net.ParseIP(leases[i].Address); ip != nil && ip.IsLoopback() {
			leases[i].Address = address.Hostname()
		}
	}
}

// holding is equipment that is held.
type holding struct {
	link   *link.Link
	run    string
	got    func(wire.Leases) error
	leased chan wire.Leases
	ended  chan error // the run is over, and why
}

// follow waits for the end of the run.
func (h *holding) follow(ctx context.Context) {
	var outcome *wire.Outcome
	err := Follow(ctx, h.link, h.run, func(t Told) bool {
		for _, n := range t.Notes {
			switch n.Kind {
			case wire.NoteFinished:
				outcome = n.Outcome
			case wire.NoteOver:
				return false
			}
		}
		return true
	})
	if err == nil {
		err = errors.New("the equipment was taken away")
		if outcome != nil && outcome.Message != "" {
			err = errors.New(outcome.Message)
		}
		if outcome != nil && outcome.Status == wire.Refused {
			err = &link.Refusal{Code: wire.CodeUnmet, Message: outcome.Message}
		}
	}
	h.ended <- err
}

// keep waits for the equipment, and then until ctx ends or the equipment is gone.
func (h *holding) keep(ctx context.Context, wait time.Duration) error {
	var late <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		late = timer.C
	}
	token := wire.Token{}
	for {
		select {
		case leases := <-h.leased:
			if leases.Error != "" {
				return errors.Join(errors.New(leases.Error), h.release())
			}
			if leases.Token == token {
				continue
			}
			if !token.IsZero() {
				return errors.Join(errors.New("the host was lost, and the equipment with it"), h.release())
			}
			token, late = leases.Token, nil
			reach(leases.Leases, h.link.Config.URL)
			if err := h.got(leases); err != nil {
				return errors.Join(err, h.release())
			}
		case <-late:
			busy := &link.Refusal{Code: wire.CodeBusy, Message: fmt.Sprintf("the equipment was not free within %g s", wait.Seconds())}
			return errors.Join(busy, h.release())
		case err := <-h.ended:
			if ctx.Err() != nil {
				return h.release()
			}
			return err
		case <-ctx.Done():
			return h.release()
		}
	}
}

// release gives the equipment back.
func (h *holding) release() error {
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := Cancel(ctx, h.link, wire.Cancel{Run: h.run, Reason: "given back"})
	if refusal, ok := errors.AsType[*link.Refusal](err); ok && refusal.Code == wire.CodeUnknown {
		return nil
	}
	return err
}
