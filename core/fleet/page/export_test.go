package page

import (
	"encoding/json"
	"testing"

	"avescript/core/fleet/wire"
)

// Readers is how many readers of live data there are.
func (p *Page) Readers() int { return len(p.readers) }

// Feed is a feed for tests, which looks when it is told to.
type Feed struct{ *feed }

func NewFeed() Feed { return Feed{newFeed(nil)} }

// Look takes a view, and returns all rows.
func (f Feed) Look(lab wire.Lab) []byte {
	f.source = func() wire.Lab { return lab }
	f.look()
	text, _ := json.Marshal(rowsOf(lab))
	return text
}

// Since is what a reader is told, who then has another version.
func (f Feed) Since(id *string) []byte {
	n := f.since(*id)
	*id = n.id
	return n.data
}

// Kept is how many bytes of differences are kept.
func (f Feed) Kept() (bytes, patches int) {
	for _, p := range f.patches {
		bytes += len(p.text)
	}
	return bytes, len(f.patches)
}

// History is a history for tests, without a stream.
type History struct {
	*history
	seq uint64
}

func NewHistory(t testing.TB) *History {
	h, err := openHistory("", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &History{history: h}
}

// Limit makes the history forget much earlier than usual.
func (h *History) Limit() {
	h.most = bounds{pieces: 10, holdings: 8, tests: 100, verdicts: 4, claims: 50, finished: 120}
}

func (h *History) Fold(subject string, message any) {
	text, _ := json.Marshal(message)
	h.seq++
	h.fold(subject, h.seq, text)
}

func (h *History) Observe(lab wire.Lab) { h.observe(lab) }

// Restart has the history of a new process.
func (h *History) Restart() {
	h.history = &history{most: h.most, state: h.state, order: h.order, finished: h.finished}
}

func (h *History) Piece(key string) []Holding { return h.piece(key) }

func (h *History) Test(file, name string) []Verdict { return h.test(file, name) }

func (h *History) Series(since float64) []Sample { return h.series(since) }

// Sizes are how much there is: pieces, the most holdings of a piece, and so on.
func (h *History) Sizes() (pieces, holdings, tests, verdicts, claims, finished int) {
	for _, list := range h.state.Pieces {
		holdings = max(holdings, len(list))
	}
	for _, past := range h.state.Tests {
		verdicts = max(verdicts, len(past.Verdicts))
	}
	for _, c := range h.state.Claims {
		finished += len(c.Tests)
	}
	return len(h.state.Pieces), holdings, len(h.state.Tests), verdicts, len(h.state.Claims), finished
}
