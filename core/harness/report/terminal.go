package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"avescript/core/harness"
)

// How much of something the terminal shows. The other reports have all of it.
const (
	mostSkipped  = 10
	mostWarnings = 20
	mostSlow     = 5
	slow         = 1.0 // seconds that a test takes before it is called slow
)

// Terminal is the reporter for people. While tests run it has a line for each
// test that fails and one for each file that ends. On a terminal, files that are
// well are only counted on the line that shows the progress: nobody reads a page
// of "ok". In a log they stay, for they are all that shows there how far the run
// has come. What is to be known of the failures comes at the end. The very last
// line is [harness.Totals] and nothing else: tools look for it. When there was no
// test to run, it says that instead.
type Terminal struct {
	w        io.Writer
	style    style
	progress *progress // nil if the view isn't live
	attempts attempts
	files    int  // that have not been run
	one      bool // there is one file
	workers  int
	seed     int // of the order, if there is one

	trouble     []result // tests that failed, and blocks
	pending     []result
	quarantined []result
	flaky       []result
	left        leftBehind
	slow        []result
}

// NewTerminal makes a reporter that writes to w.
func NewTerminal(w io.Writer, view View) *Terminal {
	t := &Terminal{w: w, style: style(view.Color)}
	if view.Live {
		t.progress = &progress{style: t.style, width: view.Width, now: time.Now,
			running: map[int]harness.Event{}, since: map[int]time.Time{}}
	}
	return t
}

// Report shows the event.
func (t *Terminal) Report(e harness.Event) {
	e = printable(e)
	t.progress.count(e)
	t.workers = max(t.workers, e.Worker)
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

// tick shows that time goes by, while nothing else happens.
func (t *Terminal) tick() { t.progress.draw(t.w) }

// finished notes how a test or a block ended. A file that failed as a whole
// gets its line in a moment anyway.
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

// slower keeps the slowest tests, the slowest first.
func (t *Terminal) slower(r result) {
	if r.Seconds < slow {
		return
	}
	t.slow = append(t.slow, r)
	slices.SortStableFunc(t.slow, func(a, b result) int { return cmp.Compare(b.Seconds, a.Seconds) })
	t.slow = t.slow[:min(len(t.slow), mostSlow)]
}

// linef writes over the progress.
func (t *Terminal) linef(format string, args ...any) {
	t.progress.clear(t.w)
	fmt.Fprintf(t.w, format, args...)
}

func (t *Terminal) fileFinished(e harness.Event) {
	bad := e.Totals.Bad() > 0
	if !bad && (t.progress.active() || e.Totals.Tests() == 0) {
		return // none of its tests were chosen, or none had their turn
	}
	verdict := t.style.green("ok  ")
	if bad {
		verdict = t.style.red("FAIL")
	}
	t.linef("%s  %s  %s %s\n", verdict, e.File, e.Totals, t.style.dim(fmt.Sprintf("in %.2f s", e.Seconds)))
}

func (t *Terminal) runFinished(e harness.Event) {
	t.progress.clear(t.w)
	t.list("skipped", t.pending, mostSkipped, func(r result) string { return r.reason() })
	t.list("quarantined", t.quarantined, mostSkipped, func(r result) string { return r.reason() })
	t.list("flaky", t.flaky, mostWarnings, func(r result) string {
		return fmt.Sprintf(": passed at attempt %d", r.Attempt) + r.history()
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
		fmt.Fprintf(t.w, "\nin the order of --shuffle=%d\n", t.seed)
	}
	t.extent(e)
	paint := t.style.green
	if e.Totals.Bad() > 0 {
		paint = t.style.red
	}
	fmt.Fprintln(t.w, paint(e.Totals.String()))
}

// extent says how much was run, and how long that took: of one file the line of
// the file has said so.
func (t *Terminal) extent(e harness.Event) {
	fmt.Fprintln(t.w)
	if !t.one || t.progress.active() {
		line := "in " + duration(e.Seconds)
		if e.Seconds < 100 {
			line = fmt.Sprintf("in %.2f s", e.Seconds)
		}
		if t.workers > 1 {
			line += fmt.Sprintf(" with %d workers", t.workers)
		}
		fmt.Fprintln(t.w, t.style.dim(line))
	}
	if t.files > 0 {
		fmt.Fprintln(t.w, t.style.yellow(fmt.Sprintf("files that have not been run: %d", t.files)))
	}
}

// name is a test's name, on one line.
func name(e harness.Event) string { return window(title(e), 0) }

// list has a line for each test, and says why it is there.
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

// at is where a test was declared, after its name.
func (t *Terminal) at(r result) string { return t.style.dim("(" + declared(r.Event) + ")") }

// reason says after the name of a test why it ended as it did.
func (r result) reason() string {
	if why := reason(r.Event); why != "" {
		return ": " + why
	}
	return ""
}

// history says why the earlier attempts failed.
func (r result) history() string {
	var b strings.Builder
	for _, e := range r.Earlier {
		fmt.Fprintf(&b, "; attempt %d: %s", e.Attempt, cmp.Or(reason(e), string(e.Status)))
	}
	return b.String()
}
