// Package history remembers what became of test files: how long each took, and
// which of its tests failed. That decides in which order files are run the next
// time, how a run is divided among machines, and what --failed means.
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

// History is what is known of the files of a project. It is a reporter, which
// brings it up to date: a test that has failed is remembered until it passes,
// however many runs leave it out.
type History struct {
	path  string
	files map[string]*File   // by absolute path
	runs  map[string]*recent // what this run has come to, likewise
}

// File is what is known of a file.
type File struct {
	Seconds float64  `json:"seconds"`          // -1 if nobody knows
	Failed  []string `json:"failed,omitempty"` // full names of tests
	Broken  bool     `json:"broken,omitempty"` // something outside of its tests has failed
}

// recent is what a run has seen of a file.
type recent struct {
	seconds float64
	broken  bool
	bad     map[string]bool // the tests that have run, by full name
}

// Open reads the history of the project in the directory dir from the user's
// cache. One that cannot be read is as good as none: it is no more than a cache.
func Open(dir string) *History {
	h := &History{files: map[string]*File{}, runs: map[string]*recent{}}
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

// Report learns from a run.
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
	name = absolute(name)
	if h.files[name] == nil {
		h.files[name] = &File{Seconds: -1}
	}
	if h.runs[name] == nil {
		h.runs[name] = &recent{bad: map[string]bool{}}
	}
	return h.files[name], h.runs[name]
}

// absolute is a file's name wherever the user has named it from.
func absolute(file string) string {
	if path, err := filepath.Abs(file); err == nil {
		return path
	}
	return file
}

// Complete says that the run has had all tests of a file: others do not exist any
// more, and this is how long they take.
func (h *History) Complete(file string) {
	run := h.runs[absolute(file)]
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

// Save writes the history, whole or not at all.
func (h *History) Save() error {
	if h.path == "" {
		return nil
	}
	text, err := json.Marshal(h.files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o755); err != nil {
		return fmt.Errorf("remember the times of tests: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(h.path), "part-")
	if err != nil {
		return fmt.Errorf("remember the times of tests: %w", err)
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), h.path)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("remember the times of tests: %w", err)
	}
	return nil
}

// seconds is how long a file took, or -1.
func (h *History) seconds(file string) float64 {
	if f := h.files[absolute(file)]; f != nil {
		return f.Seconds
	}
	return -1
}

// Sort puts files into the order in which they are best run: those that take
// longest first, and before these the ones that nobody knows.
func (h *History) Sort(files []string) {
	slices.SortStableFunc(files, func(a, b string) int {
		switch x, y := h.seconds(a), h.seconds(b); {
		case x == y:
			return strings.Compare(a, b)
		case x < 0, y >= 0 && x > y:
			return -1
		}
		return 1
	})
}

// Failed tells which tests of a file have failed when they ran last, by full name;
// all is whether to run the whole file, because it failed as a whole.
func (h *History) Failed(file string) (names []string, all bool) {
	f := h.files[absolute(file)]
	if f == nil {
		return nil, false
	}
	return f.Failed, f.Broken
}

// Shard chooses the part number of parts, from 1, of the files. The parts take
// about the same time; a file that is not known counts as the average.
func (h *History) Shard(files []string, number, parts int) []string {
	sum, known := 0.0, 0.0
	for _, file := range files {
		if s := h.seconds(file); s >= 0 {
			sum, known = sum+s, known+1
		}
	}
	average := 1.0
	if known > 0 {
		average = sum / known
	}
	cost := func(file string) float64 {
		if s := h.seconds(file); s >= 0 {
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
		loads[least] += cost(file) + 1e-6 // so that files which take no time are spread, too
		if least == number-1 {
			own = append(own, file)
		}
	}
	return own
}
