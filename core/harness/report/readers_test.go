package report_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
	"avescript/core/harness/report"
)

// needs finds a program, or skips the test.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	return path
}

// read gives a report to a program, and returns what that says of it.
func read(t *testing.T, text, program string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), needs(t, program), append(args, file)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// everyCharacter is a run with a test for every character that could do harm, in all
// that tests can say.
func everyCharacter() []harness.Event {
	events := []harness.Event{{Kind: harness.RunStarted, Files: 1}}
	say := func(text string) {
		e := test(0, "t/"+text+".lua", 1, harness.Failed, 0, 0.1, text, "a"+text+"b")
		e.Problems = []harness.Problem{{Hook: text, Message: text, Diff: text, Stack: []harness.Frame{{File: text, Line: 1, Func: text, Source: text}}}}
		e.Output, e.Tags = text, []string{text}
		e.Leaks = []harness.Leak{{Kind: text, What: text}}
		e.Artifacts = []harness.Artifact{{Kind: text, Name: text, Path: text}}
		events = append(events, e)
	}
	for r := range rune(0x100) {
		say(string(r))
		say(string([]byte{byte(r)}))
	}
	for _, r := range []rune{0x2028, 0x202e, 0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff} {
		say(string(r))
	}
	return append(events, harness.Event{Kind: harness.RunFinished, Totals: &harness.Totals{Failed: len(events) - 1}})
}

// TestNothingHarmful: whatever tests say, reports are text, and no sequence of a
// terminal is in them.
func TestNothingHarmful(t *testing.T) {
	for _, name := range report.Names() {
		text := write(t, name, report.View{}, everyCharacter())
		if !utf8.ValidString(text) {
			t.Errorf("%s is not UTF-8", name)
		}
		for i, r := range text {
			// JSON quotes only what is below the blank.
			quoted := (name == "json" || name == "html") && r > ' '
			if r != '\n' && r != '\t' && unicode.IsControl(r) && !quoted {
				t.Errorf("%s has %U in %q", name, r, text[max(0, i-20):i+1])
				break
			}
		}
	}
}

