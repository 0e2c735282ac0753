// Package report makes reports of a test run. Each is a [harness.Reporter] and uses
// nothing but the events of the run.
//
// Users select reports by name, and say where to write them: [Open] takes the values of
// --report.
//
//	terminal  for people: the progress, and at the end the failures
//	tap       TAP 14
//	tap13     the same for readers that only know version 13
//	junit     JUnit XML, as understood by Jenkins and Surefire
//	json      the events themselves, one per line
//	github    the log of GitHub Actions, with annotations
//	html      one page that works without a network
//
// Names, messages and output of tests are not trusted: they can contain anything that
// has a meaning in the format of a report. Each report escapes them according to its
// format.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"avescript/core/harness"
)

// formats are the reports by name.
var formats = map[string]func(io.Writer, View) harness.Reporter{
	"terminal": newTerminal,
	"tap":      func(w io.Writer, _ View) harness.Reporter { return &tap{w: w, version: 14} },
	"tap13":    func(w io.Writer, _ View) harness.Reporter { return &tap{w: w, version: 13} },
	"junit":    func(w io.Writer, _ View) harness.Reporter { return &junit{w: w} },
	"json":     newJSONLines,
	"github":   func(w io.Writer, _ View) harness.Reporter { return &github{w: w} },
	"html":     func(w io.Writer, _ View) harness.Reporter { return &page{w: w} },
}

func newTerminal(w io.Writer, v View) harness.Reporter {
	if v.Listing != nil {
		return &listing{w: w, problems: v.Listing, lines: map[string][]string{}}
	}
	return NewTerminal(w, v)
}

// Names are the names of all reports.
func Names() []string { return slices.Sorted(maps.Keys(formats)) }

// Set is the reports of one run. It owns the files that they are written to, and a
// goroutine that updates a live view, so it must be closed.
type Set struct {
	mu        sync.Mutex // a reporter is used by one goroutine at a time
	reporters harness.Reporters
	outputs   []*output
	stdout    *gate
	unwritten unwritten
	done      chan struct{}
	ticking   sync.WaitGroup
}

// output is the destination of a report. The writer keeps the first error.
type output struct {
	spec string
	*bufio.Writer
	file io.Closer // nil for standard output
}

// Open creates the reports that specs ask for, each of them NAME or NAME=FILE. Without
// a file, or with "-", a report is written to stdout. If no report is, the terminal
// report is written there, as view says. If a spec is wrong, nothing is opened. Files
// are truncated at once, so that a run that never ends does not leave the report of an
// earlier one.
func Open(specs []string, stdout io.Writer, view View) (*Set, error) {
	destinations, err := complete(specs, stdout)
	if err != nil {
		return nil, err
	}
	s := &Set{done: make(chan struct{}), stdout: &gate{to: stdout}}
	for _, d := range destinations {
		if err := s.open(d, view); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if view.Live {
		s.ticking.Go(s.tick)
	}
	return s, nil
}

// complete checks the specs, and adds the terminal report if needed.
func complete(specs []string, stdout io.Writer) ([]destination, error) {
	var all []destination
	toStdout := false
	for _, spec := range specs {
		d, err := parse(spec, stdout)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, d.collides); i >= 0 {
			return nil, d.collision(all[i])
		}
		toStdout = toStdout || d.file == stdoutName
		all = append(all, d)
	}
	if !toStdout {
		terminal := destination{"terminal", "terminal", stdoutName}
		all = append([]destination{terminal}, all...)
	}
	return all, nil
}

func (s *Set) open(d destination, view View) error {
	o := &output{spec: d.spec}
	if d.file == stdoutName {
		o.Writer = bufio.NewWriter(s.stdout)
	} else {
		f, err := os.Create(d.file)
		if err != nil {
			return fmt.Errorf("report %s: %w", d.name, err)
		}
		o.Writer, o.file, view = bufio.NewWriter(f), f, View{}
	}
	s.outputs = append(s.outputs, o)
	s.reporters = append(s.reporters, formats[d.name](o, view))
	return nil
}

// Report passes the event to all reports. Their output is flushed before it returns, so
// that one can watch a report grow.
func (s *Set) Report(e harness.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unwritten.see(e)
	s.reporters.Report(e)
	s.flush()
}

// Live shows an event in the progress of the terminal report before it is known to count,
// and nowhere else: which test a worker is running.
func (s *Set) Live(e harness.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachTerminal(func(t *Terminal) { t.live(e) })
	s.flush()
}

// Say writes a line about the run into the terminal report.
func (s *Set) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachTerminal(func(t *Terminal) { t.say(text) })
	s.flush()
}

func (s *Set) flush() {
	for _, o := range s.outputs {
		_ = o.Flush() // Close returns the error
	}
}

// tick makes the terminal report update the elapsed time.
func (s *Set) tick() {
	ticker := time.NewTicker(time.Second / 4)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		s.eachTerminal((*Terminal).tick)
		s.flush()
		s.mu.Unlock()
	}
}
