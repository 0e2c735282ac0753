// Package profiling collects samples of stacks from all processes of a run, and
// makes a profile of them that pprof reads.
//
// The process that measures makes a [Run]: a directory, which the processes that
// it starts find through an environment variable. Each of them writes the
// samples that its interpreters take to files there, at once: so a process may
// be killed at any time.
package profiling

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Variable is the environment variable that leads a process to the run that it
// is part of: the directory of the run.
const Variable = "AVESCRIPT_PROFILE"

// Period is how often stacks are sampled.
const Period = 10 * time.Millisecond

// suffix is how the names of files with samples end.
const suffix = ".samples"

// Frame is one call of a stack.
type Frame struct {
	Name  string `json:"name,omitempty"`  // of the function, as far as it is known
	File  string `json:"file,omitempty"`  // "" for a Go function
	Begin int    `json:"begin,omitempty"` // where its definition begins; 0 for the chunk itself
	Line  int    `json:"line,omitempty"`  // that is executed
}

// Sample is the time that went by with a stack.
type Sample struct {
	Stack   []Frame // innermost call first
	Running bool    // or else it was waiting
	Elapsed time.Duration
}

// Run is a measurement. It owns its directory.
type Run struct {
	Dir     string
	started time.Time
}

// Start begins a measurement in a new directory.
func Start() (*Run, error) {
	dir, err := os.MkdirTemp("", "avescript-profile-")
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return &Run{dir, time.Now()}, nil
}

// Remove removes the directory.
func (r *Run) Remove() error { return os.RemoveAll(r.Dir) }

// files are those with samples.
func (r *Run) files() ([]string, error) {
	return filepath.Glob(filepath.Join(r.Dir, "*"+suffix))
}
