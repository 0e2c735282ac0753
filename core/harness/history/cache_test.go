package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"avescript/core/harness"
	"avescript/core/harness/history"
)

// cache makes the test use its own cache directory, and returns it.
func cache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	return filepath.Join(dir, "avescript", "tests")
}

// finish records how long a whole file took.
func finish(h *history.History, file string, seconds float64) {
	h.Report(harness.Event{Kind: harness.FileFinished, File: file, Seconds: seconds})
	h.Complete(file)
}

func ended(file, name string, status harness.Status) harness.Event {
	return harness.Event{Kind: harness.TestFinished, File: file, Path: []string{name}, Line: 7, Status: status}
}

// save makes a history from events, saves it and reads it again.
func save(t *testing.T, events ...harness.Event) *history.History {
	t.Helper()
	h := history.Open(".")
	for _, e := range events {
		h.Report(e)
	}
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	return history.Open(".")
}

// TestShard: whatever is known, each file is in exactly one part, and no part is longer
// than a fair share plus the longest file.
func TestShard(t *testing.T) {
	cache(t)
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Float64Range(0, 100), 0, 40).Draw(t, "times")
		parts := rapid.IntRange(1, 6).Draw(t, "parts")
		h := history.Open("shards")
		var files []string
		sum, longest := 0.0, 0.0
		for i, seconds := range times {
			files = append(files, fmt.Sprintf("f%02d", i))
			finish(h, files[i], seconds)
			sum, longest = sum+seconds, max(longest, seconds)
		}
		shuffled := rapid.Permutation(files).Draw(t, "order")
		var all []string
		for part := range parts {
			own := h.Shard(shuffled, part+1, parts)
			load := 0.0
			for _, file := range own {
				load += times[slices.Index(files, file)]
			}
			if limit := sum/float64(parts) + longest + 1e-3; load > limit {
				t.Errorf("part %d takes %g s, wanted %g s at most", part+1, load, limit)
			}
			all = append(all, own...)
		}
		slices.Sort(all)
		if !slices.Equal(all, files) {
			t.Errorf("wanted each of %q once, got %q", files, all)
		}
	})
}

// TestShardOfUnknown distributes files that are unknown, and files that take no time.
func TestShardOfUnknown(t *testing.T) {
	cache(t)
	files := []string{"a", "b", "c", "d", "e", "f"}
	quick := history.Open("y")
	for _, file := range files {
		finish(quick, file, 0)
	}
	for name, h := range map[string]*history.History{"unknown": history.Open("x"), "no time": quick} {
		for part := range 3 {
			if own := h.Shard(files, part+1, 3); len(own) != 2 {
				t.Errorf("%s: part %d has %q", name, part+1, own)
			}
		}
	}
}

// TestBrokenCache: a file that is not a valid history is ignored, and replaced.
func TestBrokenCache(t *testing.T) {
	for _, text := range []string{"", "garbage", `{"a":`, "null", "[]", `{"a":null,"b":{"seconds":2}}`, `{"a":{"seconds":"x"}}`, "\x00\xff"} {
		dir := cache(t)
		save(t, ended("b", "bad", harness.Failed))
		kept, _ := filepath.Glob(dir + "/*")
		if len(kept) != 1 {
			t.Fatalf("wanted one file, got %q", kept)
		}
		if err := os.WriteFile(kept[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h := save(t, ended("a", "bad", harness.Failed))
		if keys, all := h.Failed("a"); len(keys) != 1 || all {
			t.Errorf("after %q, nothing is learned", text)
		}
		if own := h.Shard([]string{"a", "b"}, 1, 1); len(own) != 2 {
			t.Errorf("after %q, the only part is %q", text, own)
		}
	}
}

// TestSaveAtOnce: if several runs end at the same time, one complete history is kept.
func TestSaveAtOnce(t *testing.T) {
	dir := cache(t)
	var all sync.WaitGroup
	for run := range 16 {
		all.Go(func() {
			h := history.Open(".")
			for i := range 200 {
				h.Report(ended(fmt.Sprintf("%s%d", strings.Repeat("x", run), i), "bad", harness.Failed))
			}
			if err := h.Save(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	h := history.Open(".")
	whole := 0
	for run := range 16 {
		known := 0
		for i := range 200 {
			if keys, _ := h.Failed(fmt.Sprintf("%s%d", strings.Repeat("x", run), i)); len(keys) > 0 {
				known++
			}
		}
		if known != 0 && known != 200 {
			t.Errorf("of run %d, %d files are known", run, known)
		}
		whole += known / 200
	}
	if left, _ := filepath.Glob(dir + "/*"); len(left) != 1 || whole == 0 {
		t.Errorf("%d runs are known, and there is %q", whole, left)
	}
}

func TestNoCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if err := history.Open(".").Save(); err != nil {
		t.Error(err)
	}
	t.Setenv("XDG_CACHE_HOME", "/dev/null")
	if err := history.Open(".").Save(); err == nil || !strings.Contains(err.Error(), "cannot save the times of the tests: mkdir /dev/null") {
		t.Errorf("got %v", err)
	}
}
