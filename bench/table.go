package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// A table is the output of the program: a row for each measure and peer.
type table []row

type row struct {
	measure     string
	unit        unit
	peer        string
	ours        float64 // medians
	theirs      float64
	ratio       float64 // median of the ratios of all rounds
	least, most float64 // range of these ratios
	goal        *goal
	note        string // replaces all numbers
}

func newRow(measure string, unit unit, peer string, ours, theirs []float64, goal *goal) row {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	return row{
		measure: measure,
		unit:    unit,
		peer:    peer,
		ours:    median(ours),
		theirs:  median(theirs),
		ratio:   median(ratios),
		least:   slices.Min(ratios),
		most:    slices.Max(ratios),
		goal:    goal,
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (t table) print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "measure\tavescript\tbeside\tpeer\tratio\tspread\twanted\t")
	previous := ""
	for _, r := range t {
		name, ours := r.measure, r.unit.format(r.ours)
		if name == previous {
			name, ours = "", ""
		}
		previous = r.measure
		if r.note != "" {
			fmt.Fprintf(out, "%s\t%s\t\t\t\t\t\t\n", name, r.note)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%.2f\t%.2f–%.2f\t%s\t\n",
			name, ours, r.peer, r.unit.format(r.theirs), r.ratio, r.least, r.most, r.verdict())
	}
	out.Flush()
}

func (r *row) verdict() string {
	switch {
	case r.goal == nil:
		return ""
	case r.goal.reached(r.ratio):
		return r.goal.String() + "  reached"
	}
	return r.goal.String() + "  missed"
}

// A unit is the unit of a quantity.
type unit int

const (
	perSecond unit = iota // more is better; for all other units, less is
	seconds
	bytesEach
	times
)

func (u unit) format(v float64) string {
	switch {
	case u == bytesEach:
		return fmt.Sprintf("%.1f KB", v/1024)
	case u == times:
		return fmt.Sprintf("%.1f times", v)
	case u == seconds && v < 1e-3:
		return fmt.Sprintf("%.1f µs", v*1e6)
	case u == seconds:
		return fmt.Sprintf("%.1f ms", v*1e3)
	case v < 1000:
		return fmt.Sprintf("%.1f/s", v)
	}
	return grouped(int(v)) + "/s"
}

// grouped writes n with thousands separators.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
