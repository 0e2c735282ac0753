package plan_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/plan"
	"avescript/core/harness/workers"
)

func isTest(name string) bool {
	stem, ok := strings.CutSuffix(name, ".lua")
	return ok && (strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec"))
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"test_b.lua", "a_spec.lua", "sub/c_test.lua", "other.lua", "test_x.txt", ".hidden/test_h.lua", "sub/none/tested.lua",
	} {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	if err := os.Symlink("sub", "link"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ paths, want []string }{
		{[]string{"link"}, []string{"link/c_test.lua"}},
		{[]string{"."}, []string{"a_spec.lua", "sub/c_test.lua", "test_b.lua"}},
		{[]string{"./other.lua", "sub", "sub/"}, []string{"other.lua", "sub/c_test.lua"}},
		{[]string{".hidden"}, []string{".hidden/test_h.lua"}},
	} {
		jobs, err := plan.Find(c.paths, isTest, "tests")
		var got []string
		for _, j := range jobs {
			got = append(got, j.File)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: wanted %q, got %q, %v", c.paths, c.want, got, err)
		}
	}
	for path, want := range map[string]string{
		"missing":     "cannot read missing: no such file or directory",
		"sub/none":    "wanted tests in sub/none, found none",
		"other.lua:x": `wanted a file, a directory or FILE:LINE, got "other.lua:x"`,
		"other.lua:0": `wanted a file, a directory or FILE:LINE, got "other.lua:0"`,
		"sub:3":       `wanted FILE:LINE, got "sub:3": sub is a directory`,
	} {
		if _, err := plan.Find([]string{path}, isTest, "tests"); err == nil || err.Error() != want {
			t.Errorf("%q: wanted %s, got %v", path, want, err)
		}
	}
}

func TestFindLines(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"test_a.lua", "test_b.lua", "test_c.lua:7"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := plan.Find([]string{"test_b.lua:9", "./test_b.lua:3:", "test_a.lua:1", "test_a.lua", "test_c.lua:7"}, isTest, "tests")
	want := []workers.Job{{File: "test_a.lua"}, {File: "test_b.lua", Lines: []int{9, 3}}, {File: "test_c.lua:7"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestSelection(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	past := history.Open(".")
	failed := harness.Event{Kind: harness.TestFinished, File: "b", Path: []string{"fails"}, Status: harness.Failed}
	past.Report(failed)
	past.Report(harness.Event{Kind: harness.BlockFailed, File: "c", Status: harness.Error})
	for name, c := range map[string]struct {
		selection plan.Selection
		want      []workers.Job
		err       string
	}{
		"all":         {plan.Selection{Repeat: 1}, []workers.Job{{File: "a"}, {File: "b"}, {File: "c"}}, ""},
		"twice":       {plan.Selection{Repeat: 2, Wanted: func(file string) bool { return file == "a" }}, []workers.Job{{File: "a"}, {File: "a"}}, ""},
		"failed":      {plan.Selection{Repeat: 1, Failed: true}, []workers.Job{{File: "b", Only: []string{"fails"}}, {File: "c"}}, ""},
		"a part":      {plan.Selection{Repeat: 1, Shard: "2/3"}, []workers.Job{{File: "b"}}, ""},
		"none":        {plan.Selection{Repeat: 1, Shard: "4/4"}, nil, "nothing to run: part 4/4 of 3 test files is empty"},
		"no part":     {plan.Selection{Repeat: 1, Shard: "4/3"}, nil, "--shard: wanted a NUMBER from 1 to 3 before /3, got \"4/3\""},
		"too often":   {plan.Selection{Repeat: 1 << 20}, nil, "--repeat: wanted a number from 1 to 333333 for 3 test files, got 1048576"},
		"no changes":  {plan.Selection{Repeat: 1, Wanted: func(string) bool { return false }}, nil, "nothing to run: none of the chosen test files has changed"},
		"other order": {plan.Selection{Repeat: 1, Seed: 2}, []workers.Job{{File: "b"}, {File: "a"}, {File: "c"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.selection.Of([]workers.Job{{File: "a"}, {File: "b"}, {File: "c"}}, past)
			if diff := cmp.Diff(c.want, got); diff != "" || messageOf(err) != c.err {
				t.Errorf("got %v, -want +got:\n%s", err, diff)
			}
		})
	}
}
