package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"avescript/core/harness"
)

// tap writes the Test Anything Protocol, with one test point for each test, in the
// order in which they end. There are no subtests, because most readers count only the
// points of the outermost level. So the output is valid in versions 13 and 14, and can
// be labelled 13 for readers that refuse newer versions.
//
// Tests that are expected to fail or in quarantine are failures with the directive
// TODO, which means the same. Earlier attempts of a test are in the diagnosis of the
// last one.
type tap struct {
	w        io.Writer
	version  int
	attempts attempts
	points   int
}

// Report writes the event, if it is a result.
func (t *tap) Report(e harness.Event) {
	e = harmless(e)
	if r, ok := t.attempts.result(e); ok {
		t.point(r)
		return
	}
	switch e.Kind {
	case harness.RunStarted:
		fmt.Fprintf(t.w, "TAP version %d\n", t.version)
	case harness.FileFinished:
		if e.Totals.Tests() > 0 {
			fmt.Fprintf(t.w, "# %s: %s\n", tapText(e.File), e.Totals)
		}
	case harness.RunFinished:
		fmt.Fprintf(t.w, "1..%d\n# %s in %.2f s\n", t.points, e.Totals, e.Seconds)
	}
}

func (t *tap) point(r result) {
	t.points++
	verdict, directive := "ok", ""
	switch {
	case r.Bad():
		verdict = "not ok"
	case r.Status == harness.Pending:
		directive = " # SKIP " + tapText(reason(r.Event))
	case r.Status == harness.XFailed:
		verdict, directive = "not ok", " # TODO expected to fail"+tapText(r.reason())
	case r.Status != harness.Passed:
		verdict, directive = "not ok", " # TODO in quarantine"+tapText(r.reason())
	}
	name := cmp.Or(r.File, title(r.Event))
	if len(r.Path) > 0 {
		name = r.File + ": " + title(r.Event)
	}
	fmt.Fprintf(t.w, "%s %d - %s%s\n", verdict, t.points, tapText(name), directive)
	t.diagnosis(r, verdict == "ok")
}

// tapText escapes text for the line of a test point.
func tapText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(text)
}

// diagnosis writes the YAML block below a test point.
func (t *tap) diagnosis(r result, ok bool) {
	fmt.Fprintf(t.w, "  ---\n  duration_ms: %.3f\n", r.Seconds*1000)
	if r.Host != "" {
		fmt.Fprintf(t.w, "  host: %s\n", yaml(r.Host))
	}
	if !ok {
		at := harness.Frame{File: r.File, Line: r.Line}
		if len(r.Problems) > 0 {
			at, _ = where(r.Event, r.Problems[0])
		}
		fmt.Fprintf(t.w, "  severity: %s\n", yaml(string(r.Status)))
		fmt.Fprintf(t.w, "  at:\n    file: %s\n    line: %d\n", yaml(at.File), at.Line)
		fmt.Fprintf(t.w, "  message: %s\n", yaml(description(r.Event)))
	}
	for i, e := range r.Earlier {
		if i == 0 {
			fmt.Fprintf(t.w, "  attempts:\n")
		}
		fmt.Fprintf(t.w, "    - %s\n", yaml(description(e)))
	}
	if r.Output != "" {
		fmt.Fprintf(t.w, "  output: %s\n", yaml(r.Output))
	}
	for i, l := range r.Leaks {
		if i == 0 {
			fmt.Fprintf(t.w, "  leaks:\n")
		}
		fmt.Fprintf(t.w, "    - %s\n", yaml(leaked(l)))
	}
	for i, a := range r.Artifacts {
		if i == 0 {
			fmt.Fprintf(t.w, "  artifacts:\n")
		}
		fmt.Fprintf(t.w, "    - %s\n", yaml(located(a)))
	}
	fmt.Fprintln(t.w, "  ...")
}

// longestYAML is the limit for a text, in bytes. Before Perl 5.30, TAP::Parser, on
// which prove is based, reads at most 32,766 characters in quotes.
const longestYAML = 16 << 10

// yaml is text in double quotes, which JSON and YAML write in the same way, and which
// cannot be mistaken for a line of TAP.
func yaml(text string) string {
	text = harness.Cut(strings.TrimRight(text, "\n"), longestYAML)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // strings can always be encoded
	return strings.TrimRight(b.String(), "\n")
}
