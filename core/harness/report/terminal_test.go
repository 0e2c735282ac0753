package report_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"avescript/core/harness"
	"avescript/core/harness/report"
	"avescript/core/screen"
	"avescript/internal/poll"
)

// TestLongValuesAreCut: a failure must not flood the screen, and shows where two
// long values differ all the same.
func TestLongValuesAreCut(t *testing.T) {
	same := strings.Repeat("0123456789", 2500)
	line := strings.Repeat("a line of text\n", 5000)
	for name, p := range map[string]harness.Problem{
		"strings":    {Message: `expected: "` + same + "LEFT" + same + "\"\n  actual: \"" + same + "RIGHT" + same + `"`},
		"diff":       {Message: "differ", Diff: "-" + same + "LEFT" + same + "\n+" + same + "RIGHT" + same},
		"many lines": {Message: "LEFT\n" + line + "RIGHT"},
		"one line":   {Message: "LEFT and RIGHT " + strings.Repeat("ä", 25_000)},
	} {
		t.Run(name, func(t *testing.T) {
			e := test(0, "t.lua", 1, harness.Failed, 0, 0, "long")
			e.Problems = []harness.Problem{p}
			got := write(t, "terminal", report.View{}, []harness.Event{e, {Kind: harness.RunFinished, Totals: &harness.Totals{Failed: 1}}})
			if len(got) > 4000 {
				t.Errorf("%d bytes on the screen", len(got))
			}
			for _, want := range []string{"LEFT", "RIGHT"} {
				if !strings.Contains(got, want) {
					t.Errorf("nothing of %s in:\n%s", want, got)
				}
			}
			if !strings.Contains(got, "bytes)...") && !strings.Contains(got, "more lines") {
				t.Errorf("it does not say that something is left out:\n%s", got)
			}
			if strings.ContainsRune(got, '\uFFFD') {
				t.Errorf("a character was cut in two:\n%s", got)
			}
		})
	}
}

// TestManyAreCut: neither may a thousand of anything.
func TestManyAreCut(t *testing.T) {
	events := []harness.Event{{Kind: harness.RunStarted}}
	for i := range 1000 {
		for _, status := range []harness.Status{harness.Passed, harness.Pending} {
			e := test(0, "t.lua", 1, status, 0, 2, fmt.Sprint(i))
			e.Leaks = []harness.Leak{{Kind: "file", What: "file /tmp/x"}}
			events = append(events, e)
		}
		e := test(0, "t.lua", 1, harness.Error, 0, 0, fmt.Sprint(i))
		e.Quarantined = true
		events = append(events, e)
	}
	got := write(t, "terminal", report.View{}, append(events, harness.Event{Kind: harness.RunFinished, Totals: &harness.Totals{}}))
	if n := strings.Count(got, "\n"); n > 70 {
		t.Errorf("%d lines:\n%s", n, got)
	}
	for _, want := range []string{"990 more skipped", "990 more quarantined", "980 more warnings"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing of %q in:\n%s", want, got)
		}
	}
}

// TestProgress watches a run on a terminal.
func TestProgress(t *testing.T) {
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ptmx.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Cols: 60, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TERM", "xterm")
	glass := screen.New(60, 20)
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(glass, ptmx)
	}()
	set, err := report.Open(nil, tty, report.ViewOf(tty, false))
	if err != nil {
		t.Fatal(err)
	}
	shows := func(want ...string) {
		t.Helper()
		var text string
		if !poll.Holds(func() bool {
			text = glass.Snapshot().Text()
			return !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(text, w) })
		}) {
			t.Fatalf("wanted %q on the screen, got\n%s", want, text)
		}
	}
	running := func(worker int, name string) {
		set.Report(harness.Event{Kind: harness.TestStarted, File: "t.lua", Path: []string{name}, Worker: worker, Time: start + float64(worker)})
	}
	set.Report(harness.Event{Kind: harness.RunStarted, Files: 3})
	running(1, "leases")
	running(2, "releases")
	shows("0/3 files  0 done  0s  leases  releases")
	shows("done  1s  leases 1s  releases 1s") // time goes by, though nothing happens
	failed := test(1, "t.lua", 1, harness.Failed, 0, 0, "leases")
	set.Report(failed)
	running(1, "a name that is far too long for what is left of the line")
	shows("failed leases", "0/3 files  1 done  1 failed", "  releases ")
	set.Report(test(2, "t.lua", 2, harness.Passed, 0, 0, "releases"))
	set.Report(harness.Event{Kind: harness.FileFinished, File: "t.lua", Worker: 2, Totals: &harness.Totals{Passed: 1}})
	shows("1/3 files  2 done  1 failed")
	set.Report(harness.Event{Kind: harness.RunFinished, Totals: &harness.Totals{Passed: 1, Failed: 1}})
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	shows("1 passed, 1 failed")
	text := glass.Snapshot().Text()
	if strings.Contains(text, "/3 files") || strings.Contains(text, "ok    t.lua") {
		t.Errorf("wanted nothing of the progress, and no file that is well, on\n%s", text)
	}
	if want := "  failed leases (t.lua:1)\n\n1) leases"; !strings.HasPrefix(text, want) {
		t.Errorf("wanted %q at the beginning of\n%s", want, text)
	}
	tty.Close()
	ptmx.Close()
	<-read
}

