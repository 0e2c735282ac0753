package plan

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"avescript/core/harness/history"
	"avescript/core/harness/workers"
)

// Selection says which jobs run, how often, and in which order.
type Selection struct {
	Failed bool   // only the tests that failed in the last run
	Shard  string // "2/5" is the second of five parts; "" is all
	Repeat int
	Seed   int // of the order; 0 is the order that takes the least time

	Wanted func(file string) bool // if not nil, only these files
}

// ErrNothing says that nothing is selected, but that this is not a failure.
var ErrNothing = errors.New("nothing to run")

// Of selects jobs. The error is [ErrNothing] if there are none.
func (s Selection) Of(jobs []workers.Job, past *history.History) ([]workers.Job, error) {
	number, parts, err := parseShard(s.Shard)
	if err != nil {
		return nil, err
	}
	if s.Failed {
		jobs = failed(jobs, past)
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("%w: no test failed in the last run", ErrNothing)
	}
	if s.Wanted != nil {
		jobs = slices.DeleteFunc(jobs, func(j workers.Job) bool { return !s.Wanted(j.File) })
		if len(jobs) == 0 {
			return nil, fmt.Errorf("%w: none of the chosen test files has changed", ErrNothing)
		}
	}
	byFile := map[string]workers.Job{}
	var files []string
	for _, j := range jobs {
		byFile[j.File] = j
		files = append(files, j.File)
	}
	if parts > 1 {
		files = past.Shard(files, number, parts)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: part %s of %d test files is empty", ErrNothing, s.Shard, len(jobs))
	}
	s.sort(files, past)
	selected := make([]workers.Job, len(files))
	for i, file := range files {
		selected[i] = byFile[file]
	}
	if most := mostJobs / len(selected); s.Repeat < 1 || s.Repeat > most {
		return nil, fmt.Errorf("--repeat: wanted a number from 1 to %d for %d test files, got %d", most, len(selected), s.Repeat)
	}
	return slices.Repeat(selected, s.Repeat), nil
}

// mostJobs is the limit for the number of files in a run, including repetitions.
const mostJobs = 1_000_000

// failed returns the jobs in which something failed, limited to the tests that failed.
func failed(jobs []workers.Job, past *history.History) (list []workers.Job) {
	for _, j := range jobs {
		names, all := past.Failed(j.File)
		switch {
		case all:
			list = append(list, j)
		case len(names) > 0:
			j.Only = names
			list = append(list, j)
		}
	}
	return list
}

// sort puts files into the order of the run. With a seed, the order depends only on the
// seed and the files.
func (s Selection) sort(files []string, past *history.History) {
	if s.Seed == 0 {
		past.Sort(files)
		return
	}
	slices.Sort(files)
	random := rand.New(rand.NewPCG(uint64(s.Seed), 0))
	random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
}

func parseShard(text string) (number, parts int, err error) {
	if text == "" {
		return 1, 1, nil
	}
	n, of, _ := strings.Cut(text, "/")
	number, errN := strconv.Atoi(n)
	parts, errOf := strconv.Atoi(of)
	switch {
	case errors.Join(errN, errOf) != nil || parts < 1:
		return 0, 0, fmt.Errorf("--shard: wanted NUMBER/PARTS such as 2/5, got %q", text)
	case number < 1 || number > parts:
		return 0, 0, fmt.Errorf("--shard: wanted a NUMBER from 1 to %d before /%d, got %q", parts, parts, text)
	}
	return number, parts, nil
}

// ParseSeed reads the seed of an order; "any" is a random one.
func ParseSeed(text string) (int, error) {
	const most = 1_000_000
	if text == "any" {
		return 1 + rand.IntN(most), nil
	}
	seed, err := strconv.Atoi(text)
	if err != nil || seed < 1 {
		return 0, fmt.Errorf("--shuffle: wanted a whole number as seed, 1 or more, got %q", text)
	}
	return seed, nil
}

// ReadQuarantine reads names of tests. A name that begins with @ is a file with one
// name per line; empty lines and lines that begin with # are ignored.
func ReadQuarantine(names []string) (all []string, err error) {
	for _, name := range names {
		file, isFile := strings.CutPrefix(name, "@")
		if !isFile {
			all = append(all, name)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--quarantine: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				all = append(all, line)
			}
		}
	}
	return all, nil
}
