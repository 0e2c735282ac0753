package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"avescript/core/harness"
	"avescript/core/harness/report"
	"avescript/internal/golden"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a report of events and returns what it has written.
func write(t *testing.T, name string, view report.View, events []harness.Event) string {
	t.Helper()
	var out bytes.Buffer
	set, err := report.Open([]string{name}, &out, view)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		set.Report(e)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestGolden compares the whole of each report of one run with its golden file;
// of the page that is what it is told.
func TestGolden(t *testing.T) {
	for file, c := range map[string]struct {
		report string
		view   report.View
		of     func(*testing.T, string) string
		events func() []harness.Event // everything, unless it is given
	}{
		"terminal.golden":       {report: "terminal"},
		"terminal-color.golden": {report: "terminal", view: report.View{Color: true}},
		"tap.golden":            {report: "tap"},
		"junit.golden":          {report: "junit"},
		"json.golden":           {report: "json"},
		"github.golden":         {report: "github"},
		"html.golden":           {report: "html", of: pageData},
		"fleet-terminal.golden": {report: "terminal", events: fleet},
		"fleet-tap.golden":      {report: "tap", events: fleet},
		"fleet-junit.golden":    {report: "junit", events: fleet},
		"fleet-json.golden":     {report: "json", events: fleet},
		"fleet-github.golden":   {report: "github", events: fleet},
		"fleet-html.golden":     {report: "html", of: pageData, events: fleet},
	} {
		t.Run(file, func(t *testing.T) {
			if c.events == nil {
				c.events = everything
			}
			got := write(t, c.report, c.view, c.events())
			if c.of != nil {
				got = c.of(t, got)
			}
			wd, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "testdata/"+file, strings.ReplaceAll(got, wd, "/DIR"))
		})
	}
}

// pageData is the JSON in a page, indented.
func pageData(t *testing.T, page string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `id="data">`)
	data, _, ends := strings.Cut(rest, "</script>")
	if !found || !ends {
		t.Fatal("the page has no data")
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(data), "", " "); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return b.String() + "\n"
}

// TestTotalsAreLast holds for the reports that people read.
func TestTotalsAreLast(t *testing.T) {
	const want = "2 passed, 10 failed, 1 skipped, 1 xfailed, 1 quarantined, 1 flaky"
	for _, name := range []string{"terminal", "github"} {
		lines := strings.Split(strings.TrimSpace(write(t, name, report.View{}, everything())), "\n")
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("%s ends with %q, wanted %q", name, got, want)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		specs []string
		want  string // of the error
	}{
		"unknown":       {[]string{"junti=x"}, `there is no report "junti"; valid names are github, html, json, junit, tap, tap13, terminal`},
		"unwritable":    {[]string{"junit=" + in("none/x.xml")}, "report junit: open " + in("none/x.xml") + ": no such file or directory"},
		"both stdout":   {[]string{"tap", "json"}, "the reports tap and json both go to standard output: give one of them a file, as in json=FILE"},
		"both one file": {[]string{"tap=" + in("a"), "json=" + in("a")}, "both go to the same file: give one of them another file"},
		"no name":       {[]string{"=x"}, `there is no report ""`},
		"no file":       {[]string{"junit="}, `--report: wanted junit or junit=FILE, got "junit="`},
		"other words":   {[]string{"tap=" + in("a"), "json=" + dir + "/./a"}, "both go to the same file: give one of them another file"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := report.Open(c.specs, &out, report.View{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, wanted %q", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q", out.String())
			}
		})
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("mistakes left %v", left)
	}
}

// A file can be found in many ways, and it may be standard output.
func TestOpenKnowsFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	stdout, err := os.Create(in("stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	err = errors.Join(os.WriteFile(in("file"), nil, 0o600), os.Symlink(in("file"), in("link")), os.Symlink(dir, in("dir")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ one, other, want string }{
		"a link":                {in("file"), in("link"), "both go to the same file: give one of them another file"},
		"a link to a directory": {in("new"), in("dir/new"), "both go to the same file: give one of them another file"},
		"standard output":       {"-", in("stdout"), "both go to standard output"},
		"the null device":       {os.DevNull, os.DevNull, ""},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := report.Open([]string{"tap=" + c.one, "json=" + c.other}, stdout, report.View{})
			if err == nil {
				err = set.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, wanted %q", err, c.want)
			}
		})
	}
}

// TestSeveral writes all reports at once, and the terminal view beside them.
func TestSeveral(t *testing.T) {
	dir := t.TempDir()
	var specs []string
	for _, name := range report.Names() {
		specs = append(specs, name+"="+filepath.Join(dir, name))
	}
	var out bytes.Buffer
	set, err := report.Open(specs, &out, report.View{Color: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range everything() {
		set.Report(e)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range report.Names() {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(write(t, name, report.View{}, everything()), string(got)); diff != "" {
			t.Errorf("%s in a file (-alone +with others):\n%s", name, diff)
		}
	}
	if want := write(t, "terminal", report.View{Color: true}, everything()); out.String() != want {
		t.Errorf("on the terminal:\n%s", cmp.Diff(want, out.String()))
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// TestWriteErrors: a report that could not be written is not lost in silence.
func TestWriteErrors(t *testing.T) {
	for _, name := range report.Names() {
		set, err := report.Open([]string{name}, fullDisk{}, report.View{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range everything() {
			set.Report(e)
		}
		if err := set.Close(); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "report "+name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestNothing is a run that has left out all tests: that is all there is to say.
func TestNothing(t *testing.T) {
	none := harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: harness.NothingToRun}}}
	events := []harness.Event{
		{Kind: harness.RunStarted, Files: 1}, started(1, "a.lua"),
		{Kind: harness.FileFinished, File: "a.lua", Worker: 1, Totals: &harness.Totals{}},
		none, {Kind: harness.RunFinished, Totals: &harness.Totals{Errors: 1}},
	}
	for name, want := range map[string]string{
		"terminal": "there was no test to run\n",
		"github":   "::error title=the run::there was no test to run\n0 passed, 1 failed\n",
	} {
		if diff := cmp.Diff(want, strings.TrimLeft(write(t, name, report.View{}, events), "\n")); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if got := write(t, "tap", report.View{}, events); !strings.HasPrefix(got, "TAP version 14\nnot ok 1 - the run\n") {
		t.Errorf("got %s", got)
	}
}
