package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of the output of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// where is the source of a line of output: a test, or a package itself.
type where struct{ pkg, test string }

// results are those of a run of go test.
type results struct {
	skipped map[string]string   // the output of tests that were skipped, by name
	failed  map[string][]string // tests that failed, by package; "" if only the package itself has
}

// follow writes the output of go test without -json.
func follow(events io.Reader, out io.Writer) (results, error) {
	r := results{map[string]string{}, map[string][]string{}}
	said := map[where]string{}
	for d := json.NewDecoder(events); ; {
		var e event
		switch err := d.Decode(&e); {
		case err == io.EOF:
			return r, nil
		case err != nil: // other output of go test is passed on
			_, copied := io.Copy(out, io.MultiReader(d.Buffered(), events))
			return r, errors.Join(err, copied)
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
				r.skipped[short(e.Package, e.Test)] = strings.Join(strings.Fields(said[at]), " ")
			}
			delete(said, at)
		case "pass":
			if e.Test == "" {
				fmt.Fprint(out, lastLine(said[at]))
			}
			delete(said, at)
		case "fail":
			r.fail(e)
			if e.Test == "" {
				fmt.Fprint(out, failure(said, e.Package), said[at])
			}
		}
	}
}

// fail notes what has failed: a test, or a package without a test that has failed, for example
// because of a leak.
func (r *results) fail(e event) {
	test, _, isPart := strings.Cut(e.Test, "/")
	tests := r.failed[e.Package]
	if !isPart && (test != "" || len(tests) == 0) {
		r.failed[e.Package] = append(tests, test)
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

// short is the name of a test, or of a package.
func short(pkg, test string) string {
	pkg = strings.TrimPrefix(pkg, "avescript/")
	if test == "" {
		return pkg
	}
	return pkg + "." + test
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
