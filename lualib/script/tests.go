package script

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FindTests lists the test files among paths: a file is taken as it is, a
// directory is searched, with all below it, for names of which isTest holds. The
// result is sorted and has no file twice.
func FindTests(paths []string, isTest func(name string) bool) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, readError(path, err)
		}
		if !info.IsDir() {
			files = append(files, filepath.Clean(path))
			continue
		}
		found, err := searchTests(path, isTest)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if len(files) == 0 {
		return nil, fmt.Errorf("wanted test_*.lua, *_test.lua or *_spec.lua in %s, found none", strings.Join(paths, ", "))
	}
	return files, nil
}

// searchTests leaves out hidden directories, such as those of version control.
func searchTests(root string, isTest func(name string) bool) ([]string, error) {
	var files []string
	root += string(filepath.Separator) // it may be a symbolic link
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return readError(path, err)
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case !d.IsDir() && isTest(d.Name()):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// IsTestName holds of test_*.lua, *_test.lua and *_spec.lua.
func IsTestName(name string) bool {
	stem, isLua := strings.CutSuffix(name, ".lua")
	return isLua && (strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec"))
}
