package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// errSkipped is the error of a contestant that cannot run on this machine.
var errSkipped = errors.New("skipped")

// A measure is something that avescript and others do.
type measure struct {
	name       string
	quantities []quantity
	ours       trial
	peers      []rival
	maxRounds  int // for a slow measure; 0 means no limit
}

// A quantity is one of the results of a trial.
type quantity struct {
	name  string // added to the name of the measure; may be empty
	unit  unit
	goals map[string]goal // by the name of the peer
	// absolute is the limit of a quantity that has one without a comparison; 0 means
	// none.
	absolute float64
}

// A trial measures once, and returns a number for each quantity.
type trial func() ([]float64, error)

// A rival is compared with ours.
type rival struct {
	name  string
	trial trial
}

// A goal is a limit for the ratio of ours to a peer.
type goal struct {
	limit   float64
	atLeast bool // otherwise at most
}

func atLeast(limit float64) goal { return goal{limit, true} }
func atMost(limit float64) goal  { return goal{limit, false} }

func (g goal) reached(ratio float64) bool {
	if g.atLeast {
		return ratio >= g.limit
	}
	return ratio <= g.limit
}

func (g goal) String() string {
	if g.atLeast {
		return fmt.Sprintf("≥ %.2f", g.limit)
	}
	return fmt.Sprintf("≤ %.2f", g.limit)
}

// take lets the contestants take turns, and returns a row for each quantity and peer.
func (m *measure) take(ctx context.Context, rounds int) ([]row, error) {
	if m.maxRounds > 0 {
		rounds = min(rounds, m.maxRounds)
	}
	trials := []trial{m.ours}
	for _, peer := range m.peers {
		trials = append(trials, peer.trial)
	}
	samples := make([][][]float64, len(trials)) // by contestant, round and quantity
	for range rounds {
		for i, trial := range trials {
			values, err := trial()
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case errors.Is(err, errSkipped):
				return []row{{measure: m.name, note: err.Error()}}, nil
			case err != nil:
				return nil, err
			}
			samples[i] = append(samples[i], values)
		}
	}
	var rows []row
	for q := range m.quantities {
		rows = append(rows, m.rows(q, samples)...)
	}
	return rows, nil
}

// rows are the rows of one quantity.
func (m *measure) rows(q int, samples [][][]float64) (rows []row) {
	quantity := &m.quantities[q]
	ours := column(samples[0], q)
	name := m.name + quantity.name
	if quantity.absolute > 0 {
		limit := slices.Repeat([]float64{quantity.absolute}, len(ours))
		goal := atMost(1)
		rows = append(rows, newRow(name, quantity.unit, "the goal", ours, limit, &goal))
	}
	for i, peer := range m.peers {
		var wanted *goal
		if goal, ok := quantity.goals[peer.name]; ok {
			wanted = &goal
		}
		rows = append(rows, newRow(name, quantity.unit, peer.name, ours, column(samples[i+1], q), wanted))
	}
	return rows
}

func column(samples [][]float64, q int) []float64 {
	values := make([]float64, len(samples))
	for i, sample := range samples {
		values[i] = sample[q]
	}
	return values
}

// constant is a trial with a fixed result.
func constant(value float64) trial {
	return func() ([]float64, error) { return []float64{value}, nil }
}
