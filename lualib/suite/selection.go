package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"avescript/core/harness/history"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
)

// Job is a test file, and which of its tests to run.
type Job = workers.Job

// FindJobs lists the test files among paths, which may be FILE:LINE. A file that is
// named as a whole, too, is run as a whole.
func FindJobs(paths []string, isTest func(name string) bool) ([]Job, error) {
	lines := map[string][]int{}
	var whole []string
	for _, path := range paths {
		file, line, err := splitLine(path)
		if err != nil {
			return nil, err
		}
		if line == 0 {
			whole = append(whole, file)
		} else {
			lines[filepath.Clean(file)] = append(lines[filepath.Clean(file)], line)
		}
	}
	files, err := script.FindTests(slices.Concat(whole, slices.Sorted(maps.Keys(lines))), isTest)
	if err != nil {
		return nil, err
	}
	if len(whole) > 0 {
		all, _ := script.FindTests(whole, isTest) // there may be none
		for _, file := range all {
			delete(lines, file)
		}
	}
	jobs := make([]Job, len(files))
	for i, file := range files {
		jobs[i] = Job{File: file, Lines: lines[file]}
	}
	return jobs, nil
}

// splitLine takes FILE:LINE apart, which may have a colon at its end, as in lists
// of places. A file that exists is never taken for it.
func splitLine(path string) (file string, line int, err error) {
	place := strings.TrimSuffix(path, ":")
	at := strings.LastIndexByte(place, ':')
	if _, missing := os.Stat(path); missing == nil || at < 0 {
		return path, 0, nil
	}
	line, err = strconv.Atoi(place[at+1:])
	if err != nil || line < 1 {
		return "", 0, fmt.Errorf("wanted a file, a directory or FILE:LINE, got %q", path)
	}
	if info, err := os.Stat(place[:at]); err == nil && info.IsDir() {
		return "", 0, fmt.Errorf("wanted FILE:LINE, got %q: %s is a directory", path, place[:at])
	}
	return place[:at], line, nil
}

// Selection says which of the jobs are run, how often, and in which order.
type Selection struct {
	Failed bool   // the tests that failed the last time
	Shard  string // "2/5" is the second of five parts; "" is everything
	Repeat int
	Seed   int // of the order; 0 is the one that takes the least time

	Wanted func(file string) bool // if not nil, these files alone
}

// ErrNothing is that nothing is selected, and that nothing is wrong with that.
var ErrNothing = errors.New("nothing to run")

// Of selects.
func (s Selection) Of(jobs []Job, past *history.History) ([]Job, error) {
	number, parts, err := parseShard(s.Shard)
	if err != nil {
		return nil, err
	}
	if s.Failed {
		jobs = failed(jobs, past)
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("%w: no test failed the last time", ErrNothing)
	}
	if s.Wanted != nil {
		jobs = slices.DeleteFunc(jobs, func(j Job) bool { return !s.Wanted(j.File) })
		if len(jobs) == 0 {
			return nil, fmt.Errorf("%w: no test file has changed that was chosen", ErrNothing)
		}
	}
	byFile := map[string]Job{}
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
	selected := make([]Job, len(files))
	for i, file := range files {
		selected[i] = byFile[file]
	}
	if most := mostJobs / len(selected); s.Repeat < 1 || s.Repeat > most {
		return nil, fmt.Errorf("--repeat: wanted a number from 1 to %d for %d test files, got %d", most, len(selected), s.Repeat)
	}
	return slices.Repeat(selected, s.Repeat), nil
}

// mostJobs is how many files a run has, each as often as it is repeated.
const mostJobs = 1_000_000

// failed are the jobs in which something has failed, and only that of them.
func failed(jobs []Job, past *history.History) (list []Job) {
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

// sort puts files into their order: that of a seed depends on nothing but the seed
// and the files.
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

// ParseSeed reads the seed of an order; "any" is another one each time.
func ParseSeed(text string) (int, error) {
	const most = 1_000_000
	if text == "any" {
		return 1 + rand.IntN(most), nil
	}
	seed, err := strconv.Atoi(text)
	if err != nil || seed < 1 {
		return 0, fmt.Errorf("--shuffle: wanted a seed, a whole number from 1, got %q", text)
	}
	return seed, nil
}

// ReadQuarantine reads the names of tests; one that begins with @ is a file with a
// name on each line, but for empty ones and those that begin with #.
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

// Until is a context that ends with the run's deadline; without seconds there is
// none.
func Until(ctx context.Context, seconds float64) (context.Context, context.CancelFunc) {
	if seconds <= 0 {
		return context.WithCancel(ctx)
	}
	cause := fmt.Errorf("the run did not end within %g s", seconds)
	return context.WithTimeoutCause(ctx, time.Duration(seconds*float64(time.Second)), cause)
}
