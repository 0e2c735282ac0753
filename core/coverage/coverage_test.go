package coverage

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// start begins a measurement in a directory with the files of a test.
func start(t *testing.T, choice Choice, files map[string]string) *Run {
	t.Helper()
	choice.Root = t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(choice.Root, name), text)
	}
	t.Chdir(choice.Root)
	run, err := Start(choice)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Remove() })
	return run
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, run *Run) *Recorder {
	t.Helper()
	r, err := Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func result(t *testing.T, run *Run) *Result {
	t.Helper()
	r, err := run.Result()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProcessesAddToTheSameCounters(t *testing.T) {
	run := start(t, Choice{}, map[string]string{"a.lua": "one\ntwo\n"})
	const each = 10_000
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r, err := Open(run.Dir) // like another process
			if err != nil {
				t.Error(err)
				return
			}
			counters := r.Counters("./a.lua", []byte("one\ntwo\n"), []int32{1, 1, 0, 2})
			if len(counters) != 4 {
				t.Errorf("wanted 4 counters, got %d", len(counters))
				return
			}
			for range each {
				atomic.AddUint64(&counters[1], 1)
				atomic.AddUint64(&counters[2], 1)
			}
			atomic.AddUint64(&counters[0], 1)
		})
	}
	all.Wait()
	want := []File{{Name: "a.lua", Source: []byte("one\ntwo\n"), Lines: []Line{{1, 8 * each}, {2, 0}}}}
	if diff := cmp.Diff(want, result(t, run).Files); diff != "" {
		t.Error(diff)
	}
	left, err := filepath.Glob(run.Dir + "/new-*")
	if err != nil || len(left) > 0 {
		t.Errorf("these are left: %v, %v", left, err)
	}
}

