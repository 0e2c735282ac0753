package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"avescript/core/harness"
)

// junit writes JUnit XML when the run ends, with a suite for each file, and in a fleet for
// each host that has run a part of it. It uses what the schemas of Jenkins' xUnit plugin
// and of Maven Surefire have in common, plus timestamps and names of hosts, which
// Surefire's schema lacks. So each test has at most one failure, however many problems it
// had. Characters that XML cannot contain are written as
// escape sequences.
//
// Tests that are expected to fail or in quarantine are skipped.
type junit struct {
	w        io.Writer
	attempts attempts
	seed     int
	suites   []*junitSuite
	byPlace  map[junitPlace]*junitSuite
}

// junitPlace is a file, and the host of a fleet where it has run.
type junitPlace struct{ file, host string }

type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string `xml:"name,attr"`
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Skipped   int    `xml:"skipped,attr"`
	Time      string `xml:"time,attr"`
	Timestamp string `xml:"timestamp,attr,omitempty"`
	Host      string `xml:"hostname,attr,omitempty"`

	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase has its elements in the order that Surefire's schema requires.
type junitCase struct {
	Name          string        `xml:"name,attr"`
	Class         string        `xml:"classname,attr"`
	Time          string        `xml:"time,attr"`
	Failure       *junitProblem `xml:"failure"`
	RerunFailures []junitRerun  `xml:"rerunFailure"`
	FlakyFailures []junitRerun  `xml:"flakyFailure"`
	Skipped       *junitSkip    `xml:"skipped"`
	Error         *junitProblem `xml:"error"`
	RerunErrors   []junitRerun  `xml:"rerunError"`
	FlakyErrors   []junitRerun  `xml:"flakyError"`
	Output        string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkip struct {
	Message string `xml:"message,attr,omitempty"`
}

type junitRerun struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Stack   string `xml:"stackTrace"`
	Output  string `xml:"system-out,omitempty"`
}

// Report records the event, and writes everything after the last one.
func (j *junit) Report(e harness.Event) {
	e = harmless(e)
	if r, ok := j.attempts.result(e); ok {
		j.suite(r.Event).add(r)
		return
	}
	switch e.Kind {
	case harness.RunStarted:
		j.seed = e.Seed
	case harness.FileStarted:
		j.suite(e).started(e)
	case harness.FileFinished:
		j.suite(e).Time = junitTime(e.Seconds)
	case harness.RunFinished:
		j.write(e)
	}
}

func (j *junit) suite(e harness.Event) *junitSuite {
	at := junitPlace{e.File, e.Host}
	s := j.byPlace[at]
	if s == nil {
		s = &junitSuite{Name: e.File, Host: e.Host, Time: junitTime(0)}
		if j.seed != 0 {
			s.set("shuffle", j.seed)
		}
		if j.byPlace == nil {
			j.byPlace = map[junitPlace]*junitSuite{}
		}
		j.byPlace[at] = s
		j.suites = append(j.suites, s)
	}
	return s
}

func (s *junitSuite) started(e harness.Event) {
	if e.Time > 0 {
		s.Timestamp = time.UnixMicro(int64(e.Time * 1e6)).UTC().Format("2006-01-02T15:04:05")
	}
	if e.Worker > 0 {
		s.set("worker", e.Worker)
	}
}

// set sets a property, replacing an earlier value: a file can run more than once.
func (s *junitSuite) set(name string, value int) {
	if s.Properties == nil {
		s.Properties = &junitProperties{}
	}
	list := slices.DeleteFunc(s.Properties.List, func(p junitProperty) bool { return p.Name == name })
	s.Properties.List = append(list, junitProperty{name, strconv.Itoa(value)})
}

func (s *junitSuite) add(r result) {
	c := junitCase{
		Name:   cmp.Or(strings.Join(r.Path, " "), "(file)"),
		Class:  className(r.File),
		Time:   junitTime(r.Seconds),
		Output: junitOutput(r),
	}
	s.Tests++
	c.verdict(r)
	c.earlier(r)
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func (c *junitCase) verdict(r result) {
	problem := &junitProblem{Message: reason(r.Event), Type: string(r.Status), Text: description(r.Event)}
	switch {
	case r.Bad() && (r.Status == harness.Failed || r.Status == harness.XPassed):
		c.Failure = problem
	case r.Bad():
		c.Error = problem
	case r.Status == harness.Pending:
		c.Skipped = &junitSkip{Message: reason(r.Event)}
	case r.Status == harness.XFailed:
		c.Skipped = &junitSkip{Message: "expected to fail" + r.reason()}
	case r.Status != harness.Passed:
		c.Skipped = &junitSkip{Message: "in quarantine" + r.reason()}
	}
}

// earlier adds the attempts before the last one.
func (c *junitCase) earlier(r result) {
	for _, e := range r.Earlier {
		again := junitRerun{Message: reason(e), Type: string(e.Status), Stack: description(e), Output: e.Output}
		list := &c.RerunFailures
		switch {
		case r.Flaky() && e.Status == harness.Failed:
			list = &c.FlakyFailures
		case r.Flaky():
			list = &c.FlakyErrors
		case e.Status != harness.Failed:
			list = &c.RerunErrors
		}
		*list = append(*list, again)
	}
}

// className is the path of the file without its extension, in the form of a class name:
// Jenkins and others build a tree from its dots.
func className(file string) string {
	file = strings.TrimPrefix(strings.TrimSuffix(filepath.Clean(file), filepath.Ext(file)), "/")
	return strings.ReplaceAll(strings.ReplaceAll(file, ".", "_"), "/", ".")
}

// junitOutput is the output of a test and what it left behind. Plugins look for
// attachments there.
func junitOutput(r result) string {
	var b strings.Builder
	if r.Output != "" {
		fmt.Fprintln(&b, strings.TrimRight(r.Output, "\n"))
	}
	if !r.Bad() && r.Status != harness.Passed && r.Status != harness.Pending {
		fmt.Fprint(&b, description(r.Event))
	}
	for _, l := range r.Leaks {
		fmt.Fprintf(&b, "left behind: %s\n", leaked(l))
	}
	for _, a := range r.Artifacts {
		path, err := filepath.Abs(a.Path)
		if err != nil {
			path = a.Path
		}
		fmt.Fprintf(&b, "[[ATTACHMENT|%s]]\n", path)
	}
	return b.String()
}

// junitTime formats a time as Surefire's schema requires.
func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

func (j *junit) write(e harness.Event) {
	all := junitSuites{Name: "avescript", Time: junitTime(e.Seconds), Suites: j.suites}
	for _, s := range j.suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
	}
	fmt.Fprint(j.w, xml.Header)
	encoder := xml.NewEncoder(j.w)
	encoder.Indent("", "  ")
	_ = encoder.Encode(all) // only the writer can fail, and it keeps its error
	fmt.Fprintln(j.w)
}