func TestJUnitIsXML(t *testing.T) {
	for name, events := range map[string][]harness.Event{"everything": everything(), "characters": everyCharacter()} {
		text := write(t, "junit", report.View{}, events)
		var suites struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Suites   []struct {
				Tests int `xml:"tests,attr"`
				Cases []struct {
					Failure []struct{} `xml:"failure"`
					Error   []struct{} `xml:"error"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(text), &suites); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tests, failures, errors := 0, 0, 0
		for _, s := range suites.Suites {
			tests += len(s.Cases)
			for _, c := range s.Cases {
				failures += len(c.Failure)
				errors += len(c.Error)
			}
		}
		if tests != suites.Tests || failures != suites.Failures || errors != suites.Errors || tests == 0 {
			t.Errorf("%s: %d tests, %d failures and %d errors are not those of %+v", name, tests, failures, errors, suites)
		}
	}
}

// TestStrictParsers has those read it that refuse what XML does not allow.
func TestStrictParsers(t *testing.T) {
	for name, command := range map[string][]string{
		"expat":   {"python3", "-c", "import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])"},
		"minidom": {"python3", "-c", "import sys, xml.dom.minidom as t; t.parse(sys.argv[1])"},
		"sax":     {"python3", "-c", "import sys, xml.sax as t; t.parse(sys.argv[1], t.ContentHandler())"},
		"libxml2": {"xmllint", "--noout"},
		"schema":  {"xmllint", "--noout", "--schema", "testdata/junit.xsd"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, events := range [][]harness.Event{everything(), everyCharacter()} {
				read(t, write(t, "junit", report.View{}, events), command[0], command[1:]...)
			}
		})
	}
}

// TestTAPParser has Perl's TAP::Parser count, which is what prove uses.
func TestTAPParser(t *testing.T) {
	const program = `my $p = TAP::Parser->new({ tap => do { local $/; <> } });
		while (my $r = $p->next) { print "unknown: ", $r->raw, "\n" if $r->is_unknown }
		printf "%d points, %d failed, %d todo, %d skipped, %d planned\n",
			$p->tests_run, scalar $p->failed, scalar $p->todo, scalar $p->skipped, $p->tests_planned;`
	if err := exec.Command(needs(t, "perl"), "-MTAP::Parser", "-e", "1").Run(); err != nil {
		t.Skip("TAP::Parser is not installed")
	}
	for _, name := range []string{"tap", "tap13"} {
		got := read(t, write(t, name, report.View{}, everything()), "perl", "-MTAP::Parser", "-e", program)
		if want := "15 points, 10 failed, 2 todo, 1 skipped, 15 planned\n"; got != want {
			t.Errorf("it reads %q of %s, wanted %q", got, name, want)
		}
	}
}

// TestProve has prove read a run that has passed. The one of most systems knows
// version 13.
func TestProve(t *testing.T) {
	passed := []harness.Event{
		{Kind: harness.RunStarted, Files: 1},
		test(1, "t.lua", 1, harness.Passed, 0, 1, "works"),
		{Kind: harness.RunFinished, Totals: &harness.Totals{Passed: 1}},
	}
	if got := read(t, write(t, "tap13", report.View{}, passed), "prove", "-e", "cat"); !strings.Contains(got, "Result: PASS") {
		t.Errorf("it says %s", got)
	}
}

// TestProveReadsLongLines: Perl's reader of YAML gives up at 65,534 characters in quotes.
func TestProveReadsLongLines(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	failed := test(2, "t.lua", 2, harness.XFailed, 0, 1, "is known to fail")
	failed.Problems = []harness.Problem{{Message: "begin " + long + " end"}}
	passed := test(1, "t.lua", 1, harness.Passed, 0, 1, "writes "+long)
	passed.Output = "first\n" + long + "\n" + strings.Repeat("short\n", 20_000) + "last\n"
	run := []harness.Event{{Kind: harness.RunStarted, Files: 1}, passed, failed, {Kind: harness.RunFinished, Totals: &harness.Totals{Passed: 1, XFailed: 1}}}
	text := write(t, "tap13", report.View{}, run)
	for _, want := range []string{"output: \"first\\nxxx", "\\n... ", " bytes left out ...\\n", "short\\nlast\"\n", "begin xxx", "xxx end\"\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing of %s in %.300s", want, text)
		}
	}
	if got := read(t, text, "prove", "-e", "cat"); !strings.Contains(got, "Result: PASS") || strings.Contains(got, "limit") {
		t.Errorf("it says %s", got)
	}
}

// TestGitHubObeysNothing: the runner obeys lines that begin with a command, and
// commands of the older form anywhere, but only those that are ours.
func TestGitHubObeysNothing(t *testing.T) {
	for line := range strings.Lines(write(t, "github", report.View{}, everything())) {
		command, _, isCommand := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "::"), "::")
		name, _, _ := strings.Cut(command, " ")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "::"):
			if !isCommand || !strings.Contains(" group endgroup error warning ", " "+name+" ") {
				t.Errorf("a command that is not ours: %q", line)
			}
		case strings.Contains(line, "##["):
			t.Errorf("a command inside of a line: %q", line)
		}
	}
}

func TestGitHubEscapes(t *testing.T) {
	e := test(0, "./t/a,b:c.lua", 3, harness.Failed, 0, 0, "100%, a: b")
	e.Problems = []harness.Problem{{Message: "one\ntwo 50%"}}
	got := write(t, "github", report.View{}, []harness.Event{e, {Kind: harness.RunFinished, Totals: &harness.Totals{Failed: 1}}})
	want := "::error file=t/a%2Cb%3Ac.lua,line=3,title=100%25%2C a%3A b::./t/a,b:c.lua:3%0Aone%0Atwo 50%25\n0 passed, 1 failed\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestGitHubRepeats runs a file in two workers at once: each group has the tests
// of one of them.
func TestGitHubRepeats(t *testing.T) {
	finished := func(worker int) harness.Event {
		return harness.Event{Kind: harness.FileFinished, File: "a.lua", Worker: worker, Totals: &harness.Totals{Passed: 1}}
	}
	got := write(t, "github", report.View{}, []harness.Event{
		started(1, "a.lua"), started(2, "a.lua"),
		test(1, "a.lua", 1, harness.Passed, 0, 0.001, "first"), test(2, "a.lua", 1, harness.Passed, 0, 0.002, "first"),
		finished(2), finished(1),
		{Kind: harness.RunFinished, Totals: &harness.Totals{Passed: 2}},
	})
	const group = "::group::a.lua  1 passed, 0 failed in 0.00 s\npassed  first (%d ms)\n::endgroup::\n"
	if diff := cmp.Diff(fmt.Sprintf(group+group, 2, 1)+"2 passed, 0 failed\n", got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestGitHubTellsLeaksOnce: one that fails its test is part of the error.
func TestGitHubTellsLeaksOnce(t *testing.T) {
	e := test(0, "a.lua", 1, harness.Failed, 0, 0, "leaves")
	e.Leaks = []harness.Leak{{Kind: "process", What: "process 1", Fail: true}, {Kind: "file", What: "file x"}}
	got := write(t, "github", report.View{}, []harness.Event{e, {Kind: harness.RunFinished, Totals: &harness.Totals{Failed: 1}}})
	if strings.Contains(got, "process 1") || !strings.Contains(got, "::warning file=a.lua,line=1,title=left behind%3A leaves::file x\n") {
		t.Errorf("got %s", got)
	}
}
