package report

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"avescript/core/harness"
)

// github writes the log of a job of GitHub Actions: a group for each file, that
// opens with a click, and below them an annotation for each failure and for
// each warning. GitHub shows the first ten of a kind beside the source, so what
// failed for one hook is one annotation.
type github struct {
	w        io.Writer
	attempts attempts
	files    map[fileRun][]result // of those that have not finished
	trouble  []result
	warnings []annotation
}

// fileRun is a file in a worker. One that is repeated may run in two at once.
type fileRun struct {
	file   string
	worker int
}

// annotation is a command to the runner of the job.
type annotation struct {
	level   string
	at      harness.Frame
	title   string
	message string
}

// Report writes a file's group when it ends, and the rest when the run does.
func (g *github) Report(e harness.Event) {
	e = printable(e)
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
		g.warnings = append(g.warnings, annotation{"warning", at, what + ": " + title(r.Event), message})
	}
	if r.Quarantined && r.Status != harness.Passed && r.Status != harness.Pending {
		warn(at, "quarantined", summary(r.Event))
	}
	if r.Flaky() {
		warn(at, "flaky", fmt.Sprintf("passed at attempt %d%s", r.Attempt, r.history()))
	}
	for _, l := range r.Leaks {
		if l.Fail {
			continue // the test's error has it
		}
		made := at
		if l.Made != nil {
			made = *l.Made
		}
		warn(made, "left behind", leaked(l))
	}
}

func (g *github) group(e harness.Event, tests []result) {
	fmt.Fprintf(g.w, "::group::%s\n", githubData(fmt.Sprintf("%s  %s in %.2f s", e.File, e.Totals, e.Seconds)))
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

// indented writes lines that begin with a bar: the runner would obey one that
// begins with blanks and a command.
func (g *github) indented(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(g.w, "  | %s\n", inert(line))
	}
}

// inert breaks the older form of commands, which the runner finds anywhere in
// a line.
func inert(line string) string { return strings.ReplaceAll(line, "##[", "# #[") }

// errors are an annotation for each failure.
func (g *github) errors() []annotation {
	var list []annotation
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
		list = append(list, annotation{"error", at, name, summary(r.Event)})
	}
	return list
}

func (a annotation) String() string {
	var properties []string
	if a.at.File != "" {
		properties = append(properties, "file="+githubProperty(filepath.Clean(a.at.File)))
	}
	if a.at.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", a.at.Line))
	}
	properties = append(properties, "title="+githubProperty(a.title))
	message := strings.TrimRight(a.message, "\n")
	return fmt.Sprintf("::%s %s::%s", a.level, strings.Join(properties, ","), githubData(cmp.Or(message, a.title)))
}

func githubData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}
