// Command citest runs go test as CI does:
//
//	citest LIST FLAGS... -- PACKAGES...
//
// It prints what go test prints, and fails if a test was skipped that is not in a list of
// allowed ones. Each line of the list is a test, such as core/pty.TestName, a space, and the
// reason why it may be skipped. Inputs of fuzz targets are ignored: a target skips inputs
// that it is not about.
//
// A package with tests that fail is tested once more when all others have ended. If it passes
// then, these tests are flaky: they are named at the end, and do not fail the run.
package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// mostFlaky is how many packages can fail because the machine was busy. If more do, something
// else is wrong.
const mostFlaky = 2

func main() {
	separator := slices.Index(os.Args, "--")
	if separator < 2 {
		fmt.Fprintln(os.Stderr, "usage: citest LIST FLAGS... -- PACKAGES...")
		os.Exit(2)
	}
	flags, packages := os.Args[2:separator], os.Args[separator+1:]
	if err := run(os.Args[1], flags, packages, os.Stdout); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(list string, flags, packages []string, out io.Writer) error {
	allowed, err := readSkips(list)
	if err != nil {
		return err
	}
	r, err := goTest(slices.Concat(flags, packages), out)
	if err == nil && len(r.failed) > 0 {
		err = again(flags, r, out)
	}
	if err != nil {
		return err
	}
	maps.DeleteFunc(r.skipped, func(name, _ string) bool { return allowed[name] })
	if len(r.skipped) == 0 {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d tests were skipped that are not in %s. Install what they need, or add them with a reason:", len(r.skipped), list)
	for _, name := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(&text, "\n%s %s", name, r.skipped[name])
	}
	return errors.New(text.String())
}

// again tests the packages that failed once more, and returns an error unless they pass.
func again(flags []string, first results, out io.Writer) error {
	packages := slices.Sorted(maps.Keys(first.failed))
	var names []string
	for _, pkg := range packages {
		for _, test := range first.failed[pkg] {
			names = append(names, short(pkg, test))
		}
	}
	failed := strings.Join(names, ", ")
	if len(packages) > mostFlaky {
		return fmt.Errorf("failed: %s", failed)
	}
	fmt.Fprintf(out, "tested once more, because of %s:\n", failed)
	second, err := goTest(slices.Concat(flags, []string{"-count=1"}, packages), out)
	if err != nil {
		return err
	}
	if len(second.failed) > 0 {
		return errors.New("failed twice")
	}
	maps.Copy(first.skipped, second.skipped) // a test that crashed has kept others from running
	fmt.Fprintf(out, "FLAKY: %s: failed, and passed the second time. Repair this; 'make flaky' helps.\n", failed)
	return nil
}

// goTest runs go test. Tests that fail are in the results; the error is that it could not run.
func goTest(words []string, out io.Writer) (results, error) {
	command := exec.Command("go", append([]string{"test", "-json"}, words...)...)
	command.Stderr = os.Stderr
	events, err := command.StdoutPipe()
	if err != nil {
		return results{}, err
	}
	if err := command.Start(); err != nil {
		return results{}, err
	}
	r, err := follow(events, out)
	ended := command.Wait()
	if err == nil && ended != nil && len(r.failed) == 0 {
		err = fmt.Errorf("go test: %w", ended)
	}
	return r, err
}

// readSkips reads which tests may be skipped.
func readSkips(list string) (names map[string]bool, err error) {
	text, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	names = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		if reason == "" {
			return nil, fmt.Errorf("%s: %s: wanted a test and a reason", list, line)
		}
		names[name] = true
	}
	return names, nil
}
