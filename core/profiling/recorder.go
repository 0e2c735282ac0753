package profiling

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// entry is a line of a file with samples. Each stack is written once, and is numbered
// in this order, from 1; samples refer to the number.
type entry struct {
	Stack   []Frame       `json:"stack,omitempty"` // a new stack
	ID      int           `json:"id,omitempty"`    // or a sample, with the number of its stack
	Running bool          `json:"running,omitempty"`
	Elapsed time.Duration `json:"elapsed,omitempty"`
}

// Recorder writes the samples of one interpreter. Only one goroutine may use it at a
// time.
type Recorder struct {
	file   *os.File
	stacks map[string]int // numbers of stacks, by their JSON
	buf    []byte
}

// Open opens the run in a directory.
func Open(dir string) (*Recorder, error) {
	file, err := os.CreateTemp(dir, strconv.Itoa(os.Getpid())+"-*"+suffix)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return &Recorder{file: file, stacks: map[string]int{}}, nil
}

// Close closes the file.
func (r *Recorder) Close() { r.file.Close() }

// Record writes samples. Errors make the profile incomplete; the script does not fail.
func (r *Recorder) Record(samples []Sample) {
	r.buf = r.buf[:0]
	for _, s := range samples {
		if len(s.Stack) == 0 {
			continue
		}
		stack, _ := json.Marshal(s.Stack) // it can always be encoded
		id, known := r.stacks[string(stack)]
		if !known {
			id = len(r.stacks) + 1
			r.stacks[string(stack)] = id
			r.add(entry{Stack: s.Stack})
		}
		r.add(entry{ID: id, Running: s.Running, Elapsed: s.Elapsed})
	}
	if len(r.buf) > 0 {
		_, _ = r.file.Write(r.buf)
	}
}

func (r *Recorder) add(e entry) {
	line, _ := json.Marshal(e)
	r.buf = append(append(r.buf, line...), '\n')
}

// total is the time that was spent in one stack.
type total struct {
	stack         []Frame
	samples       int64
	running, wall time.Duration
}

// readTotals reads a file with samples. The last line may be incomplete if the process
// was killed.
func readTotals(path string) ([]*total, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var totals []*total
	for in := json.NewDecoder(bufio.NewReader(f)); ; {
		var e entry
		switch err := in.Decode(&e); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return totals, nil
		case err != nil:
			return nil, fmt.Errorf("profile: %s: %w", path, err)
		case e.ID > len(totals):
			return nil, fmt.Errorf("profile: %s: wanted the number of one of %d stacks, got %d", path, len(totals), e.ID)
		case e.ID <= 0:
			totals = append(totals, &total{stack: e.Stack})
			continue
		}
		t := totals[e.ID-1]
		t.samples++
		t.wall += e.Elapsed
		if e.Running {
			t.running += e.Elapsed
		}
	}
}
