// Package report makes reports of a run of tests, each of them a
// [harness.Reporter] that reads the run's events and nothing else.
//
// Users ask for reports by name, and say where they go: [Open] takes what they
// write after --report.
//
//	terminal  for people: what is going on, and at the end what went wrong
//	tap       TAP 14
//	tap13     the same, for readers that know no newer version than 13
//	junit     JUnit's XML, as Jenkins and Surefire have it
//	json      the events themselves, one a line
//	github    the log of GitHub Actions, with annotations
//	html      one page that needs no network
//
// What tests have named, said and written is not to be trusted: it can contain
// whatever means something to the reader of a report. Every report escapes it
// in the way of its format.
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

// formats are the reports by their names.
var formats = map[string]func(io.Writer, View) harness.Reporter{
	"terminal": newTerminal,
	"tap":      func(w io.Writer, _ View) harness.Reporter { return &tap{w: w, version: 14} },
	"tap13":    func(w io.Writer, _ View) harness.Reporter { return &tap{w: w, version: 13} },
	"junit":    func(w io.Writer, _ View) harness.Reporter { return &junit{w: w} },
	"json":     func(w io.Writer, _ View) harness.Reporter { return harness.NewJSONLines(w) },
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

// Set is the reports of one run. It owns the files that they are written to,
// and a goroutine that keeps a live view up to date: it has to be closed.
type Set struct {
	mu        sync.Mutex // reporters belong to one goroutine at a time
	reporters harness.Reporters
	outputs   []*output
	done      chan struct{}
	ticking   sync.WaitGroup
}

// output is where a report goes. The writer keeps the first error.
type output struct {
	spec string
	*bufio.Writer
	file io.Closer // nil for standard output
}

// Open makes the reports that specs ask for, each of them NAME or NAME=FILE.
// Without a file, or with "-", a report goes to stdout; if none of them does,
// the terminal view goes there, as view says. Nothing is opened if a spec is
// wrong. A file is emptied at once: the report of another run is not to be
// taken for that of one that never ended.
func Open(specs []string, stdout io.Writer, view View) (*Set, error) {
	destinations, err := complete(specs, stdout)
	if err != nil {
		return nil, err
	}
	s := &Set{done: make(chan struct{})}
	for _, d := range destinations {
		if err := s.open(d, stdout, view); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if view.Live {
		s.ticking.Go(s.tick)
	}
	return s, nil
}

// complete looks for mistakes, and adds the terminal view.
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

func (s *Set) open(d destination, stdout io.Writer, view View) error {
	o := &output{spec: d.spec}
	if d.file == stdoutName {
		o.Writer = bufio.NewWriter(stdout)
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

// Report hands the event to every report. What they write for it has been
// written when it returns, so that one can watch them grow.
func (s *Set) Report(e harness.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporters.Report(e)
	s.flush()
}

func (s *Set) flush() {
	for _, o := range s.outputs {
		_ = o.Flush() // Close returns the error
	}
}

// tick lets the terminal view show that time goes by.
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
		for _, r := range s.reporters {
			if t, ok := r.(*Terminal); ok {
				t.tick()
			}
		}
		s.flush()
		s.mu.Unlock()
	}
}

// Close closes the files. The error says which report could not be written.
func (s *Set) Close() error {
	close(s.done)
	s.ticking.Wait()
	var all []error
	for _, r := range s.reporters {
		if t, ok := r.(*Terminal); ok {
			t.progress.clear(t.w) // the run may not have got to its end
		}
	}
	for _, o := range s.outputs {
		err := o.Flush()
		if o.file != nil {
			err = errors.Join(err, o.file.Close())
		}
		if err != nil {
			all = append(all, fmt.Errorf("report %s: %w", o.spec, err))
		}
	}
	return errors.Join(all...)
}
