package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"avescript/core/columns"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/wire"
	"avescript/core/printable"
)

// oldRuns is how long runs that have ended are listed.
const oldRuns = time.Hour

// WriteTable writes the view of a lab for people. Lines are cut to the width, unless it is 0.
func WriteTable(out io.Writer, lab *wire.Lab, width int) error {
	t := &table{Writer: out, lab: lab, width: width}
	t.say("%s", t.summary())
	if len(lab.Hubs) > 0 {
		t.say("%s", t.hubs())
	}
	t.list("", t.hosts(), "No host has joined yet: 'avescript lab invite' prints a line for one.")
	t.list("EQUIPMENT", t.pieces(), "")
	t.list("QUEUE", t.queue(), "")
	t.list("RUNS", t.runs(), "")
	return t.err
}

// WriteJSON writes the view on one line, or indented.
func WriteJSON(out io.Writer, lab *wire.Lab, indented bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if indented {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(lab)
}

// table is a view that is being written.
type table struct {
	io.Writer
	lab   *wire.Lab
	width int
	err   error
}

func (t *table) say(format string, arguments ...any) {
	if t.err == nil {
		t.err = columns.Write(t, []columns.Row{{Cells: []string{fmt.Sprintf(format, arguments...)}}}, t.width)
	}
}

// list writes a list with its header, or what to do if it is empty.
func (t *table) list(title string, rows []columns.Row, empty string) {
	if len(rows) == 1 && empty == "" {
		return
	}
	t.say("")
	if title != "" {
		t.say("%s", title)
	}
	switch {
	case t.err != nil:
	case len(rows) == 1:
		t.say("%s", empty)
	default:
		t.err = columns.Write(t, rows, t.width)
	}
}

func (t *table) summary() string {
	up, cores, used := 0, 0, 0
	for _, h := range t.lab.Hosts {
		if h.State == "lost" {
			continue
		}
		up++
		cores += h.Cores
		used += h.Used
	}
	waiting := 0
	for _, w := range t.lab.Queue {
		waiting += w.Jobs
	}
	text := fmt.Sprintf("Hub %s: %s, %d of %s in use, %s, %d done",
		printable.Line(cmp.Or(t.lab.Hub, "?")), count(up, "host"), used, count(cores, "core"), waits(waiting), t.lab.Done)
	if lost := len(t.lab.Hosts) - up; lost > 0 {
		text += fmt.Sprintf(", %s lost", count(lost, "host"))
	}
	return text
}

// hubs are those of a cluster.
func (t *table) hubs() string {
	var list []string
	for _, h := range t.lab.Hubs {
		switch name := hubName(h.Name); {
		case h.Away:
			list = append(list, name+" cannot be reached")
		case h.Leads:
			list = append(list, name+" leads")
		default:
			list = append(list, name+" is connected")
		}
	}
	return "Hubs: " + strings.Join(list, ", ")
}

// hubName is the address of a hub without the usual port.
func hubName(address string) string {
	return printable.Line(strings.TrimSuffix(address, fmt.Sprintf(":%d", hub.DefaultPort)))
}

func waits(jobs int) string {
	if jobs == 1 {
		return "1 job waits"
	}
	return fmt.Sprintf("%d jobs wait", jobs)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (t *table) hosts() []columns.Row {
	rows := []columns.Row{{Cells: []string{"HOST", "STATE", "FOR", "CORES", "LOAD", "FREE", "VERSION", "TAGS"}}}
	for _, h := range t.lab.Hosts {
		row := columns.Row{Cells: []string{
			printable.Line(h.Name), h.State, t.age(h.Since), fmt.Sprintf("%d/%d", h.Used, h.Cores),
			fmt.Sprintf("%.1f", h.Load), columns.Size(h.Free), dash(h.Version), dash(strings.Join(h.Tags, " ")),
		}}
		if h.Reason != "" {
			row.Details = append(row.Details, "reason: "+printable.Line(h.Reason))
		}
		if h.Broker != "" {
			row.Details = append(row.Details, "broker: "+printable.Line(h.Broker))
		}
		for _, j := range h.Jobs {
			row.Details = append(row.Details, t.job(j))
		}
		rows = append(rows, row)
	}
	return rows
}

// job is "job 12 tests/test_a.lua of RUN, for 3s, by alice, attempt 2: the test".
func (t *table) job(j wire.LabJob) string {
	text := fmt.Sprintf("job %d %s of %s, for %s, by %s", j.Index, printable.Line(j.Name), printable.Line(j.Run), t.age(j.Since), printable.Line(j.User))
	if j.Attempt > 1 {
		text += fmt.Sprintf(", attempt %d", j.Attempt)
	}
	if j.Until > 0 {
		text += ", until about " + clock(j.Until)
	}
	if j.Test != "" {
		text += ": " + printable.Line(j.Test)
	}
	return text
}

func (t *table) pieces() []columns.Row {
	rows := []columns.Row{{Cells: []string{"HOST", "STATE", "FOR", "UNTIL", "WHO", "PIECE", "WHY"}}}
	for _, p := range t.lab.Pieces {
		why := cmp.Or(p.Reason, p.Piece.Reason)
		if p.Run != "" {
			why = strings.TrimSpace(p.Job + " of " + p.Run)
		}
		until := "-"
		if p.Until > 0 {
			until = "~" + clock(p.Until)
		}
		rows = append(rows, columns.Row{Cells: []string{
			printable.Line(p.Host), p.State, t.age(p.Since), until, dash(cmp.Or(p.User, p.Holder)),
			printable.Line(p.Profile.String()), dash(why),
		}})
	}
	return rows
}

func (t *table) queue() []columns.Row {
	rows := []columns.Row{{Cells: []string{"RUN", "USER", "JOBS", "FOR", "FIRST", "WHY"}}}
	for _, w := range t.lab.Queue {
		rows = append(rows, columns.Row{Cells: []string{
			printable.Line(w.Run), printable.Line(w.User), strconv.Itoa(w.Jobs), t.age(w.Since), printable.Line(w.First), dash(w.Why),
		}})
	}
	return rows
}

func (t *table) runs() []columns.Row {
	rows := []columns.Row{{Cells: []string{"RUN", "STATE", "USER", "DONE", "BAD", "AGE", "TITLE"}}}
	runs := slices.Clone(t.lab.Runs)
	slices.SortStableFunc(runs, func(a, b wire.LabRun) int { return cmp.Compare(b.Submitted, a.Submitted) })
	for _, r := range runs {
		if r.Ended > 0 && t.lab.Time-r.Ended > oldRuns.Seconds() {
			continue
		}
		bad := strconv.Itoa(r.Bad)
		if r.Deaths > 0 {
			bad += fmt.Sprintf(" (%d lost)", r.Deaths)
		}
		rows = append(rows, columns.Row{Cells: []string{
			printable.Line(r.Run), r.State, printable.Line(r.User), fmt.Sprintf("%d/%d", r.Done, r.Jobs), bad, t.age(r.Submitted), dash(cmp.Or(r.Title, r.Kind)),
		}})
	}
	return rows
}

// age is the time since a moment, by the clock of the hub.
func (t *table) age(since float64) string {
	if since == 0 {
		return "-"
	}
	return columns.Duration(columns.Seconds(t.lab.Time - since))
}

func clock(moment float64) string { return time.Unix(int64(moment), 0).Format("15:04") }

func dash(text string) string { return cmp.Or(printable.Line(text), "-") }