// TestLive: what is not known to count is in the progress, and nowhere else.
func TestLive(t *testing.T) {
	var out bytes.Buffer
	set, err := report.Open(nil, &out, report.View{Live: true, Width: func() int { return 80 }})
	if err != nil {
		t.Fatal(err)
	}
	set.Report(harness.Event{Kind: harness.RunStarted, Files: 1})
	set.Live(harness.Event{Kind: harness.TestStarted, File: "t.lua", Path: []string{"leases\n"}, Worker: 1, Host: "lab-2"})
	set.Say("host lab-2 was lost")
	set.Report(harness.Event{Kind: harness.RunFinished, Totals: &harness.Totals{Passed: 1}})
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(out.String(), "\x1b[J\r", "")
	const want = "\r0/1 files  0 done  0s  leases\\n on lab-2\rhost lab-2 was lost\n\r0/1 files"
	if !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "1 passed, 0 failed\n") {
		t.Errorf("wanted %q, got %q", want, text)
	}
}

// TestPlain: without a terminal there is nothing but text.
func TestPlain(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if view := report.ViewOf(file, false); view.Live || view.Color {
		t.Errorf("a file is taken for a terminal: %+v", view)
	}
	var out bytes.Buffer
	terminal := report.NewTerminal(&out, report.View{})
	for _, e := range everything() {
		terminal.Report(e)
	}
	if strings.ContainsAny(out.String(), "\x1b\r") {
		t.Errorf("it has sequences in it: %q", out.String())
	}
}

// TestWorkersAreSorted: files of workers come mixed, and are told of one after
// the other. What has failed for one hook is described once, and what one line
// has left in many tests is one warning.
func TestWorkersAreSorted(t *testing.T) {
	events := []harness.Event{{Kind: harness.RunStarted, Files: 5}}
	made := harness.Frame{File: "a.lua", Line: 2}
	for i := range 10 {
		hooked := test(1, "a.lua", 10+i, harness.Error, 0, 0, fmt.Sprintf("hooked %d", i))
		hooked.Problems = []harness.Problem{{Hook: "before_each", Message: "no server", Stack: []harness.Frame{made}}}
		alone := test(2, "b.lua", 10+i, harness.Failed, 0, 0, fmt.Sprintf("alone %d", i))
		alone.Problems = []harness.Problem{{Message: "expected: 1\n  actual: 2\n\nand more"}}
		alone.Leaks = []harness.Leak{{Kind: "port", What: fmt.Sprintf("port %d", i), Made: &made}, {Kind: "process", What: "process", Fail: true}}
		events = append(events, hooked, alone)
	}
	got := write(t, "terminal", report.View{}, append(events, harness.Event{Kind: harness.RunFinished, Seconds: 7200, Totals: &harness.Totals{Failed: 20}}))
	for _, want := range []string{
		"\nwarning alone 0 left port 0, created at a.lua:2 and 9 more\n",
		"4) hooked 3 (same problem)\n   ... and 6 more with the same problem\n\n11) alone 0\n",
		"\nerror hooked 0 and 9 more: no server (a.lua:10)\nfailed alone 0: expected: 1 actual: 2 (b.lua:10)\n",
		"\nin 2 h 00 min with 2 workers\nfiles not run: 5\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing of %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "left process") {
		t.Errorf("a leak that failed its test is a warning, too:\n%s", got)
	}
}

// TestProgressIsNarrow draws the line in all widths: it never needs more than
// there is, whatever the names are made of.
func TestProgressIsNarrow(t *testing.T) {
	for width := range 130 {
		var out bytes.Buffer
		terminal := report.NewTerminal(&out, report.View{Live: true, Width: func() int { return width }})
		terminal.Report(harness.Event{Kind: harness.RunStarted, Files: 200})
		for worker := range 16 {
			terminal.Report(harness.Event{Kind: harness.TestStarted, Path: []string{"漢字 🚀 é", strings.Repeat("name ", 10)}, Worker: worker + 1})
		}
		terminal.Report(test(17, "t.lua", 1, harness.Failed, 0, 0, "x")) // has the line drawn again at once
		for line := range strings.SplitSeq(out.String(), "\r") {
			if n := ansi.StringWidth(line); n >= max(1, width) && strings.Contains(line, "files") {
				t.Errorf("%d columns in a terminal of %d: %q", n, width, line)
			}
		}
	}
}