func TestWhatIsCounted(t *testing.T) {
	files := map[string]string{
		"src/a.lua": "a", "src/deep/b.lua": "b", "src/test_a.lua": "t", ".rocks/c.lua": "c", "top.lua": "top",
	}
	all := []string{".rocks/c.lua", "src/a.lua", "src/deep/b.lua", "src/test_a.lua", "top.lua"}
	for name, test := range map[string]struct {
		choice Choice
		want   []string
	}{
		"everything":   {Choice{}, all},
		"include":      {Choice{Include: []string{"src/**"}}, []string{"src/a.lua", "src/deep/b.lua", "src/test_a.lua"}},
		"one level":    {Choice{Include: []string{"*/*.lua"}}, []string{".rocks/c.lua", "src/a.lua", "src/test_a.lua"}},
		"two patterns": {Choice{Include: []string{"top.lua", "src/deep/*"}}, []string{"src/deep/b.lua", "top.lua"}},
		"exclude":      {Choice{Exclude: []string{"**/test_*.lua", "**/.*/**"}}, []string{"src/a.lua", "src/deep/b.lua", "top.lua"}},
		"both":         {Choice{Include: []string{"src/**/*.lua"}, Exclude: []string{"**/deep/**", "**/test_*"}}, []string{"src/a.lua"}},
	} {
		t.Run(name, func(t *testing.T) {
			run := start(t, test.choice, files)
			r := open(t, run)
			var got []string
			for _, name := range all {
				if r.Counters(name, []byte(files[name]), []int32{1}) != nil {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyFilesAreCounted(t *testing.T) {
	run := start(t, Choice{}, map[string]string{"a.lua": "text", "../outside.lua": "text"})
	t.Cleanup(func() { os.Remove("../outside.lua") })
	r := open(t, run)
	for name, source := range map[string]string{
		"a.lua": "other text", "missing.lua": "text", `[string "text"]`: "text", "../outside.lua": "text",
	} {
		if r.Counters(name, []byte(source), []int32{1}) != nil {
			t.Errorf("%s with %q is counted", name, source)
		}
	}
	t.Chdir(t.TempDir())
	if r.Counters("a.lua", []byte("text"), []int32{1}) == nil {
		t.Error("wanted a name below the root to be known in another directory")
	}
}

func TestChangedFilesAreLeftOut(t *testing.T) {
	run := start(t, Choice{}, map[string]string{"a.lua": "old", "b.lua": "gone"})
	r := open(t, run)
	r.Counters("a.lua", []byte("old"), []int32{1})
	r.Counters("b.lua", []byte("gone"), []int32{1})
	write(t, "a.lua", "new")
	os.Remove("b.lua")
	atomic.AddUint64(&r.Counters("a.lua", []byte("new"), []int32{7})[0], 3)
	want := []File{{Name: "a.lua", Source: []byte("new"), Lines: []Line{{7, 3}}}}
	if diff := cmp.Diff(want, result(t, run).Files); diff != "" {
		t.Error(diff)
	}
}

func TestRunThatHasEnded(t *testing.T) {
	run := start(t, Choice{}, map[string]string{"a.lua": "a"})
	r := open(t, run)
	run.Remove()
	if r.Counters("a.lua", []byte("a"), []int32{1}) != nil {
		t.Error("wanted no counters in a run that has ended")
	}
	if _, err := Open(run.Dir); err == nil {
		t.Error("wanted an error from a run that has ended")
	}
}

func TestWrongPatterns(t *testing.T) {
	for _, pattern := range []string{"src/[a", "", "/src", "src//a"} {
		if _, err := Start(Choice{Exclude: []string{pattern}}); err == nil || !strings.Contains(err.Error(), "wanted a pattern") {
			t.Errorf("%q: got %v", pattern, err)
		}
	}
}

func TestIncludedFiles(t *testing.T) {
	run := start(t, Choice{Include: []string{"**/*"}, Exclude: []string{"b.lua"}},
		map[string]string{"a.lua": "", "b.lua": "", "c.txt": "", "d/e.lua": "", ".git/f.lua": ""})
	got, err := run.Included(func(name string) bool { return filepath.Ext(name) == ".lua" })
	want := []string{filepath.Join(run.choice.Root, "a.lua"), filepath.Join(run.choice.Root, "d/e.lua")}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestBrokenFilesOfCounters(t *testing.T) {
	good := append(header("a", []int32{1, 2}), make([]byte, 64)...)[:sizeOf("a", []int32{1, 2})]
	if _, _, err := parse(good); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, _, err := parse(good[:n]); err == nil {
			t.Errorf("wanted an error from the first %d bytes of %d", n, len(good))
		}
	}
	if _, _, err := parse(bytes.Repeat([]byte{0xff}, len(good))); err == nil {
		t.Error("wanted an error from lengths that cannot be")
	}
}

// sample is a result that contains everything.
var sample = &Result{Root: "/lab", Files: []File{
	{Name: "a.lua", Source: []byte("1\n2\n3\n4\n5\n6\n"), Lines: []Line{{1, 1}, {2, 0}, {4, 0}, {5, 12345}, {6, 0}}},
	{Name: "</script>\x1b.lua", Source: []byte("</script><b>\n"), Lines: []Line{{1, 2}}},
	{Name: "empty.lua"},
}}

func TestLCOV(t *testing.T) {
	var b strings.Builder
	if err := (&Result{Root: "/lab", Files: sample.Files[:1]}).WriteLCOV(&b); err != nil {
		t.Fatal(err)
	}
	const want = "TN:\nSF:/lab/a.lua\nDA:1,1\nDA:2,0\nDA:4,0\nDA:5,12345\nDA:6,0\nLF:5\nLH:2\nend_of_record\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSummary(t *testing.T) {
	var b strings.Builder
	if err := sample.WriteSummary(&b); err != nil {
		t.Fatal(err)
	}
	const want = `a.lua                  40.0%       2 of 5      missed: 2-4, 6
"</script>\x1b.lua"   100.0%       1 of 1
empty.lua             100.0%       0 of 0
total                  50.0%       3 of 6
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestManyMissedLines(t *testing.T) {
	var ranges [][2]int
	for i := range 100 {
		ranges = append(ranges, [2]int{10 * i, 10*i + 5})
	}
	if got := missedText(ranges); len(got) > longestMissed+len(", ...") || !strings.HasSuffix(got, ", ...") {
		t.Errorf("got %q", got)
	}
}

func TestMinimum(t *testing.T) {
	for _, test := range []struct {
		result *Result
		want   Minimum
		short  []string
	}{
		{sample, Minimum{}, nil},
		{sample, Minimum{Total: 50}, nil},
		{sample, Minimum{Total: 50.1}, []string{"50.0% of all lines were executed, wanted 50.1%"}},
		{sample, Minimum{File: 41}, []string{"a.lua: 40.0% of the lines were executed, wanted 41%"}},
		{&Result{}, Minimum{Total: 1}, []string{"no line was counted"}},
		{&Result{}, Minimum{}, nil},
	} {
		if got := test.result.Check(test.want); !slices.Equal(got, test.short) {
			t.Errorf("%+v: wanted %q, got %q", test.want, test.short, got)
		}
	}
	if got := (Share{Covered: 99_999, Lines: 100_000}).String(); got != "99.9%" {
		t.Errorf("wanted 100%% to mean all, got %s", got)
	}
}

func TestPage(t *testing.T) {
	var b strings.Builder
	if err := sample.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if n := strings.Count(text, "</script>"); n != 2 {
		t.Errorf("wanted the page's own two ends of scripts, got %d", n)
	}
	for _, want := range []string{`"counts":[1,0,null,0,12345,0]`, `\u003c/script\u003e\u003cb\u003e`, "<title>Coverage of lab: 50.0%</title>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, never := range []string{"{{", "http://", "https://", "src="} {
		if rest := strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""); strings.Contains(rest, never) {
			t.Errorf("the page has %s", never)
		}
	}
}
