package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/harness"
)

// Limits for the terminal report. The other reports are complete.
const (
	mostSkipped  = 10
	mostWarnings = 20
	mostSlow     = 5
	slow         = 1.0 // a test that takes this many seconds is slow
)

// Terminal is the report for people. While tests run it writes a line for each test
// that fails, and for each file that ends. On a terminal, a file without failures is
// only counted in the progress line, because nobody reads a page of "ok". In a log it
// gets a line, because nothing else shows the progress there. The details of failures
// come at the end. The last line is only [harness.Totals], because tools look for it,
// or the message that there was no test to run.
type Terminal struct {
	w        io.Writer
	style    style
	progress *progress // nil if the view is not live
	attempts attempts
	files    int  // files that were not run
	one      bool // there is only one file
	workers  int
	hosts    map[string]bool
	widest   int // of the names of the hosts
	seed     int // of the order, 0 if there is none

	trouble     []result // failed tests and blocks
	pending     []result
	quarantined []result
	flaky       []result
	left        leftBehind
	slow        []result
}

// NewTerminal makes a reporter that writes to w.
func NewTerminal(w io.Writer, view View) *Terminal {
	t := &Terminal{w: w, style: style(view.Color), hosts: map[string]bool{}}
	if view.Live {
		t.progress = &progress{style: t.style, width: view.Width, now: time.Now,
			running: map[int]harness.Event{}, since: map[int]time.Time{}}
	}
	return t
}

// Report shows the event.
func (t *Terminal) Report(e harness.Event) {
	e = harmless(e)
	t.progress.count(e)
	t.workers = max(t.workers, e.Worker)
	t.seeHost(e.Host)
	if r, ok := t.attempts.result(e); ok {
		t.finished(r)
	}
	switch e.Kind {
	case harness.RunStarted:
		t.files, t.one = e.Files, e.Files == 1
		t.seed = e.Seed
	case harness.FileFinished:
		t.files--
		t.fileFinished(e)
	case harness.RunFinished:
		t.runFinished(e)
		return
	}
	t.progress.draw(t.w)
}

// live shows an event in the progress line that is counted later.
func (t *Terminal) live(e harness.Event) {
	t.progress.runs(harmless(e))
	t.progress.draw(t.w)
}

// say writes a line about the run.
func (t *Terminal) say(text string) {
	t.linef("%s\n", t.style.dim(escapeName(text)))
	t.progress.draw(t.w)
}

// tick updates the elapsed time while nothing else happens.
func (t *Terminal) tick() { t.progress.draw(t.w) }

// finished records the result of a test or a block. A file that failed as a whole gets
// no line here: the line of the file follows.
func (t *Terminal) finished(r result) {
	switch {
	case r.Bad():
		t.trouble = append(t.trouble, r)
		if len(r.Path) > 0 {
			t.linef("  %s %s %s\n", t.style.red(fmt.Sprintf("%-6s", r.Status)), name(r.Event), t.at(r))
		}
	case r.Status == harness.Pending:
		t.pending = append(t.pending, r)
	case r.Status == harness.XFailed:
	case r.Flaky():
		t.flaky = append(t.flaky, r)
	case r.Status != harness.Passed:
		t.quarantined = append(t.quarantined, r)
	}
	t.left.add(r)
	t.slower(r)
}

// slower keeps the slowest tests, slowest first.
func (t *Terminal) slower(r result) {
	if r.Seconds < slow {
		return
	}
	t.slow = append(t.slow, r)
	slices.SortStableFunc(t.slow, func(a, b result) int { return cmp.Compare(b.Seconds, a.Seconds) })
	t.slow = t.slow[:min(len(t.slow), mostSlow)]
}

// linef writes a line in the place of the progress line.
func (t *Terminal) linef(format string, args ...any) {
	t.progress.clear(t.w)
	fmt.Fprintf(t.w, format, args...)
}

func (t *Terminal) fileFinished(e harness.Event) {
	bad := e.Totals.Bad() > 0
	if !bad && (t.progress.active() || e.Totals.Tests() == 0) {
		return // none of its tests were chosen, or none has run
	}
	verdict := t.style.green("ok  ")
	if bad {
		verdict = t.style.red("FAIL")
	}
	t.linef("%s  %s%s  %s %s\n", verdict, t.host(e), e.File, e.Totals, t.style.dim(fmt.Sprintf("in %.2f s", e.Seconds)))
}

