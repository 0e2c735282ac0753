package terminal

import (
	"context"
	"errors"
	"strings"
	"time"

	"avescript/core/exceptions"
)

const (
	// quietTime is how long a program must have written nothing until its output counts
	// as complete for the moment. It only matters for a pattern that would match more,
	// or earlier, or not at all, with more output.
	quietTime = 20 * time.Millisecond

	// firstWindow is how much of the output is searched first. If one pattern matches
	// there, the others need not read all the rest, again and again.
	firstWindow = 1 << 10
)

// Match is an expectation that was met.
type Match struct {
	Index    int      // index of the pattern in the list
	Before   string   // the output before the match that was not taken yet
	Text     string   // the match
	Captures []string // in order; a capture that did not take part is empty
}

// Expect waits until the output matches one of the patterns. The match and everything
// before it are taken from the output; what follows stays.
//
// Of several matches, the one that begins first counts; if they begin at the same
// place, the first pattern in the list. If the program ends first, EOF matches and
// takes all output that is left. If the time is over, Timeout matches and takes
// nothing. If these are not in the list, the result is an error: of the class [ErrEOF],
// or an exceptions.Timeout. A negative timeout means no limit; with 0, only the present
// output is searched.
//
// Only one caller expects at a time; others wait for their turn, within their timeout.
func (s *Session) Expect(ctx context.Context, patterns []Pattern, timeout time.Duration) (Match, error) {
	e := expectation{session: s, patterns: patterns, timeout: timeout}
	for _, p := range patterns {
		e.searches = append(e.searches, candidate{search: p.Search()})
	}
	err := s.await(ctx, timeout, e.look)
	switch {
	case err == nil:
		return e.match, nil
	case errors.Is(err, errTimedOut):
		return e.timedOut()
	}
	return Match{}, err
}

// expectation is one call of Expect.
type expectation struct {
	session  *Session
	patterns []Pattern
	searches []candidate
	seen     int // how much of the output the searches have seen
	dropped  int
	timeout  time.Duration
	match    Match
}

// candidate is a search and its result.
type candidate struct {
	search Search
	at     []int // nil for no match
	sure   bool
}

func (c *candidate) found() bool { return c.at != nil && c.sure }

// look checks whether the output is enough.
func (e *expectation) look(ctx context.Context, v view, over bool) (done bool, again time.Duration, err error) {
	pause := time.Since(v.last)
	quiet := over || v.ended || pause >= quietTime
	w := Window{Dropped: e.dropped}
	for size := e.seen + firstWindow; ; size *= 2 {
		w.Text = v.text[:min(size, len(v.text))]
		all := len(w.Text) == len(v.text)
		w.Quiet, w.Ended = all && quiet, all && v.ended
		best, err := e.search(ctx, w, all)
		switch {
		case err != nil:
			return false, 0, err
		case best >= 0:
			e.take(best, v.text)
			return true, 0, nil
		case all && v.ended:
			return true, 0, e.ended(v.text)
		case all:
			e.seen = len(v.text)
			e.forget()
			return false, quietTime - pause, nil
		}
	}
}

// search returns the index of the pattern that has matched, or -1 if that is not
// certain yet. all says that the window contains all output; otherwise another match
// may begin after it.
func (e *expectation) search(ctx context.Context, w Window, all bool) (best int, err error) {
	best, open := -1, -1
	for i := range e.searches {
		c := &e.searches[i]
		if !c.found() {
			if c.at, c.sure, err = c.search.Next(ctx, w); err != nil {
				return -1, err
			}
		}
		switch {
		case c.sure && c.at == nil && all:
		case !c.sure || c.at == nil:
			if open < 0 || e.before(i, open) {
				open = i
			}
		case best < 0 || e.before(i, best):
			best = i
		}
	}
	if best >= 0 && open >= 0 && e.before(open, best) {
		return -1, nil // which could come first
	}
	return best, nil
}

// before reports whether candidate i counts before j. A candidate without a match may
// still get one that begins where it is open.
func (e *expectation) before(i, j int) bool {
	at, other := e.begin(i), e.begin(j)
	return at < other || at == other && i < j
}

func (e *expectation) begin(i int) int {
	c := &e.searches[i]
	if c.at == nil {
		return c.search.Open() - e.dropped
	}
	return c.at[0]
}

// take creates the match and takes it from the output.
func (e *expectation) take(index int, text []byte) {
	at := e.searches[index].at
	e.match = Match{Index: index, Before: string(text[:at[0]]), Text: string(text[at[0]:at[1]])}
	for i := 2; i < len(at); i += 2 {
		capture := ""
		if at[i] >= 0 {
			capture = string(text[at[i]:at[i+1]])
		}
		e.match.Captures = append(e.match.Captures, capture)
	}
	e.session.out.take(at[1])
}

// forget drops output that was searched without success, if the session does not keep
// all output.
func (e *expectation) forget() {
	for i := range e.searches {
		if e.searches[i].at != nil {
			return // it will soon be certain
		}
	}
	n := e.session.trim(e.seen)
	e.dropped += n
	e.seen -= n
}

// ended is called when there will be no more output.
func (e *expectation) ended(text []byte) error {
	for i, p := range e.patterns {
		if p == EOF {
			e.match = Match{Index: i, Before: string(text)}
			e.session.out.take(len(text))
			return nil
		}
	}
	return e.session.failure(ErrEOF, e.wanted(), e.timeout)
}

func (e *expectation) timedOut() (Match, error) {
	text := e.session.out.view().text
	for i, p := range e.patterns {
		if p == Timeout {
			return Match{Index: i, Before: string(text)}, nil
		}
	}
	return Match{}, e.session.failure(exceptions.Timeout, e.wanted(), e.timeout)
}

// wanted is the beginning of the message of a failure.
func (e *expectation) wanted() string {
	var list []string
	for _, p := range e.patterns {
		list = append(list, p.String())
	}
	if len(list) == 0 {
		return "wanted nothing from"
	}
	return "wanted " + strings.Join(list, " or ") + " from"
}

// ReadLine takes a line including its end, or the rest after the last line. It returns
// "" if the program has ended and no output is left. The errors are those of
// [Session.Expect].
func (s *Session) ReadLine(ctx context.Context, timeout time.Duration) (string, error) {
	m, err := s.Expect(ctx, []Pattern{Plain("\n"), EOF}, timeout)
	return m.Before + m.Text, err
}
