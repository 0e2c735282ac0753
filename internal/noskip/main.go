// Command noskip prints the output of go test, and fails if a test was skipped that is
// not in a list of allowed ones:
//
//	go test -json ./... | go run ./internal/noskip LIST
//
// Each line of the list is a test, such as core/pty.TestName, a space, and the reason
// why it may be skipped. Inputs of fuzz targets are ignored: a target skips inputs that
// it is not about. Failed tests are reported by the exit status of go test.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// event is one line of the output of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

func main() {
	list := os.Args[1]
	allowed, err := read(list)
	skipped := map[string]string{}
	if err == nil {
		skipped, err = follow(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	maps.DeleteFunc(skipped, func(name, _ string) bool { return allowed[name] })
	if len(skipped) > 0 {
		fmt.Printf("\n%d tests were skipped that are not in %s. Install what they need, or add them with a reason:\n", len(skipped), list)
		for _, name := range slices.Sorted(maps.Keys(skipped)) {
			fmt.Printf("%s %s\n", name, skipped[name])
		}
		os.Exit(1)
	}
}

func read(list string) (names map[string]bool, err error) {
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

// where is the source of a line of output: a test, or a package itself.
type where struct{ pkg, test string }

// follow writes the output of go test without -json, and returns all skipped tests,
// with their output.
func follow(events io.Reader, out io.Writer) (skipped map[string]string, err error) {
	skipped = map[string]string{}
	said := map[where]string{}
	for d := json.NewDecoder(events); ; {
		var e event
		switch err := d.Decode(&e); {
		case err == io.EOF:
			return skipped, nil
		case err != nil: // other output of go test is passed on
			_, copied := io.Copy(out, io.MultiReader(d.Buffered(), events))
			return skipped, errors.Join(err, copied)
		}
		at := where{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "output":
			if !isProgress(e.Output) {
				said[at] += e.Output
			}
		case "skip":
			if e.Test != "" && !isInput(e.Test) {
				skipped[name(e)] = strings.Join(strings.Fields(said[at]), " ")
			}
			delete(said, at)
		case "pass":
			if e.Test == "" {
				fmt.Fprint(out, lastLine(said[at]))
			}
			delete(said, at)
		case "fail":
			if e.Test == "" {
				fmt.Fprint(out, failure(said, e.Package), said[at])
			}
		}
	}
}

// failure is the output of the tests of a package that did not pass.
func failure(said map[where]string, pkg string) (text string) {
	byName := func(a, b where) int { return strings.Compare(a.test, b.test) }
	for _, at := range slices.SortedFunc(maps.Keys(said), byName) {
		if at.pkg == pkg && at.test != "" {
			text += said[at]
		}
	}
	return text
}

// isProgress reports whether go test only writes this line with -v.
func isProgress(line string) bool {
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(strings.TrimSpace(line), "--- SKIP")
}

func name(e event) string {
	return strings.TrimPrefix(e.Package, "avescript/") + "." + e.Test
}

// isInput reports whether a test is an input of a fuzz target.
func isInput(test string) bool {
	return strings.HasPrefix(test, "Fuzz") && strings.Contains(test, "/")
}

func lastLine(text string) string {
	lines := slices.Collect(strings.Lines(text))
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}
