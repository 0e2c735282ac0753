// Package reexec has a test binary start itself again as another program, one that a
// shell cannot be:
//
//	func TestMain(m *testing.M) {
//		reexec.Main(reexec.Programs{"writer": write})
//		os.Exit(m.Run())
//	}
//
// A test starts it with [Command]("writer", path).
package reexec

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Programs are the programs in a test binary, by name. A program gets the arguments
// after its name. If it fails, the exit status is 1 and the error is written to stderr.
type Programs map[string]func(args []string) error

const mark = "reexec="

// Main runs the program as which this process was started, and exits. It returns if
// this process runs tests.
func Main(programs Programs) {
	name := Name()
	if name == "" {
		return
	}
	program, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "the test binary has no program %q\n", name)
		os.Exit(2)
	}
	if err := program(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Name is the name of the program as which this process was started, "" if it runs
// tests.
func Name() string {
	if len(os.Args) < 2 {
		return ""
	}
	name, ok := strings.CutPrefix(os.Args[1], mark)
	if !ok {
		return ""
	}
	return name
}

// Argument is the first argument that makes a test binary run a program, for code that
// cannot use [Command].
func Argument(name string) string { return mark + name }

// Command starts a program of this test binary. Its path contains no directory that
// another user cannot enter.
func Command(name string, args ...string) *exec.Cmd {
	return exec.Command("/proc/self/exe", append([]string{Argument(name)}, args...)...)
}
