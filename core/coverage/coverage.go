// Package coverage counts which lines of a script's files are executed, in all
// processes of a run, and reports it.
//
// The process that measures makes a [Run]: a directory, which the processes that
// it starts find through an environment variable. Each of them opens a
// [Recorder], which has the counters of a file in memory that they share. So a
// process need do nothing at its end, may be killed at any time, and ten
// thousand processes leave as much behind as one.
//
// There is a counter for each instruction. A line has been executed as often as
// the one of its instructions that was executed most often: the head of a loop
// counts its rounds, and a call that goes over several lines counts once.
package coverage

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Variable is the environment variable that leads a process to the run that it
// is part of: the directory of the run.
const Variable = "AVESCRIPT_COVERAGE"

// Choice says which files are counted: by their paths below Root, in which **
// stands for any number of directories.
type Choice struct {
	Root    string   `json:"root"`
	Include []string `json:"include,omitempty"` // a file matches one of these, unless there are none
	Exclude []string `json:"exclude,omitempty"` // and none of these
}

// choiceFile is the name of the file in a run's directory that has the choice.
const choiceFile = "choice.json"

// Run is a measurement. It owns its directory.
type Run struct {
	Dir    string
	choice Choice
}

// Start begins a measurement in a new directory. A pattern that is wrong is an
// error.
func Start(choice Choice) (*Run, error) {
	for _, patterns := range [][]string{choice.Include, choice.Exclude} {
		for _, pattern := range patterns {
			if err := checkPattern(pattern); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if choice.Root, err = filepath.Abs(choice.Root); err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	dir, err := os.MkdirTemp("", "avescript-coverage-")
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	r := &Run{dir, choice}
	text, err := json.Marshal(choice)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, choiceFile), text, 0o600)
	}
	if err != nil {
		_ = r.Remove()
		return nil, fmt.Errorf("coverage: %w", err)
	}
	return r, nil
}

// Remove removes the directory. Processes that still run go on counting for
// nobody.
func (r *Run) Remove() error { return os.RemoveAll(r.Dir) }
