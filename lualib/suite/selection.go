package suite

import (
	"context"
	"errors"
	"fmt"
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

// FindJobs lists the test files among paths, which may be FILE:LINE.
func FindJobs(paths []string, isTest func(name string) bool) ([]Job, error) {
	lines := map[string][]int{}
	plain := make([]string, len(paths))
	for i, path := range paths {
		file, line := splitLine(path)
		plain[i] = file
		if line > 0 {
			lines[filepath.Clean(file)] = append(lines[filepath.Clean(file)], line)
		}
	}
	files, err := script.FindTests(plain, isTest)
	jobs := make([]Job, len(files))
	for i, file := range files {
		jobs[i] = Job{File: file, Lines: lines[file]}
	}
	return jobs, err
}

func splitLine(path string) (file string, line int) {
	at := strings.LastIndexByte(path, ':')
	if at < 0 {
		return path, 0
	}
	line, err := strconv.Atoi(path[at+1:])
	if _, missing := os.Stat(path); missing == nil || err != nil || line < 1 {
		return path, 0
	}
	return path[:at], line
}

// Selection says which of the jobs are run, how often, and in which order.
type Selection struct {
	Failed bool   // the tests that failed the last time
	Shard  string // "2/5" is the second of five parts; "" is everything
	Repeat int
}

// ErrNoneFailed is that there is nothing to be run again.
var ErrNoneFailed = errors.New("no test failed the last time")

// Of selects.
func (s Selection) Of(jobs []Job, past *history.History) ([]Job, error) {
	byFile := map[string]Job{}
	var files []string
	for _, j := range jobs {
		if s.Failed {
			only, all := past.Failed(j.File)
			if len(only) == 0 && !all {
				continue
			}
			if !all {
				j.Only = only
			}
		}
		byFile[j.File] = j
		files = append(files, j.File)
	}
	if s.Failed && len(files) == 0 {
		return nil, ErrNoneFailed
	}
	if s.Shard != "" {
		number, parts, err := parseShard(s.Shard)
		if err != nil {
			return nil, err
		}
		files = past.Shard(files, number, parts)
	}
	past.Sort(files)
	selected := make([]Job, len(files))
	for i, file := range files {
		selected[i] = byFile[file]
	}
	return slices.Repeat(selected, max(s.Repeat, 1)), nil
}

func parseShard(text string) (number, parts int, err error) {
	n, of, _ := strings.Cut(text, "/")
	number, errN := strconv.Atoi(n)
	parts, errOf := strconv.Atoi(of)
	if errors.Join(errN, errOf) != nil || number < 1 || number > parts {
		return 0, 0, fmt.Errorf("shard: wanted NUMBER/PARTS such as 2/5, got %q", text)
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
		return 0, fmt.Errorf("shuffle: wanted a seed, a whole number from 1, got %q", text)
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
			return nil, fmt.Errorf("quarantine: %w", err)
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
