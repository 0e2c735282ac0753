package page

import (
	"cmp"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
)

// Samples are taken every 10 seconds for 6 hours; means of 5 minutes are kept for two weeks.
const (
	fineSeconds   = 10
	mostFine      = 6 * 3600 / fineSeconds
	coarseSeconds = 300
	mostCoarse    = 14 * 24 * 3600 / coarseSeconds
)

// Sample is how busy a lab was.
type Sample struct {
	Time    float64 `json:"time"`
	Hosts   float64 `json:"hosts"` // that are up
	Cores   float64 `json:"cores"` // of these
	Used    float64 `json:"used"`
	Held    float64 `json:"held"`   // pieces of equipment that are not free
	Pieces  float64 `json:"pieces"` // all of them
	Running float64 `json:"running"`
	Waiting float64 `json:"waiting"` // jobs
	Longest float64 `json:"longest"` // seconds that the first of the queue has waited
}

func sampleOf(lab wire.Lab) Sample {
	s := Sample{Time: lab.Time, Pieces: float64(len(lab.Pieces))}
	for _, h := range lab.Hosts {
		if h.State == "up" || h.State == "draining" || h.State == "leaving" {
			s.Hosts++
			s.Cores += float64(h.Cores)
			s.Used += float64(h.Used)
		}
		s.Running += float64(len(h.Jobs))
	}
	for _, p := range lab.Pieces {
		if p.State != "free" {
			s.Held++
		}
	}
	for _, w := range lab.Queue {
		s.Waiting += float64(w.Jobs)
		if w.Since > 0 {
			s.Longest = max(s.Longest, lab.Time-w.Since)
		}
	}
	return s
}

// sample adds a sample when it is time for one.
func (h *history) sample(lab wire.Lab) {
	fine := h.state.Fine
	if len(fine) > 0 && lab.Time < fine[len(fine)-1].Time+fineSeconds {
		if lab.Time > fine[len(fine)-1].Time-fineSeconds {
			return
		}
		h.state.Fine, h.state.Coarse = nil, nil // the clock was set back: times would not rise
	}
	h.state.Fine = last(append(h.state.Fine, sampleOf(lab)), mostFine)
	h.coarsen()
}

// coarsen adds a mean when its time is over.
func (h *history) coarsen() {
	fine := h.state.Fine
	newest := fine[len(fine)-1].Time
	from := fine[0].Time
	if n := len(h.state.Coarse); n > 0 {
		from = h.state.Coarse[n-1].Time + coarseSeconds
	}
	if newest < from+coarseSeconds {
		return
	}
	first, _ := slices.BinarySearchFunc(fine, newest-coarseSeconds, func(s Sample, t float64) int { return cmp.Compare(s.Time, t) })
	mean := meanOf(fine[first : len(fine)-1])
	mean.Time = newest - coarseSeconds
	h.state.Coarse = last(append(h.state.Coarse, mean), mostCoarse)
}

func meanOf(samples []Sample) (mean Sample) {
	n := float64(max(1, len(samples)))
	for _, s := range samples {
		mean.Hosts += s.Hosts / n
		mean.Cores += s.Cores / n
		mean.Used += s.Used / n
		mean.Held += s.Held / n
		mean.Pieces += s.Pieces / n
		mean.Running += s.Running / n
		mean.Waiting += s.Waiting / n
		mean.Longest = max(mean.Longest, s.Longest)
	}
	return mean
}

// series are the samples since a time: fine ones for some hours, coarse ones before.
func (h *history) series(since float64) []Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Sample{}
	long := len(h.state.Fine) > 0 && h.state.Fine[0].Time > since
	for _, s := range h.state.Coarse {
		if long && s.Time >= since && s.Time < h.state.Fine[0].Time {
			list = append(list, s)
		}
	}
	for _, s := range h.state.Fine {
		if s.Time >= since {
			list = append(list, s)
		}
	}
	return list
}

// TestSummary is a test in a list.
type TestSummary struct {
	File string  `json:"file"`
	Name string  `json:"name"`
	Runs int     `json:"runs"`
	Bad  int     `json:"bad"`
	Last string  `json:"last"` // status
	Time float64 `json:"time"`
	Past string  `json:"past"` // a letter for each verdict, oldest first: p, f, e, s, x, k for flaky
}

// tests are those whose file and name have all words, those that fail most first.
func (h *history) tests(query string, most int) ([]TestSummary, int) {
	words := strings.Fields(strings.ToLower(query))
	list := []TestSummary{}
	h.mu.Lock()
	for _, past := range h.state.Tests {
		text := strings.ToLower(past.File + " " + past.Name)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			list = append(list, summary(past))
		}
	}
	h.mu.Unlock()
	slices.SortFunc(list, func(a, b TestSummary) int {
		return cmp.Or(cmp.Compare(b.Bad, a.Bad), cmp.Compare(a.File, b.File), cmp.Compare(a.Name, b.Name))
	})
	return list[:min(most, len(list))], len(list)
}

var letters = map[string]string{"passed": "p", "failed": "f", "error": "e", "pending": "s", "xfailed": "x", "xpassed": "f"}

func summary(past *TestPast) TestSummary {
	s := TestSummary{File: past.File, Name: past.Name, Runs: len(past.Verdicts)}
	for _, v := range past.Verdicts {
		letter := letters[v.Status]
		if letter == "f" || letter == "e" {
			s.Bad++
		}
		if v.Flaky {
			letter = "k"
		}
		s.Past += letter
		s.Last, s.Time = v.Status, v.Time
	}
	return s
}

// test is the past of a test, newest first.
func (h *history) test(file, name string) []Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Verdict{}
	if past := h.state.Tests[TestKey(file, name)]; past != nil {
		list = append(list, past.Verdicts...)
		slices.Reverse(list)
	}
	return list
}
