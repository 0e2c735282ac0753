package harness

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
)

// Terminal is the reporter for people. While tests run it has a line for each
// test that fails and one for each file that ends; what is to be known of the
// failures comes at the end. The very last line is [Totals] and nothing else:
// tools look for it.
type Terminal struct {
	w     io.Writer
	style style

	done     int       // tests finished in this file
	progress time.Time // when the counter of tests was last shown
	trouble  []Event   // tests that failed, and blocks
	pending  []Event
}

// NewTerminal makes a reporter that writes to w. With color it uses the
// escape sequences of a terminal, also for a counter while tests run.
func NewTerminal(w io.Writer, color bool) *Terminal {
	return &Terminal{w: w, style: style(color)}
}

// Report shows the event.
func (t *Terminal) Report(e Event) {
	e = printable(e)
	switch e.Kind {
	case FileStarted:
		t.done, t.progress = 0, time.Now()
	case TestFinished, BlockFailed:
		t.done++
		t.finished(e)
	case FileFinished:
		t.fileFinished(e)
	case RunFinished:
		t.runFinished(e)
	}
}

// finished notes how a test or a block ended. A file that failed as a whole
// gets its line in a moment anyway.
func (t *Terminal) finished(e Event) {
	switch e.Status {
	case Passed:
		t.count()
	case Pending:
		t.pending = append(t.pending, e)
	default:
		t.trouble = append(t.trouble, e)
		if len(e.Path) > 0 {
			t.linef("  %s %s\n", t.style.red(fmt.Sprintf("%-6s", e.Status)), title(e))
		}
	}
}

// count shows how many tests have run, where it can be taken back. The cursor
// stays at the start of the line, so that what a test prints goes over it.
func (t *Terminal) count() {
	const interval = 100 * time.Millisecond
	if t.style && time.Since(t.progress) > interval {
		t.progress = time.Now()
		t.linef("%s\r", t.style.dim(fmt.Sprintf("%d done", t.done)))
	}
}

// linef writes over the counter.
func (t *Terminal) linef(format string, args ...any) {
	if t.style {
		format = "\r\x1b[K" + format
	}
	fmt.Fprintf(t.w, format, args...)
}

func (t *Terminal) fileFinished(e Event) {
	verdict := t.style.green("ok  ")
	if e.Totals.Bad() > 0 {
		verdict = t.style.red("FAIL")
	}
	t.linef("%s  %s  %s %s\n", verdict, e.File, e.Totals, t.style.dim(fmt.Sprintf("in %.2f s", e.Seconds)))
}

func (t *Terminal) runFinished(e Event) {
	for i, skipped := range t.pending {
		if i == 0 {
			fmt.Fprintln(t.w)
		}
		t.skipped(skipped)
	}
	for i, failed := range t.trouble {
		t.failure(i+1, failed, i > 0 && sameHook(t.trouble[i-1], failed))
	}
	paint := t.style.green
	if e.Totals.Bad() > 0 {
		paint = t.style.red
	}
	fmt.Fprintf(t.w, "\n%s\n", paint(e.Totals.String()))
}

func (t *Terminal) skipped(e Event) {
	why := ""
	for _, p := range e.Problems {
		if p.Message != "" {
			why = ": " + p.Message
		}
	}
	place := t.style.dim(fmt.Sprintf("(%s:%d)", e.File, e.Line))
	fmt.Fprintf(t.w, "%s %s%s %s\n", t.style.yellow("skipped"), title(e), why, place)
}

// sameHook tells whether b failed for nothing but the hook that a failed for:
// it is described once.
func sameHook(a, b Event) bool {
	if len(a.Problems) != 1 || len(b.Problems) != 1 || a.File != b.File {
		return false
	}
	p, q := a.Problems[0], b.Problems[0]
	return p.Hook != "" && p.Hook == q.Hook && p.Message == q.Message &&
		len(p.Stack) > 0 && len(q.Stack) > 0 && p.Stack[0] == q.Stack[0]
}

func (t *Terminal) failure(number int, e Event, again bool) {
	if again {
		fmt.Fprintf(t.w, "%d) %s %s\n", number, t.style.bold(title(e)), t.style.dim("(likewise)"))
		return
	}
	fmt.Fprintf(t.w, "\n%d) %s\n", number, t.style.bold(title(e)))
	for _, p := range e.Problems {
		t.problem(e, p)
	}
}

// problem shows where something went wrong, what, and who called.
func (t *Terminal) problem(e Event, p Problem) {
	where := Frame{File: e.File, Line: e.Line}
	var callers []Frame
	if len(p.Stack) > 0 {
		where, callers = p.Stack[0], p.Stack[1:]
	}
	place := where.place()
	if p.Hook != "" {
		place += ", in " + p.Hook
	}
	t.indented(place, t.style.cyan)
	if where.Source != "" {
		t.indented("  | "+where.Source, t.style.plain)
	}
	t.indented(cmp.Or(p.Message, "(no message)"), t.style.red)
	if p.Diff != "" {
		t.indented(p.Diff, t.style.diff)
	}
	for _, f := range callers {
		t.indented("from "+f.place(), t.style.dim)
	}
}

func (t *Terminal) indented(text string, paint func(string) string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(t.w, "   %s\n", paint(line))
	}
}

// place is the frame as a report shows it.
func (f Frame) place() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	switch {
	case f.File == "":
		return f.Func
	case f.Func != "":
		return place + " in " + f.Func
	}
	return place
}

// title is the full name of a test or a block.
func title(e Event) string {
	return cmp.Or(strings.Join(e.Path, " "), e.File)
}
