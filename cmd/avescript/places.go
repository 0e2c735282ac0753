package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avescript/lualib/suite"
)

// isWatched tells whether tests can depend on a file.
func isWatched(path string) bool {
	return filepath.Ext(path) == ".lua" || filepath.Base(path) == suite.DotFile
}

// directory is a path that is one, or that of a file or FILE:LINE.
func directory(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	return filepath.Dir(path)
}

// outermost are the directories that are not below another one of them.
func outermost(dirs []string) []string {
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(dirs))), func(dir string) bool {
		return slices.ContainsFunc(dirs, func(other string) bool {
			relative, err := filepath.Rel(absolute(other), absolute(dir))
			return err == nil && relative != "." && relative != ".." && !strings.HasPrefix(relative, "../")
		})
	})
}

// absolute follows symbolic links, also those to a file that is gone.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path
}