func (t *Terminal) runFinished(e harness.Event) {
	t.progress.clear(t.w)
	t.list("skipped", t.pending, mostSkipped, func(r result) string { return r.reason() })
	t.list("quarantined", t.quarantined, mostSkipped, func(r result) string { return r.reason() })
	t.list("flaky", t.flaky, mostWarnings, func(r result) string {
		return fmt.Sprintf(": passed on attempt %d", r.Attempt) + r.history()
	})
	t.left.write(t.w, t.style)
	if len(t.slow) > 0 {
		fmt.Fprintln(t.w)
	}
	for _, r := range t.slow {
		fmt.Fprintf(t.w, "%s %s %s\n", t.style.yellow("slow"), name(r.Event), t.style.dim("("+duration(r.Seconds)+")"))
	}
	if len(t.trouble) == 1 && isNothing(t.trouble[0].Event) {
		fmt.Fprintln(t.w, t.style.red(harness.NothingToRun))
		return
	}
	failures{t.w, t.style}.write(t.trouble)
	if t.seed != 0 {
		fmt.Fprintf(t.w, "\nto repeat this order: --shuffle=%d\n", t.seed)
	}
	t.extent(e)
	paint := t.style.green
	if e.Totals.Bad() > 0 {
		paint = t.style.red
	}
	fmt.Fprintln(t.w, paint(e.Totals.String()))
}

// extent says how much was run, and how long it took. If there is only one file, its
// own line has said so already.
func (t *Terminal) extent(e harness.Event) {
	fmt.Fprintln(t.w)
	if !t.one || t.progress.active() {
		line := "in " + duration(e.Seconds)
		if e.Seconds < 100 {
			line = fmt.Sprintf("in %.2f s", e.Seconds)
		}
		switch {
		case len(t.hosts) > 1:
			line += fmt.Sprintf(" on %d hosts", len(t.hosts))
		case t.workers > 1:
			line += fmt.Sprintf(" with %d workers", t.workers)
		}
		fmt.Fprintln(t.w, t.style.dim(line))
	}
	if t.files > 0 {
		fmt.Fprintln(t.w, t.style.yellow(fmt.Sprintf("files not run: %d", t.files)))
	}
}

// seeHost records that a host of a fleet has taken part.
func (t *Terminal) seeHost(name string) {
	if name != "" {
		t.hosts[name] = true
		t.widest = max(t.widest, ansi.StringWidth(name))
	}
}

// host is the column with the host of a file, which only runs in a fleet have.
func (t *Terminal) host(e harness.Event) string {
	if t.widest == 0 {
		return ""
	}
	return e.Host + strings.Repeat(" ", t.widest-ansi.StringWidth(e.Host)) + "  "
}

// name is a test's name, on one line.
func name(e harness.Event) string { return window(title(e), 0) }

// list writes one line for each test, with a reason.
func (t *Terminal) list(label string, all []result, most int, why func(result) string) {
	for i, r := range all {
		if i == 0 {
			fmt.Fprintln(t.w)
		}
		if i == most {
			fmt.Fprintln(t.w, t.style.dim(fmt.Sprintf("%d more %s", len(all)-most, label)))
			break
		}
		fmt.Fprintf(t.w, "%s %s%s %s\n", t.style.yellow(label), name(r.Event), why(r), t.at(r))
	}
}

// at is the place of a test, in parentheses.
func (t *Terminal) at(r result) string {
	return t.style.dim("(" + declared(r.Event) + on(r.Event) + ")")
}

// reason is the reason of a result, in the form that follows the name of the test.
func (r result) reason() string {
	if why := reason(r.Event); why != "" {
		return ": " + why
	}
	return ""
}

// history lists why the earlier attempts failed.
func (r result) history() string {
	var b strings.Builder
	for _, e := range r.Earlier {
		fmt.Fprintf(&b, "; attempt %d: %s", e.Attempt, cmp.Or(reason(e), string(e.Status)))
	}
	return b.String()
}
