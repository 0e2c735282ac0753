// Package profiling collects samples of stacks from all processes of a run, and makes a
// profile for pprof from them.
//
// The process that measures creates a [Run]: a directory, which its child processes
// find through an environment variable. Each of them writes its samples to files there
// at once, so it may be killed at any time.
package profiling

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"avescript/core/files"
)

// Variable is the environment variable with the directory of the run that a process
// belongs to.
const Variable = "AVESCRIPT_PROFILE"

// Period is the interval between two samples.
const Period = 10 * time.Millisecond

// suffix is the suffix of files with samples.
const suffix = ".samples"

// Frame is one call of a stack.
type Frame struct {
	Name  string `json:"name,omitempty"`  // of the function, if it is known
	File  string `json:"file,omitempty"`  // "" for a Go function
	Begin int    `json:"begin,omitempty"` // where its definition begins; 0 for the chunk itself
	Line  int    `json:"line,omitempty"`  // the line that is executed
}

// Sample is the time that has passed with a stack.
type Sample struct {
	Stack   []Frame // innermost call first
	Running bool    // otherwise it was waiting
	Elapsed time.Duration
}

// Run is a measurement. It owns its directory.
type Run struct {
	Dir     string
	started time.Time
}

// Start begins a measurement in a new directory.
func Start() (*Run, error) {
	dir, err := files.TempDir("profile")
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return &Run{dir, time.Now()}, nil
}

// Remove removes the directory.
func (r *Run) Remove() error { return os.RemoveAll(r.Dir) }

// files lists the files with samples.
func (r *Run) files() ([]string, error) {
	return filepath.Glob(filepath.Join(r.Dir, "*"+suffix))
}
