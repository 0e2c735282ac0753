package history_test

import (
	"slices"
	"testing"

	"avescript/core/harness"
	"avescript/core/harness/history"
)

// run records a run of a file in which the tests have these results.
func run(h *history.History, file string, seconds float64, ends map[string]harness.Status) {
	h.Report(harness.Event{Kind: harness.FileStarted, File: file})
	for name, status := range ends {
		h.Report(harness.Event{Kind: harness.TestFinished, File: file, Path: []string{"block", name}, Status: status})
	}
	h.Report(harness.Event{Kind: harness.FileFinished, File: file, Seconds: seconds})
}

func open(t *testing.T) *history.History {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Chdir(t.TempDir())
	return history.Open(".")
}

// again returns the history as the next run reads it.
func again(t *testing.T, h *history.History) *history.History {
	t.Helper()
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	return history.Open(".")
}

func wantFailed(t *testing.T, h *history.History, file string, wantAll bool, want ...string) {
	t.Helper()
	names, all := h.Failed(file)
	if slices.Sort(names); !slices.Equal(names, want) || all != wantAll {
		t.Errorf("wanted %q to have failed, and the whole file %v; got %q and %v", want, wantAll, names, all)
	}
}

func TestFailedIsRememberedUntilItPasses(t *testing.T) {
	h := open(t)
	run(h, "a", 1, map[string]harness.Status{"x": harness.Failed, "y": harness.Error, "z": harness.Passed})
	h = again(t, h)
	wantFailed(t, h, "a", false, "block x", "block y")
	run(h, "./a", 1, map[string]harness.Status{"y": harness.Passed, "z": harness.Failed})
	h = again(t, h)
	wantFailed(t, h, "a", false, "block x", "block z")

	// A run of the whole file would have included x.
	run(h, "a", 1, map[string]harness.Status{"z": harness.Failed})
	h.Complete("a")
	wantFailed(t, h, "a", false, "block z")

	h.Report(harness.Event{Kind: harness.BlockFailed, File: "a"})
	wantFailed(t, h, "a", true, "block z")
	h = again(t, h)
	run(h, "a", 1, map[string]harness.Status{"z": harness.Passed})
	h.Complete("a")
	wantFailed(t, again(t, h), "a", false)
}

func TestRepeatedTestThatFailsOnceHasFailed(t *testing.T) {
	h := open(t)
	run(h, "a", 1, map[string]harness.Status{"x": harness.Failed})
	run(h, "a", 1, map[string]harness.Status{"x": harness.Passed})
	wantFailed(t, h, "a", false, "block x")
}

func TestShardsTakeTheSameTime(t *testing.T) {
	h := open(t)
	files := []string{"a", "b", "c", "d", "new"}
	for i, seconds := range []float64{8, 4, 3, 1} {
		run(h, files[i], seconds, nil)
		h.Complete(files[i])
	}
	run(h, "a", 0.1, nil) // only a part of its tests: this must not make it a fast file
	h = again(t, h)
	var all []string
	for number, want := range [][]string{{"a"}, {"b", "d"}, {"c", "new"}} {
		got := slices.Sorted(slices.Values(h.Shard(files, number+1, 3)))
		all = append(all, got...)
		if number == 0 && !slices.Equal(got, want) {
			t.Errorf("part %d: wanted %q, got %q", number+1, want, got)
		}
	}
	if slices.Sort(all); !slices.Equal(all, files) {
		t.Errorf("wanted each of %q in one part, got %q", files, all)
	}
	if h.Sort(files); !slices.Equal(files, []string{"new", "a", "b", "c", "d"}) {
		t.Errorf("wanted the unknown file first, and then the longest; got %q", files)
	}
}
