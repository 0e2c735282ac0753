// Package built builds the programs of this project for tests that start them.
//
// All tests build them with the same flags, those of a release, so that each package is
// compiled once and only the link is repeated. They are built without the race detector,
// even if the tests are run with it: a program starts ten times as fast then, and its own
// tests look for races.
package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Into builds programs, such as "avescript" and "avelab", into a directory, which is made
// if it does not exist. Other users may execute them if they can enter the directory.
func Into(dir string, programs ...string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	for _, name := range programs {
		args = append(args, "avescript/cmd/"+name)
	}
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %v: %w\n%s", programs, err, out)
	}
	return nil
}
