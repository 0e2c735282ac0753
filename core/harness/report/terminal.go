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
	mostFailures = 100
	mostSkipped  = 10
	mostWarnings = 20
	mostSlow     = 5
	slow         = 1.0 // seconds that a test takes before it is called slow
)

// Terminal is the reporter for people. While tests run it has a line for each
// test that fails and one for each file that ends; on a terminal, files that
// are well are only counted on the line that shows the progress. What is to be
// known of the failures comes at the end. The very last line is
// [harness.Totals] and nothing else: tools look for it.
type Terminal struct {
	w        io.Writer
	style    style
	progress *progress // nil if the view isn't live
	attempts attempts

	trouble     []result // tests that failed, and blocks
	pending     []result
	quarantined []result
	flaky       []result
	leaky       []result
	slow        []result
}

// NewTerminal makes a reporter that writes to w.
func NewTerminal(w io.Writer, view View) *Terminal {
	t := &Terminal{w: w, style: style(view.Color)}
	if view.Live {
		t.progress = &progress{style: t.style, width: view.Width, now: time.Now, running: map[int]harness.Event{}}
	}
	return t
}

// Report shows the event.
func (t *Terminal) Report(e harness.Event) {
	e = printable(e)
	t.progress.count(e)
	if r, ok := t.attempts.result(e); ok {
		t.finished(r)
	}
	switch e.Kind {
	case harness.FileFinished:
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
			t.linef("  %s %s\n", t.style.red(fmt.Sprintf("%-6s", r.Status)), name(r.Event))
		}
	case r.Status == harness.Pending:
		t.pending = append(t.pending, r)
	case r.Status == harness.XFailed:
	case r.Flaky():
		t.flaky = append(t.flaky, r)
	case r.Status != harness.Passed:
		t.quarantined = append(t.quarantined, r)
	}
	if len(r.Leaks) > 0 {
		t.leaky = append(t.leaky, r)
	}
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
	if t.progress.active() && !bad {
		return
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
	t.warnings()
	if len(t.slow) > 0 {
		fmt.Fprintln(t.w)
	}
	for _, r := range t.slow {
		fmt.Fprintf(t.w, "%s %s %s\n", t.style.yellow("slow"), name(r.Event), t.style.dim("("+duration(r.Seconds)+")"))
	}
	t.failures()
	paint := t.style.green
	if e.Totals.Bad() > 0 {
		paint = t.style.red
	}
	fmt.Fprintf(t.w, "\n%s\n", paint(e.Totals.String()))
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
		at := t.style.dim(fmt.Sprintf("(%s:%d)", r.File, r.Line))
		fmt.Fprintf(t.w, "%s %s%s %s\n", t.style.yellow(label), name(r.Event), why(r), at)
	}
}

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

// warnings are what tests have left behind.
func (t *Terminal) warnings() {
	var lines []string
	for _, r := range t.leaky {
		for _, l := range r.Leaks {
			lines = append(lines, fmt.Sprintf("%s %s left %s", t.style.yellow("warning"), name(r.Event), window(leaked(l), 0)))
		}
	}
	if len(lines) > mostWarnings {
		more := t.style.dim(fmt.Sprintf("%d more warnings", len(lines)-mostWarnings))
		lines = append(lines[:mostWarnings], more)
	}
	if len(lines) > 0 {
		fmt.Fprintf(t.w, "\n%s\n", strings.Join(lines, "\n"))
	}
}

func (t *Terminal) failures() {
	for i, r := range t.trouble {
		if i == mostFailures {
			fmt.Fprintf(t.w, "\n%s\n", t.style.bold(fmt.Sprintf("%d more failures", len(t.trouble)-i)))
			break
		}
		t.failure(i+1, r, i > 0 && sameHook(t.trouble[i-1].Event, r.Event))
	}
}

func (t *Terminal) failure(number int, r result, again bool) {
	if again {
		fmt.Fprintf(t.w, "%d) %s %s\n", number, t.style.bold(name(r.Event)), t.style.dim("(likewise)"))
		return
	}
	fmt.Fprintf(t.w, "\n%d) %s\n", number, t.style.bold(name(r.Event)))
	for _, l := range shorten(descriptions(r.Event)) {
		t.indented(t.style.line(l))
	}
	for _, e := range r.Earlier {
		t.indented(t.style.dim(fmt.Sprintf("attempt %d: %s", e.Attempt, cmp.Or(reason(e), string(e.Status)))))
	}
	if r.Output != "" {
		t.indented(t.style.dim("it wrote:"))
		for _, line := range lastLines(r.Output) {
			t.indented("  " + line)
		}
	}
	for _, a := range r.Artifacts {
		t.indented(t.style.dim(a.Kind+": ") + a.Path)
	}
}

func (t *Terminal) indented(text string) {
	fmt.Fprintf(t.w, "   %s\n", text)
}
