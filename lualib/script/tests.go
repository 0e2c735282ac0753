package script

import (
	"path/filepath"
	"slices"
)

// IsName reports whether a file with this name is a script.
func IsName(name string) bool { return filepath.Ext(name) == ".lua" }

// TestNames are the names of test files in directories, as patterns.
var TestNames = []string{"test_*.lua", "*_test.lua", "*_spec.lua"}

// IsTestName reports whether a file with this name is a test file.
func IsTestName(name string) bool {
	return slices.ContainsFunc(TestNames, func(pattern string) bool {
		matches, _ := filepath.Match(pattern, name) // the patterns are valid
		return matches
	})
}
