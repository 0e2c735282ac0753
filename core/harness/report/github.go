package report

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"avescript/core/harness"
)

// github writes the log of a GitHub Actions job: a collapsed group for each file, and
// below them an annotation for each failure and each warning. GitHub shows the first
// ten of a kind beside the source, so all failures caused by one hook are one
// annotation.
type github struct {
	w        io.Writer
	attempts attempts
	files    map[fileRun][]result // of the files that have not finished
	trouble  []result
	warnings []Annotation
}

// fileRun is a file in a worker. A repeated file may run in two workers at the same
// time.
type fileRun struct {
	file   string
	worker int
}

// Annotation is a command of GitHub Actions that shows a message beside a line of the
// source.
type Annotation struct {
	Level   string // "error" or "warning"
	At      harness.Frame
	Title   string
	Message string // the title if it is empty
}

// Report writes the group of a file when the file ends, and the rest when the run ends.
func (g *github) Report(e harness.Event) {
	e = harmless(e)
	if r, ok := g.attempts.result(e); ok {
		g.finished(r)
		return
	}
	switch e.Kind {
	case harness.FileFinished:
		at := fileRun{e.File, e.Worker}
		if e.Totals.Tests() > 0 {
			g.group(e, g.files[at])
		}
		delete(g.files, at)
	case harness.RunFinished:
		for _, a := range append(g.errors(), g.warnings...) {
			fmt.Fprintln(g.w, a)
		}
		fmt.Fprintln(g.w, e.Totals)
	}
}

func (g *github) finished(r result) {
	if g.files == nil {
		g.files = map[fileRun][]result{}
	}
	ran := fileRun{r.File, r.Worker}
	g.files[ran] = append(g.files[ran], r)
	if r.Bad() {
		g.trouble = append(g.trouble, r)
	}
	at := harness.Frame{File: r.File, Line: r.Line}
	warn := func(at harness.Frame, what, message string) {
		g.warnings = append(g.warnings, Annotation{"warning", at, what + ": " + title(r.Event), message})
	}
	if r.Quarantined && r.Status != harness.Passed && r.Status != harness.Pending {
		warn(at, "quarantined", summary(r.Event))
	}
	if r.Flaky() {
		warn(at, "flaky", fmt.Sprintf("passed on attempt %d%s", r.Attempt, r.history()))
	}
	for _, l := range r.Leaks {
		if l.Fail {
			continue // it is part of the test's error
		}
		made := at
		if l.Made != nil {
			made = *l.Made
		}
		warn(made, "left behind", leaked(l))
	}
}

func (g *github) group(e harness.Event, tests []result) {
	fmt.Fprintf(g.w, "::group::%s\n", githubData(fmt.Sprintf("%s  %s in %.2f s%s", e.File, e.Totals, e.Seconds, on(e))))
	for _, r := range tests {
		fmt.Fprintf(g.w, "%-7s %s (%s)\n", r.Status, inert(title(r.Event)), duration(r.Seconds))
		for _, attempt := range append(r.Earlier, r.Event) {
			g.indented(attempt.Output)
		}
		if r.Status != harness.Passed {
			g.indented(description(r.Event))
		}
	}
	fmt.Fprintln(g.w, "::endgroup::")
}

// indented writes lines that begin with a bar. Without it, GitHub would execute a line
// that consists of blanks and a command.
func (g *github) indented(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(g.w, "  | %s\n", inert(line))
	}
}

// inert breaks commands in the older form, which GitHub executes anywhere in a line.
func inert(line string) string { return strings.ReplaceAll(line, "##[", "# #[") }

// errors returns an annotation for each group of failures.
func (g *github) errors() []Annotation {
	var list []Annotation
	for _, group := range byHook(byFile(g.trouble)) {
		r := group[0]
		at := harness.Frame{File: r.File, Line: r.Line}
		if len(r.Problems) > 0 {
			at, _ = where(r.Event, r.Problems[0])
		}
		name := title(r.Event)
		if n := len(group) - 1; n > 0 {
			name += fmt.Sprintf(" and %d more", n)
		}
		list = append(list, Annotation{"error", at, name + on(r.Event), summary(r.Event)})
	}
	return list
}

// String is the annotation as a command.
func (a Annotation) String() string {
	var properties []string
	if a.At.File != "" {
		properties = append(properties, "file="+githubProperty(filepath.Clean(a.At.File)))
	}
	if a.At.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", a.At.Line))
	}
	properties = append(properties, "title="+githubProperty(a.Title))
	message := strings.TrimRight(a.Message, "\n")
	return fmt.Sprintf("::%s %s::%s", a.Level, strings.Join(properties, ","), githubData(cmp.Or(message, a.Title)))
}

func githubData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}
