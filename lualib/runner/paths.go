package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avescript/lualib/script"
	"avescript/lualib/suite"
)

// isWatched reports whether tests can depend on a file.
func isWatched(path string) bool {
	return script.IsName(path) || filepath.Base(path) == suite.DotFile
}

// directory returns a path that is a directory, or the directory of a file or
// FILE:LINE.
func directory(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	return filepath.Dir(path)
}

// outermost returns the directories that are not inside another one of them.
func outermost(dirs []string) []string {
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(dirs))), func(dir string) bool {
		return slices.ContainsFunc(dirs, func(other string) bool {
			relative, err := filepath.Rel(absolute(other), absolute(dir))
			return err == nil && relative != "." && relative != ".." && !strings.HasPrefix(relative, "../")
		})
	})
}

// absolute follows symbolic links, even to a file that no longer exists.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path
}
