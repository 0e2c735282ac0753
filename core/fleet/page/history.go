package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/files"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// bounds are how much a history keeps. What is older is forgotten.
type bounds struct {
	pieces   int
	holdings int // of a piece
	tests    int
	verdicts int // of a test
	claims   int // that have not ended
	finished int // tests of all claims that have not ended
}

var usual = bounds{pieces: 5000, holdings: 100, tests: 10000, verdicts: 25, claims: 20000, finished: 200000}

const (
	saveEvery    = 5 * time.Minute // what a crash loses of it is read from the stream again
	mostName     = 1000            // bytes of the name of a test; those with longer ones have no history
	startSeconds = 5.0             // in which hosts connect to a hub that has started
)

// history is what became of equipment and of tests. It is folded from the outputs of runs,
// and from views of the lab for what the fleet does not decide. It is kept in a file, with
// its place in the stream, so it lasts longer than the outputs.
type history struct {
	file string // "" if it is not kept
	most bounds

	mu       sync.Mutex
	state    past
	order    []wire.Token      // of claims, oldest first; some of them have ended
	finished int               // tests of all claims
	live     map[string]string // what the last view said of each piece
	first    float64           // time of the first view
	saved    time.Time
}

// past is what the file has.
type past struct {
	Seq    uint64                `json:"seq"` // of the last message of the stream that is in here
	Pieces map[string][]*Holding `json:"pieces"`
	Tests  map[string]*TestPast  `json:"tests"`
	Claims map[wire.Token]*claim `json:"claims"` // that have started and not ended
	Fine   []Sample              `json:"fine,omitempty"`
	Coarse []Sample              `json:"coarse,omitempty"`
}

// Holding is a time in which a piece of equipment was not free.
type Holding struct {
	State  string     `json:"state"` // held, taken, aside or away
	Token  wire.Token `json:"token,omitzero"`
	Run    string     `json:"run,omitempty"`
	Job    string     `json:"job,omitempty"`
	User   string     `json:"user,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Since  float64    `json:"since"`
	Until  float64    `json:"until,omitempty"` // 0 if it goes on
}

// TestPast is how a test ended in the last runs.
type TestPast struct {
	File     string    `json:"file"`
	Name     string    `json:"name"`
	Verdicts []Verdict `json:"verdicts"` // oldest first
}

// Verdict is how a test ended in a run.
type Verdict struct {
	Run     string  `json:"run"`
	Host    string  `json:"host,omitempty"`
	Time    float64 `json:"time"`
	Status  string  `json:"status"`
	Flaky   bool    `json:"flaky,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	Why     string  `json:"why,omitempty"` // the beginning of the first problem
}

// claim is what a job has done since it started. Its verdicts count when its result has come.
type claim struct {
	Pieces []string   `json:"pieces,omitempty"`
	Tests  []finished `json:"tests,omitempty"`
}

