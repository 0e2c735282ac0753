package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"avescript/internal/golden"
)

// varying is what differs between the reports of two runs.
var varying = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`(?m)(?:^slow .*\n)+\n`), ""}, // which ones depends on the machine
	{regexp.MustCompile(`\((?:\d+ ms|\d+\.\d\d s)\)`), "(0 ms)"},
	{regexp.MustCompile(`\b\d+\.\d\d s\b`), "0.00 s"},
	{regexp.MustCompile(`("?(?:time|seconds|timestamp|duration_ms|started|start|at)"?[:=] ?"?)[0-9][0-9.:TZe+-]*`), "${1}0"},
	{regexp.MustCompile(`avetest\d+`), "avetest0"},
	{regexp.MustCompile(`process \d+ \(`), "process 0 ("},
	{regexp.MustCompile(`\b\d+ [RSD] (sleep|/)`), "0 S $1"},
	{regexp.MustCompile(`descriptor \d+`), "descriptor 0"},
	{regexp.MustCompile(`port \d+`), "port 0"},
}

var longRun = regexp.MustCompile(`x{100,}`)

// normalize makes the reports of two runs of the same tests equal.
func normalize(text, dir string) string {
	text = strings.ReplaceAll(text, dir, "/DIR")
	text = longRun.ReplaceAllStringFunc(text, func(run string) string { return fmt.Sprintf("<%d times x>", len(run)) })
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.mask)
	}
	return text
}

// TestReportsOfFaults runs tests that fail in all possible ways, in workers, and
// compares each report completely.
func TestReportsOfFaults(t *testing.T) {
	dir := t.TempDir()
	args := []string{"test", "-j", "2", "faults_spec.lua"}
	names := []string{"tap", "junit", "json", "github", "html"}
	for _, name := range names {
		args = append(args, "--report", name+"="+filepath.Join(dir, name))
	}
	avescript := exec.Command("avescript", args...)
	avescript.Dir = "testdata/fixtures"
	avescript.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir, "TMPDIR=/tmp")
	terminal, err := avescript.Output()
	if avescript.ProcessState.ExitCode() != statusFailed {
		t.Fatalf("wanted exit status %d, got %v", statusFailed, err)
	}
	wd, err := filepath.Abs(avescript.Dir)
	if err != nil {
		t.Fatal(err)
	}
	reports := map[string]string{"terminal": string(terminal)}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		reports[name] = string(text)
	}
	t.Run("junit is XML", func(t *testing.T) {
		if _, err := exec.LookPath("xmllint"); err != nil {
			t.Skip("xmllint is not installed")
		}
		if out, err := exec.Command("xmllint", "--noout", filepath.Join(dir, "junit")).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	for line := range strings.Lines(reports["json"]) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	var rest string
	reports["html"], rest = splitPage(t, reports["html"])
	if strings.Contains(rest, "GARBAGE") {
		t.Error("the page has what tests have said outside of its data")
	}
	for name, text := range reports {
		t.Run(name, func(t *testing.T) {
			golden.Compare(t, filepath.Join("testdata", "reports", name+".golden"), normalize(text, wd))
		})
	}
}

// splitPage separates the data of a page, which it indents, from the rest.
func splitPage(t *testing.T, page string) (data, rest string) {
	before, behind, found := strings.Cut(page, `id="data">`)
	data, after, ends := strings.Cut(behind, "</script>")
	if !found || !ends {
		t.Fatal("the page has no data")
	}
	var indented strings.Builder
	encoder := json.NewEncoder(&indented)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(json.RawMessage(data)); err != nil {
		t.Fatal(err)
	}
	return indented.String(), before + after
}
