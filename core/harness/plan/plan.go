// Package plan decides what a test run consists of: which files exist, which of them
// belong to this run, in which order they run, and which of their tests.
//
// It does not depend on the language of the tests. The caller says which files are test
// files. Only the worker that runs a file finds out which tests it contains, so a
// [Choice] of tests is passed on to the workers.
package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"avescript/core/harness/workers"
)

// Find lists the test files among paths. A path is a file, FILE:LINE, or a directory.
// In a directory and all directories below it, except hidden ones, files are test files
// if isTest is true for their names; wanted describes these in error messages. A file
// that is also named without a line runs completely. The jobs are sorted by file.
func Find(paths []string, isTest func(name string) bool, wanted string) ([]workers.Job, error) {
	lines := map[string][]int{}
	files := map[string]bool{} // true if the whole file runs
	for _, path := range paths {
		file, line, err := splitLine(path)
		if err != nil {
			return nil, err
		}
		found, err := Search(file, isTest)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			files[f] = files[f] || line == 0
			if line > 0 {
				lines[f] = append(lines[f], line)
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("wanted %s in %s, found none", wanted, strings.Join(paths, ", "))
	}
	var jobs []workers.Job
	for _, file := range slices.Sorted(maps.Keys(files)) {
		job := workers.Job{File: file}
		if !files[file] {
			job.Lines = lines[file]
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// splitLine splits FILE:LINE, which may end with a colon, as in compiler messages. The
// path of an existing file is never split.
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

// Search lists the files at a path. In a directory these are all files whose names
// satisfy isWanted, without directories that begin with a dot. A path to a file is
// always listed.
func Search(path string, isWanted func(name string) bool) (files []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		return []string{filepath.Clean(path)}, nil
	}
	root := path + string(filepath.Separator) // it may be a symbolic link
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return unreadable(path, err)
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case !d.IsDir() && isWanted(d.Name()):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

func unreadable(path string, err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}