type finished struct {
	File    string  `json:"file"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
}

// openHistory reads the file. A damaged one is moved away: a lab does not stop because the
// page has forgotten something.
func openHistory(dir string, log *log.Logger) (*history, error) {
	h := &history{most: usual}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot keep the history of the page: %w", err)
		}
		h.file = filepath.Join(dir, "page.json")
		text, err := os.ReadFile(h.file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("cannot read the history of the page: %w", err)
		}
		if err == nil {
			if err = json.Unmarshal(text, &h.state); err != nil {
				h.state = past{}
				log.Printf("the history of the page is damaged: %v; a new one begins, and the old file is %s.damaged", err, h.file)
				if err := os.Rename(h.file, h.file+".damaged"); err != nil {
					return nil, fmt.Errorf("cannot move the damaged history of the page away: %w", err)
				}
			}
		}
	}
	if h.state.Pieces == nil {
		h.state.Pieces = map[string][]*Holding{}
	}
	if h.state.Tests == nil {
		h.state.Tests = map[string]*TestPast{}
	}
	if h.state.Claims == nil {
		h.state.Claims = map[wire.Token]*claim{}
	}
	h.order = slices.SortedFunc(maps.Keys(h.state.Claims), func(a, b wire.Token) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Index, b.Index))
	})
	for _, c := range h.state.Claims {
		h.finished += len(c.Tests)
	}
	return h, nil
}

// save writes the file, or leaves the old one as it is.
func (h *history) save() error {
	if h.file == "" {
		return nil
	}
	h.mu.Lock()
	text, err := json.Marshal(h.state)
	h.saved = time.Now()
	h.mu.Unlock()
	if err != nil {
		return err
	}
	mode := os.FileMode(0o600)
	if _, err := files.Write(context.Background(), h.file, bytes.NewReader(text), &mode); err != nil {
		return fmt.Errorf("cannot keep the history of the page: %w", err)
	}
	return nil
}

// follow reads the outputs of all runs until the context ends.
func (h *history) follow(ctx context.Context, js jetstream.JetStream, log *log.Logger) {
	for ctx.Err() == nil {
		if err := h.read(ctx, js); err != nil && ctx.Err() == nil {
			log.Printf("history of the page: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (h *history) read(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, wire.OutputStream)
	if err != nil {
		return err
	}
	h.mu.Lock()
	if h.state.Seq > stream.CachedInfo().State.LastSeq {
		h.state.Seq = 0 // it is another stream
	}
	next := h.state.Seq + 1
	h.mu.Unlock()
	messages, _, err := consume(ctx, js, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: next,
	})
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if meta, err := m.Metadata(); err == nil && !link.IsEcho(m.Headers()) {
			h.fold(m.Subject(), meta.Sequence.Stream, m.Data())
		}
		h.mu.Lock()
		old := time.Since(h.saved) > saveEvery
		h.mu.Unlock()
		if old {
			if err := h.save(); err != nil {
				return err
			}
		}
	}
}

// fold takes in one message of the stream.
func (h *history) fold(subject string, seq uint64, data []byte) {
	parts := strings.Split(subject, ".")
	h.mu.Lock()
	defer h.mu.Unlock()
	if seq <= h.state.Seq {
		return
	}
	h.state.Seq = seq
	switch {
	case len(parts) == 3 && parts[1] == "note":
		var notes wire.Notes
		if json.Unmarshal(data, &notes) == nil {
			for _, n := range notes {
				h.note(n)
			}
		}
	case len(parts) == 7 && parts[1] == "output":
		var o wire.Output
		token, err := wire.ParseToken(parts[5] + "." + parts[6])
		if err == nil && json.Unmarshal(data, &o) == nil {
			h.output(parts[2], parts[3], token, o)
		}
	}
}

func (h *history) note(n wire.Note) {
	switch n.Kind {
	case wire.NoteStarted:
		c := h.claim(n.Token)
		for _, key := range n.Pieces {
			key = PieceKey(n.Host, key)
			c.Pieces = append(c.Pieces, key)
			h.hold(key, Holding{State: "held", Token: n.Token, Run: n.Run, Job: n.Name, User: n.User, Since: n.Time})
		}
	case wire.NoteReturned, wire.NoteFinished:
		c := h.state.Claims[n.Token]
		if c == nil {
			return
		}
		h.forgetClaim(n.Token)
		for _, key := range c.Pieces {
			h.release(key, n.Token, n.Time)
		}
		if n.Kind == wire.NoteFinished {
			for _, t := range c.Tests {
				h.verdict(t)
			}
		}
	}
}

// claim finds or makes the claim of a token.
func (h *history) claim(token wire.Token) *claim {
	claims := h.state.Claims
	if claims[token] == nil {
		claims[token] = &claim{}
		h.order = append(h.order, token)
		if len(h.order) > 2*h.most.claims {
			h.order = slices.DeleteFunc(h.order, func(old wire.Token) bool { return claims[old] == nil })
		}
		h.forgetClaims(token)
	}
	return claims[token]
}

// forgetClaims forgets the oldest claims when there is too much of them: their ends were
// missed. It keeps the one with a token.
func (h *history) forgetClaims(token wire.Token) {
	for (len(h.state.Claims) > h.most.claims || h.finished > h.most.finished) && h.order[0] != token {
		h.forgetClaim(h.order[0])
		h.order = h.order[1:]
	}
}

func (h *history) forgetClaim(token wire.Token) {
	if c := h.state.Claims[token]; c != nil {
		h.finished -= len(c.Tests)
		delete(h.state.Claims, token)
	}
}

func (h *history) output(host, run string, token wire.Token, o wire.Output) {
	for _, e := range o.Events {
		if !e.Counts() || len(e.File)+len(e.FullName()) > mostName {
			continue
		}
		c := h.claim(token)
		if len(c.Tests) >= h.most.tests {
			continue
		}
		v := Verdict{Run: run, Host: host, Time: e.Time, Status: string(e.Status), Flaky: e.Flaky(), Seconds: e.Seconds}
		if len(e.Problems) > 0 {
			v.Why = short(e.Problems[0].Message, 160)
		}
		c.Tests = append(c.Tests, finished{e.File, e.FullName(), v})
		h.finished++
		h.forgetClaims(token)
	}
}

// TestKey identifies a test by its file and its full name.
func TestKey(file, name string) string { return file + "\x00" + name }

func (h *history) verdict(t finished) {
	key := TestKey(t.File, t.Name)
	past := h.state.Tests[key]
	if past == nil {
		if len(h.state.Tests) >= h.most.tests {
			h.forgetTest()
		}
		past = &TestPast{File: t.File, Name: t.Name}
		h.state.Tests[key] = past
	}
	past.Verdicts = last(append(past.Verdicts, t.Verdict), h.most.verdicts)
}

// forgetTest forgets a test that has not run for long: the one among some that ran earliest.
func (h *history) forgetTest() {
	oldest, when, looked := "", 0.0, 0
	for key, past := range h.state.Tests {
		if t := past.Verdicts[len(past.Verdicts)-1].Time; oldest == "" || t < when {
			oldest, when = key, t
		}
		if looked++; looked == 50 {
			break
		}
	}
	delete(h.state.Tests, oldest)
}

// last are the last ones. What is before them is freed when an append moves the list.
func last[T any](list []T, most int) []T { return list[max(0, len(list)-most):] }

// short is the beginning of a text, as one line.
func short(text string, most int) string {
	text = strings.Join(strings.Fields(text[:min(len(text), 8*most)]), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
