// Package history remembers how long test files took, and which of their tests failed.
// This decides in which order files run the next time, how a run is divided among
// machines, and which tests --failed runs.
package history

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avescript/core/harness"
)

// History is what is known about the files of a project. As a reporter it updates
// itself: a test that failed is remembered until it passes, even if later runs leave it
// out.
type History struct {
	path     string
	files    map[string]*File   // by absolute path
	runs     map[string]*recent // what this run has learned, by absolute path
	absolute map[string]string  // the paths of the files that events have named
}

// File is what is known about a file.
type File struct {
	Seconds float64  `json:"seconds"`          // -1 if unknown
	Failed  []string `json:"failed,omitempty"` // full names of tests
	Broken  bool     `json:"broken,omitempty"` // something outside of its tests failed
}

// recent is what this run has seen of a file.
type recent struct {
	seconds float64
	broken  bool
	bad     map[string]bool // the tests that have run, by full name
}

// Open reads the history of the project in the directory dir from the user's cache. A
// history that cannot be read is treated as empty: it is only a cache.
func Open(dir string) *History {
	h := &History{files: map[string]*File{}, runs: map[string]*recent{}, absolute: map[string]string{}}
	cache, err := os.UserCacheDir()
	absolute, absErr := filepath.Abs(dir)
	if errors.Join(err, absErr) != nil {
		return h
	}
	h.path = filepath.Join(cache, "avescript", "tests", fmt.Sprintf("%x.json", sha256.Sum256([]byte(absolute))))
	text, _ := os.ReadFile(h.path)
	if json.Unmarshal(text, &h.files) != nil || h.files == nil {
		h.files = map[string]*File{}
	}
	for name, file := range h.files {
		if file == nil {
			delete(h.files, name)
		}
	}
	return h
}

// Report updates the history.
func (h *History) Report(e harness.Event) {
	if e.File == "" {
		return
	}
	file, run := h.of(e.File)
	switch {
	case e.Kind == harness.FileFinished:
		run.seconds = e.Seconds
	case e.Kind == harness.BlockFailed:
		file.Broken, run.broken = true, true
	case e.Counts():
		name := e.FullName()
		run.bad[name] = run.bad[name] || e.Bad()
		file.Failed = slices.DeleteFunc(file.Failed, func(failed string) bool { return failed == name })
		if run.bad[name] {
			file.Failed = append(file.Failed, name)
		}
	}
}

func (h *History) of(name string) (*File, *recent) {
	name = h.absolutePath(name)
	if h.files[name] == nil {
		h.files[name] = &File{Seconds: -1}
	}
	if h.runs[name] == nil {
		h.runs[name] = &recent{bad: map[string]bool{}}
	}
	return h.files[name], h.runs[name]
}

// absolutePath is the absolute path of a file, which may be given relative to the working
// directory. Asking the system for that would take longer than all else that is done with
// an event, and a test may have changed it.
func (h *History) absolutePath(file string) string {
	if path, ok := h.absolute[file]; ok {
		return path
	}
	path, err := filepath.Abs(file)
	if err != nil {
		path = file
	}
	h.absolute[file] = path
	return path
}

// Complete says that the run included all tests of a file: other tests of it do not
// exist any more, and the file takes as long as it took now.
func (h *History) Complete(file string) {
	run := h.runs[h.absolutePath(file)]
	if run == nil {
		return
	}
	known, _ := h.of(file)
	known.Seconds, known.Broken = run.seconds, run.broken
	known.Failed = slices.DeleteFunc(known.Failed, func(name string) bool {
		_, exists := run.bad[name]
		return !exists
	})
}

// Save writes the history atomically.
func (h *History) Save() error {
	if h.path == "" {
		return nil
	}
	text, err := json.Marshal(h.files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o755); err != nil {
		return fmt.Errorf("cannot save the times of the tests: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(h.path), "part-")
	if err != nil {
		return fmt.Errorf("cannot save the times of the tests: %w", err)
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), h.path)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("cannot save the times of the tests: %w", err)
	}
	return nil
}

// Seconds is how long a file took, or -1 if unknown.
func (h *History) Seconds(file string) float64 {
	if f := h.files[h.absolutePath(file)]; f != nil {
		return f.Seconds
	}
	return -1
}

// Sort puts files into the best order: unknown files first, then the slowest first.
func (h *History) Sort(files []string) {
	slices.SortStableFunc(files, func(a, b string) int {
		switch x, y := h.Seconds(a), h.Seconds(b); {
		case x == y:
			return strings.Compare(a, b)
		case x < 0, y >= 0 && x > y:
			return -1
		}
		return 1
	})
}

// Failed returns the full names of the tests of a file that failed in their last run.
// If all is true, the file failed as a whole, and all of it has to run.
func (h *History) Failed(file string) (names []string, all bool) {
	f := h.files[h.absolutePath(file)]
	if f == nil {
		return nil, false
	}
	return f.Failed, f.Broken
}

// Shard returns one of several parts of the files; number is counted from 1. All parts
// take about the same time; unknown files count as average.
func (h *History) Shard(files []string, number, parts int) []string {
	sum, known := 0.0, 0.0
	for _, file := range files {
		if s := h.Seconds(file); s >= 0 {
			sum, known = sum+s, known+1
		}
	}
	average := 1.0
	if known > 0 {
		average = sum / known
	}
	cost := func(file string) float64 {
		if s := h.Seconds(file); s >= 0 {
			return s
		}
		return average
	}
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b string) int {
		if x, y := cost(a), cost(b); x != y {
			if x > y {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	loads, own := make([]float64, parts), []string(nil)
	for _, file := range sorted {
		least := 0
		for i, load := range loads {
			if load < loads[least] {
				least = i
			}
		}
		loads[least] += cost(file) + 1e-6 // so that files that take no time are distributed, too
		if least == number-1 {
			own = append(own, file)
		}
	}
	return own
}
