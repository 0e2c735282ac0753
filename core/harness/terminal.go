package harness

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is the reporter for people. While tests run it has a line for each
// test that fails and one for each file that ends; what is to be known of the
// failures comes at the end, and the very last line is always of the form
//
//	12 passed, 0 failed
//
// followed by ", 1 skipped" when there are pending tests.
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

// UseColor reports whether f is a terminal whose user has not asked for plain
// text (see no-color.org).
func UseColor(f *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	_ = conn.Control(func(fd uintptr) {
		_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		terminal = err == nil
	})
	return terminal
}

// Report shows the event.
func (t *Terminal) Report(e Event) {
	switch e.Kind {
	case FileStarted:
		t.done, t.progress = 0, time.Now()
	case TestFinished:
		t.done++
		t.testFinished(e)
	case BlockFailed:
		t.trouble = append(t.trouble, e)
		t.linef("  %s %s\n", t.style.red("error"), title(e))
	case FileFinished:
		t.fileFinished(e)
	case RunFinished:
		t.runFinished(e)
	}
}

func (t *Terminal) testFinished(e Event) {
	switch e.Status {
	case Passed:
		t.count()
	case Pending:
		t.pending = append(t.pending, e)
	default:
		t.trouble = append(t.trouble, e)
		t.linef("  %s %s\n", t.style.red(fmt.Sprintf("%-6s", e.Status)), title(e))
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
	verdict, failed := t.style.green("ok  "), ""
	if bad := e.Totals.Bad(); bad > 0 {
		verdict, failed = t.style.red("FAIL"), fmt.Sprintf(", %d failed", bad)
	}
	t.linef("%s  %s  %s%s %s\n", verdict, e.File, plural(e.Totals.Tests(), "test"), failed,
		t.style.dim("in "+seconds(e.Seconds)))
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
	fmt.Fprintf(t.w, "\n%s\n", t.summary(*e.Totals))
}

func (t *Terminal) skipped(e Event) {
	why := ""
	for _, p := range e.Problems {
		if p.Message != "" {
			why = ": " + p.Message
		}
	}
	fmt.Fprintf(t.w, "%s %s%s %s\n", t.style.yellow("skipped"), title(e), why, t.style.dim(fmt.Sprintf("(%s:%d)", e.File, e.Line)))
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
	label := fmt.Sprintf("%d) ", number)
	if again {
		fmt.Fprintf(t.w, "%s%s %s\n", label, t.style.bold(title(e)), t.style.dim("(likewise)"))
		return
	}
	fmt.Fprintf(t.w, "\n%s%s\n", label, t.style.bold(title(e)))
	for _, p := range e.Problems {
		t.problem(e, p)
	}
}

func (t *Terminal) problem(e Event, p Problem) {
	const indent = "   "
	where := Frame{File: e.File, Line: e.Line}
	if len(p.Stack) > 0 {
		where = p.Stack[0]
	}
	place := where.File
	if where.Line > 0 {
		place = fmt.Sprintf("%s:%d", where.File, where.Line)
	}
	if p.Hook != "" {
		place += ", in " + p.Hook
	}
	fmt.Fprintf(t.w, "%s%s\n", indent, t.style.cyan(place))
	if where.Source != "" {
		fmt.Fprintf(t.w, "%s  %s %s\n", indent, t.style.dim("|"), where.Source)
	}
	t.block(indent, cmp.Or(p.Message, "(no message)"), t.style.red)
	for line := range strings.Lines(p.Diff) {
		fmt.Fprintf(t.w, "%s  %s\n", indent, t.style.diff(strings.TrimSuffix(line, "\n")))
	}
	if len(p.Stack) > 1 {
		for _, f := range p.Stack[1:] {
			fmt.Fprintf(t.w, "%s%s\n", indent, t.style.dim(fmt.Sprintf("from %s:%d%s", f.File, f.Line, in(f.Func))))
		}
	}
}

func (t *Terminal) block(indent, text string, paint func(string) string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(t.w, "%s%s\n", indent, paint(line))
	}
}

func (t *Terminal) summary(totals Totals) string {
	line := fmt.Sprintf("%d passed, %d failed", totals.Passed, totals.Bad())
	if totals.Pending > 0 {
		line += fmt.Sprintf(", %d skipped", totals.Pending)
	}
	if totals.Bad() > 0 {
		return t.style.red(line)
	}
	return t.style.green(line)
}

// title is the full name of a test or a block.
func title(e Event) string {
	return cmp.Or(strings.Join(e.Path, " "), e.File)
}

func in(function string) string {
	if function == "" {
		return ""
	}
	return " in " + function
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func seconds(s float64) string { return fmt.Sprintf("%.2f s", s) }
