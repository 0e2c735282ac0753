package child

import (
	"os"
	"path/filepath"

	"avescript/core/coverage"
	"avescript/core/profiling"
)

// origin returns the directory that a daemon was started in; "" for other
// processes. A daemon leaves it, so relative paths in its environment become
// absolute.
func origin(daemon bool) (string, error) {
	if !daemon {
		return "", nil
	}
	base, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for _, name := range []string{coverage.Variable, profiling.Variable, "TMPDIR"} {
		if path := os.Getenv(name); path != "" && !filepath.IsAbs(path) {
			if err := os.Setenv(name, filepath.Join(base, path)); err != nil {
				return "", err
			}
		}
	}
	return base, nil
}
