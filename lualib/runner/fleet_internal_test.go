package runner

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/workers"
	"avescript/core/profile"
	"avescript/lualib"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func fleetOptions(paths ...string) *Options {
	o := Defaults()
	o.Paths, o.Fleet = paths, &Fleet{}
	o.New = func() *vm.VM { return lualib.New(vm.Stdio{}) }
	return &o
}

func jobsOf(files ...string) (jobs []workers.Job) {
	for _, file := range files {
		jobs = append(jobs, workers.Job{File: file})
	}
	return jobs
}

// TestCode: what is beside the tests goes along, with what they require.
func TestCode(t *testing.T) {
	project := map[string]string{
		"tests/a_spec.lua":    `require("beside") require("lib.far") pcall(require, "none") require("ave.cmd")`,
		"tests/beside.lua":    ``,
		"tests/data/x.bin":    `x`,
		"tests/.hidden/x":     `x`,
		"tests/big.tmp":       `x`,
		"lib/far.lua":         `require("lib.farther")`,
		"lib/farther.lua":     `require("lib.far")`,
		"lib/unused.lua":      ``,
		"src/tested.lua":      ``,
		"spec/other_spec.lua": `require("tested")`,
		"help/me.lua":         `require("lib.unused")`,
		"more/data/y":         `y`,
		".busted":             `return {}`,
		".gitignore":          "*.tmp\n",
		"README":              ``,
	}
	always := []string{".busted", "help/me.lua", "lib/far.lua", "lib/farther.lua", "lib/unused.lua", "more/data/y",
		"spec/other_spec.lua", "src/tested.lua", "tests/a_spec.lua", "tests/beside.lua", "tests/data/x.bin"}
	for name, c := range map[string]struct {
		prepare string
		more    []string
	}{
		"without git": {"", []string{"tests/big.tmp"}},
		"with git":    {"git init -q . && git add tests/a_spec.lua", []string{"tests/.hidden/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t, project)
			if out, err := exec.Command("sh", "-c", c.prepare).CombinedOutput(); err != nil {
				t.Skipf("git: %v: %s", err, out)
			}
			o := fleetOptions("tests")
			o.Fleet.Data = []string{"more"}
			got, err := o.codeOf(jobsOf("tests/a_spec.lua", "spec/other_spec.lua"), suite.Options{Helper: "help/me.lua"}, func(warning string) { t.Error(warning) })
			if err != nil {
				t.Fatal(err)
			}
			defer got.modules.Close()
			want := append(slices.Clone(always), c.more...)
			slices.Sort(want)
			if diff := cmp.Diff(want, got.list()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestGitFails: it is said if .gitignore has no effect.
func TestGitFails(t *testing.T) {
	tree(t, map[string]string{"a_spec.lua": ``})
	if out, err := exec.Command("git", "init", "-q", ".").CombinedOutput(); err != nil {
		t.Skipf("git: %v: %s", err, out)
	}
	if err := os.WriteFile(".git/config", []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	var warnings []string
	c, err := fleetOptions(".").codeOf(jobsOf("a_spec.lua"), suite.Options{}, func(warning string) { warnings = append(warnings, warning) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.modules.Close()
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "git cannot say which files it ignores") {
		t.Errorf("got %q", warnings)
	}
}

func TestCodeMistakes(t *testing.T) {
	tree(t, map[string]string{"tests/a_spec.lua": ``, "tests/big.img": ``, "tests/small": `x`})
	if err := os.Truncate("tests/big.img", 300<<20); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "x_spec.lua")
	if err := os.WriteFile(elsewhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		file, data string
	}{
		"300 MB of files would go to the hosts, at most 256 MB can; the largest are tests/big.img (300 MB), tests/small (0 MB)": {file: "tests/a_spec.lua"},
		elsewhere + " is not below the working directory":                                                                       {file: elsewhere},
		"--data: stat none: no such file or directory":                                                                          {file: "tests/a_spec.lua", data: "none"},
		"--data: .. is not below the working directory, and nothing":                                                            {file: "tests/a_spec.lua", data: ".."},
	} {
		o := fleetOptions()
		if c.data != "" {
			o.Fleet.Data = []string{c.data}
		}
		_, err := o.codeOf(jobsOf(c.file), suite.Options{}, func(string) {})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("wanted %s, got %v", want, err)
		}
	}
}

// TestMentions: only files that may need something are worth listing.
func TestMentions(t *testing.T) {
	tree(t, map[string]string{
		"plain_spec.lua":  `it("x", function() end) -- this needless word is none`,
		"own_spec.lua":    `test.equipment("phone", {type = "handset"})`,
		"module_spec.lua": `require("phones")`,
		"phones.lua":      `require("deeper")`,
		"deeper.lua":      `test.needs{cores = 2}`,
	})
	o := fleetOptions()
	c, err := o.codeOf(jobsOf("plain_spec.lua", "own_spec.lua", "module_spec.lua"), suite.Options{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer c.modules.Close()
	for file, want := range map[string]bool{"plain_spec.lua": false, "own_spec.lua": true, "module_spec.lua": true} {
		if got := c.mentions(file); got != want {
			t.Errorf("%s: wanted %v, got %v", file, want, got)
		}
	}
}

func want(name, kind string) wire.Want {
	p, _ := profile.New(map[string]any{"type": kind})
	return wire.Want{Name: name, Profile: p}
}

// TestSplit: parts of a file with needs of their own are jobs of their own.
func TestSplit(t *testing.T) {
	phone := wire.Needs{Equipment: []wire.Want{want("phone", "handset")}}
	relay := wire.Needs{Equipment: []wire.Want{want("relay", "relay")}}
	other := wire.Needs{Equipment: []wire.Want{want("phone", "tablet")}}
	listed := func(line int, needs wire.Needs, path ...string) harness.Event {
		text, _ := json.Marshal(needs)
		return harness.Event{Kind: harness.TestListed, Line: line, Path: path, Needs: text}
	}
	none := wire.Needs{}
	for name, c := range map[string]struct {
		job   workers.Job
		tests []harness.Event
		want  []part
	}{
		"not listed": {workers.Job{File: "a", Lines: []int{3}}, nil, []part{{job: workers.Job{File: "a", Lines: []int{3}}}}},
		"all alike":  {workers.Job{File: "a"}, []harness.Event{listed(1, phone, "x"), listed(2, phone, "y")}, []part{{job: workers.Job{File: "a"}, needs: phone}}},
		"three kinds": {workers.Job{File: "a"}, []harness.Event{listed(1, none, "x"), listed(2, phone, "y"), listed(3, none, "z"), listed(4, relay, "w")}, []part{
			{job: workers.Job{File: "a", Lines: []int{1, 3}}, needs: none},
			{job: workers.Job{File: "a", Lines: []int{2}}, needs: phone},
			{job: workers.Job{File: "a", Lines: []int{4}}, needs: relay},
		}},
		"a block": {workers.Job{File: "a"}, []harness.Event{listed(1, none, "x"), listed(3, phone, "b", "y"), listed(4, relay, "b", "z")}, []part{
			{job: workers.Job{File: "a", Lines: []int{1}}, needs: none},
			{job: workers.Job{File: "a", Lines: []int{3, 4}}, needs: wire.Needs{Equipment: []wire.Want{want("phone", "handset"), want("relay", "relay")}}},
		}},
		"a block with two things of one name": {workers.Job{File: "a"}, []harness.Event{listed(3, phone, "b", "y"), listed(4, other, "b", "z")}, []part{
			{job: workers.Job{File: "a", Lines: []int{3}}, needs: phone},
			{job: workers.Job{File: "a", Lines: []int{4}}, needs: other},
		}},
		"one line": {workers.Job{File: "a"}, []harness.Event{listed(3, phone, "y"), listed(3, relay, "z"), listed(4, none, "w")}, []part{
			{job: workers.Job{File: "a", Lines: []int{3}}, needs: wire.Needs{Equipment: []wire.Want{want("phone", "handset"), want("relay", "relay")}}},
			{job: workers.Job{File: "a", Lines: []int{4}}, needs: none},
		}},
		"only some": {workers.Job{File: "a", Only: []string{"x", "y"}}, []harness.Event{listed(1, none, "x"), listed(2, phone, "y")}, []part{
			{job: workers.Job{File: "a", Lines: []int{1}, Only: []string{"x"}}, needs: none},
			{job: workers.Job{File: "a", Lines: []int{2}, Only: []string{"y"}}, needs: phone},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := split(c.job, c.tests)
			show := func(parts []part) (lines []string) {
				for _, p := range parts {
					text, _ := json.Marshal(p.job)
					lines = append(lines, string(text)+" "+key(p.needs))
				}
				return lines
			}
			if diff := cmp.Diff(show(c.want), show(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestFleetJobs: jobs have the times of earlier runs, and paths as on the hosts.
func TestFleetJobs(t *testing.T) {
	tree(t, map[string]string{"a_spec.lua": ``, "b_spec.lua": ``})
	past := history.Open(".")
	past.Report(harness.Event{Kind: harness.FileFinished, File: "a_spec.lua", Seconds: 7})
	past.Complete("a_spec.lua")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	o := fleetOptions()
	jobs := jobsOf("a_spec.lua", filepath.Join(here, "b_spec.lua"))
	c, err := o.codeOf(jobs, suite.Options{}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer c.modules.Close()
	got, err := (&runner{Options: *o}).fleetJobs(context.Background(), jobs, suite.Options{}, past, c)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(got)
	tags := `"needs":{"tags":["` + wire.ArchTag() + `"]}`
	const work = `"work":{"file":"%"}`
	expected := `[{"name":"a_spec.lua",` + strings.ReplaceAll(work, "%", "a_spec.lua") + `,` + tags + `,"seconds":7},{"name":"b_spec.lua",` +
		strings.ReplaceAll(work, "%", "b_spec.lua") + `,` + tags + `}]`
	if diff := cmp.Diff(expected, string(text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
