package coverage

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

func checkPattern(pattern string) error {
	for part := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(part, ""); err != nil || part == "" {
			return fmt.Errorf("coverage: wanted a pattern of paths such as src/**/*, got %q", pattern)
		}
	}
	return nil
}

// below is a path relative to the root, as patterns use it, if it is below the root.
func (c Choice) below(file string) (name string, ok bool) {
	name, err := filepath.Rel(c.Root, file)
	return name, err == nil && filepath.IsLocal(name)
}

// has reports whether a file, named as in below, is counted.
func (c Choice) has(name string) bool {
	return (len(c.Include) == 0 || matchAny(c.Include, name)) && !matchAny(c.Exclude, name)
}

func matchAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if match(strings.Split(pattern, "/"), strings.Split(name, "/")) {
			return true
		}
	}
	return false
}

func match(pattern, name []string) bool {
	for ; len(pattern) > 0; pattern, name = pattern[1:], name[1:] {
		if pattern[0] == "**" {
			for i := range len(name) + 1 {
				if match(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], name[0]); !ok {
			return false
		}
	}
	return len(name) == 0
}

// Included returns the files below the root for which isSource is true and that a
// pattern includes, as absolute paths: the report contains them even if they were never
// loaded. Directories whose names begin with a dot are ignored.
func (r *Run) Included(isSource func(name string) bool) (files []string, err error) {
	if len(r.choice.Include) == 0 {
		return nil, nil
	}
	err = filepath.WalkDir(r.choice.Root, func(file string, entry fs.DirEntry, err error) error {
		switch name, ok := r.choice.below(file); {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case ok && entry.Type().IsRegular() && isSource(entry.Name()) && r.choice.has(name):
			files = append(files, file)
		}
		return nil
	})
	return files, err
}
