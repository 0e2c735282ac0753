package page

import (
	"cmp"
	"slices"

	"avescript/core/fleet/wire"
)

// hold notes that a piece is no longer free, or that somebody else has it now.
func (h *history) hold(key string, next Holding) {
	list := h.state.Pieces[key]
	if !next.Token.IsZero() && slices.ContainsFunc(list, func(old *Holding) bool { return old.Token == next.Token }) {
		return // the view and the stream both tell
	}
	if list == nil && len(h.state.Pieces) >= h.most.pieces {
		h.forgetPiece()
	}
	next.Reason = short(next.Reason, 200)
	// The stream can be behind the view, so the next one is not always the newest.
	at, _ := slices.BinarySearchFunc(list, next.Since, func(old *Holding, since float64) int {
		return cmp.Or(cmp.Compare(old.Since, since), -1)
	})
	if at < len(list) {
		next.Until = list[at].Since
	}
	if at > 0 && list[at-1].Until == 0 {
		list[at-1].Until = next.Since
	}
	h.state.Pieces[key] = last(slices.Insert(list, at, &next), h.most.holdings)
}

// release notes that the holding with a token has ended.
func (h *history) release(key string, token wire.Token, at float64) {
	for _, old := range h.state.Pieces[key] {
		if old.Token == token {
			old.Until = max(at, old.Since)
		}
	}
}

// forgetPiece forgets the piece whose last change is the oldest.
func (h *history) forgetPiece() {
	oldest, when := "", 0.0
	for key, list := range h.state.Pieces {
		if since := list[len(list)-1].Since; oldest == "" || since < when {
			oldest, when = key, since
		}
	}
	delete(h.state.Pieces, oldest)
}

// observe takes in a view of the lab: what brokers, administrators and lost hosts do to
// equipment is not in the stream.
func (h *history) observe(lab wire.Lab) {
	if lab.Time == 0 {
		return // nothing is known yet
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == 0 {
		h.first = lab.Time
	}
	// A hub that has just started has heard no host yet: all equipment seems to be away.
	early := h.first <= lab.Time && lab.Time < h.first+startSeconds
	if !early {
		h.sample(lab)
	}
	live := make(map[string]string, len(lab.Pieces))
	defer func() { h.live = live }()
	for _, p := range lab.Pieces {
		key := PieceKey(p.Host, p.Profile.Key())
		now := p.State + "\x00" + p.Token.String() + "\x00" + p.User + "\x00" + p.Holder
		before, known := h.live[key]
		if early && p.State == "away" {
			continue
		}
		live[key] = now
		if known && before == now {
			continue
		}
		at := p.Since
		if at == 0 {
			at = lab.Time
		}
		if p.State == "free" {
			if list := h.state.Pieces[key]; len(list) > 0 && list[len(list)-1].Until == 0 {
				list[len(list)-1].Until = max(lab.Time, list[len(list)-1].Since)
			}
			continue
		}
		list := h.state.Pieces[key]
		if !known && len(list) > 0 && list[len(list)-1].Until == 0 && list[len(list)-1].State == p.State && p.Token.IsZero() {
			continue // it was so before this process started
		}
		user := p.User
		if user == "" {
			user = p.Holder
		}
		h.hold(key, Holding{State: p.State, Token: p.Token, Run: p.Run, Job: p.Job, User: user, Reason: p.Reason, Since: at})
	}
}

// piece is the past of a piece, newest first.
func (h *history) piece(key string) []Holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Holding{}
	for _, holding := range slices.Backward(h.state.Pieces[key]) {
		list = append(list, *holding)
	}
	return list
}
