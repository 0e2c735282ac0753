package suite_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
	"avescript/core/harness/plan"
	"avescript/lualib/suite"
)

// verdicts is how each test of a file ended, by its full name.
type verdicts map[string]string

// differing are the verdicts that are ours on purpose.
var differing = map[string]verdicts{
	// busted reports a hook's error under the name of its block, and loses the
	// tests that it has kept from running; here each of them is an error.
	"hooks.lua": {
		"setup breaks one":                     "error",
		"setup breaks two":                     "error",
		"setup breaks nested three":            "error",
		"lazy setup breaks one":                "error",
		"lazy setup breaks nested two":         "error",
		"before_each breaks nested one":        "error",
		"before_each breaks nested deeper two": "error",
		"before_each fails one":                "error",
		"after_each breaks one":                "error",
	},
	// luassert cannot show match._, and so breaks where an assertion fails.
	"spies.lua": {
		"called_with not called_with a matcher":   "failed",
		"called_with not returned_with a matcher": "failed",
	},
	"matchers.lua": {"a matcher is no value of equal": "failed"},
}

// TestVerdictsOfBusted runs the fixtures under busted too.
func TestVerdictsOfBusted(t *testing.T) {
	if _, err := exec.LookPath("busted"); err != nil {
		t.Skip("busted is not installed (Debian: lua-busted)")
	}
	files, err := filepath.Glob("testdata/busted/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, got := bustedVerdicts(t, file), ourVerdicts(t, file, options())
			for name, verdict := range differing[filepath.Base(file)] {
				if want[name] == verdict {
					t.Errorf("%s: no longer differs", name)
				}
				want[name] = verdict
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-busted +avescript:\n%s", diff)
			}
		})
	}
}

// TestChoicesOfBusted compares which tests run.
func TestChoicesOfBusted(t *testing.T) {
	if _, err := exec.LookPath("busted"); err != nil {
		t.Skip("busted is not installed (Debian: lua-busted)")
	}
	const file = "testdata/choice.lua"
	for name, c := range map[string]struct {
		flags  []string
		choice plan.Choice
		helper string
	}{
		"all":           {},
		"a tag":         {flags: []string{"--tags=slow"}, choice: plan.Choice{Tags: []string{"slow"}}},
		"tags":          {flags: []string{"--tags=slow,net"}, choice: plan.Choice{Tags: []string{"slow", "net"}}},
		"no such tag":   {flags: []string{"--tags=none"}, choice: plan.Choice{Tags: []string{"none"}}},
		"without a tag": {flags: []string{"--exclude-tags=slow"}, choice: plan.Choice{ExcludeTags: []string{"slow"}}},
		"one but not the other": {
			flags:  []string{"--tags=net", "--exclude-tags=slow"},
			choice: plan.Choice{Tags: []string{"net"}, ExcludeTags: []string{"slow"}},
		},
		"a name":      {flags: []string{"--filter=inner t.o"}, choice: plan.Choice{Filters: []string{"inner t.o"}}},
		"but a name":  {flags: []string{"--filter-out=one$"}, choice: plan.Choice{FilterOut: []string{"one$"}}},
		"but a block": {flags: []string{"--filter-out=breaks"}, choice: plan.Choice{FilterOut: []string{"breaks"}}},
		"a helper":    {flags: []string{"--helper=testdata/helper.lua"}, helper: "testdata/helper.lua"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options()
			opts.Choice, opts.Helper = c.choice, c.helper
			want, got := bustedVerdicts(t, file, c.flags...), ourVerdicts(t, file, opts)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-busted +avescript:\n%s", diff)
			}
		})
	}
}

func bustedVerdicts(t *testing.T, file string, flags ...string) verdicts {
	flags = append([]string{"--output=testdata/handler.lua", "--pattern=", file}, flags...)
	// It exits with the number of failures.
	out, err := exec.Command("busted", flags...).Output()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	all := verdicts{}
	for line := range strings.Lines(string(out)) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(field) != 3 {
			t.Fatalf("busted says %q", line)
		}
		verdict, element, name := field[0], field[1], field[2]
		isTest := element == "it" || element == "pending"
		// A test that has failed stays so, whatever its finally does.
		if isTest && (verdict == "failed" || all[name] != "failed") {
			all[name] = verdict
		}
	}
	return all
}

// collector keeps the verdicts of the tests that it is told of.
type collector struct{ verdicts }

func (c collector) Report(e harness.Event) {
	if e.Kind == harness.TestFinished {
		c.verdicts[strings.Join(e.Path, " ")] = string(e.Status)
	}
}

func ourVerdicts(t *testing.T, file string, opts suite.Options) verdicts {
	c := collector{verdicts{}}
	if err := suite.RunFile(t.Context(), file, c, opts); err != nil {
		t.Fatal(err)
	}
	return c.verdicts
}
