// Package coverage counts which lines of the files of a script are executed, in all
// processes of a run, and reports it.
//
// The process that measures creates a [Run]: a directory, which its child processes
// find through an environment variable. Each of them opens a [Recorder], which keeps
// the counters of a file in shared memory. So a process needs no work at its end and
// may be killed at any time, and ten thousand processes leave no more behind than one.
//
// There is a counter for each instruction. The count of a line is that of its most
// frequent instruction: the head of a loop counts its rounds, and a call that extends
// over several lines counts once.
package coverage

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"avescript/core/files"
)

// Variable is the environment variable with the directory of the run that a process
// belongs to.
const Variable = "AVESCRIPT_COVERAGE"

// Choice says which files are counted: by their paths below Root, in which ** matches
// any number of directories.
type Choice struct {
	Root    string   `json:"root"`
	Include []string `json:"include,omitempty"` // a file matches one of these, unless there are none
	Exclude []string `json:"exclude,omitempty"` // and none of these
}

// choiceFile is the file with the choice, in the directory of a run.
const choiceFile = "choice.json"

// Run is a measurement. It owns its directory.
type Run struct {
	Dir    string
	choice Choice
}

// Start begins a measurement in a new directory. The error is an invalid pattern, or
// one of the system.
func Start(choice Choice) (*Run, error) {
	dir, err := files.TempDir("coverage")
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	return StartIn(dir, choice)
}

// StartIn is like Start, but the directory is given. It is created if it does not exist,
// and removed after an error.
func StartIn(dir string, choice Choice) (_ *Run, err error) {
	r := &Run{dir, choice}
	defer func() {
		if err != nil {
			_ = r.Remove()
		}
	}()
	for _, patterns := range [][]string{choice.Include, choice.Exclude} {
		for _, pattern := range patterns {
			if err := checkPattern(pattern); err != nil {
				return nil, err
			}
		}
	}
	if r.choice.Root, err = filepath.Abs(choice.Root); err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	text, err := json.Marshal(r.choice)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, choiceFile), text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	return r, nil
}

// Remove removes the directory. Processes that are still running continue to count,
// without effect.
func (r *Run) Remove() error { return os.RemoveAll(r.Dir) }
