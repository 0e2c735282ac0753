package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/core/harness/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// project is a directory that is watched.
type project struct {
	*testing.T
	dir   string
	trees *watch.Trees
}

func open(t *testing.T, files ...string) *project {
	t.Helper()
	p := &project{T: t, dir: t.TempDir()}
	for _, file := range files {
		p.write(file, "old")
	}
	trees, err := watch.Open([]string{p.dir}, func(path string) bool { return strings.HasSuffix(path, ".lua") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := trees.Close(); err != nil {
			t.Error(err)
		}
	})
	p.trees = trees
	return p
}

func (p *project) path(file string) string { return filepath.Join(p.dir, file) }

func (p *project) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *project) write(file, text string) {
	p.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.path(file)), 0o755))
	p.must(os.WriteFile(p.path(file), []byte(text), 0o644))
}

// changes collects what changes until all the files have.
func (p *project) changes(want ...string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 20*time.Second)
	defer cancel()
	var all []string
	for len(all) < len(want) {
		files, err := p.trees.Changed(ctx)
		for _, file := range files {
			relative, _ := filepath.Rel(p.dir, file)
			all = append(all, relative)
		}
		if err != nil {
			p.Fatalf("wanted a change of %q, got %q: %v", want, all, err)
		}
	}
	slices.Sort(all)
	if !slices.Equal(slices.Compact(all), want) {
		p.Errorf("wanted a change of %q, got %q", want, all)
	}
}

func TestChanged(t *testing.T) {
	p := open(t, "a.lua", "deep/down/b.lua", ".git/c.lua", "notes.txt")

	p.write("a.lua", "new")
	p.changes("a.lua")

	// Some editors save like this.
	p.write("a.lua~", "newer")
	p.must(os.Rename(p.path("a.lua~"), p.path("a.lua")))
	p.changes("a.lua")

	// Other files, and unchanged content, are not reported.
	p.write("notes.txt", "new")
	p.write(".git/c.lua", "new")
	p.write("a.lua", "")
	p.write("a.lua", "newer")
	p.write("new/and/deep/d.lua", "a directory that was not there")
	p.changes("new/and/deep/d.lua")
	p.write("new/and/deep/d.lua", "is watched")
	p.changes("new/and/deep/d.lua")

	p.must(os.RemoveAll(p.path("deep")))
	p.changes("deep/down/b.lua")
	p.write("deep/down/b.lua", "back")
	p.changes("deep/down/b.lua")
	p.must(os.Rename(p.path("deep"), p.path("moved")))
	p.changes("deep/down/b.lua", "moved/down/b.lua")
	p.write("moved/down/b.lua", "is watched")
	p.changes("moved/down/b.lua")
}

// end ends a run, after which these files have changed.
func (p *project) end(adopt func(path string) bool, want ...string) {
	p.Helper()
	files, err := p.trees.End(adopt)
	p.must(err)
	for i := range want {
		want[i] = p.path(want[i])
	}
	if !slices.Equal(files, want) {
		p.Errorf("wanted a change of %q at the end of the run, got %q", want, files)
	}
}

func TestWhatTestsMakeIsNoChange(t *testing.T) {
	none := func(string) bool { return false }
	p := open(t, "a.lua")

	p.trees.Begin()
	p.write("made.lua", "by tests")
	p.write("a.lua", "new")
	p.changes("a.lua")
	p.must(os.Remove(p.path("made.lua")))
	p.write("a.lua", "newer")
	p.changes("a.lua")
	p.write("made.lua", "again")
	p.end(none)

	p.trees.Begin()
	p.write("made.lua", "by other tests")
	p.write("a.lua", "newest")
	p.end(none, "a.lua")

	// Between two runs the user writes to the file, which is then the user's.
	p.write("made.lua", "by the user")
	p.changes("made.lua")
	p.trees.Begin()
	p.write("made.lua", "by the user, too")
	p.changes("made.lua")
	p.end(none)
}

func TestNewFilesAreAdopted(t *testing.T) {
	isTest := func(path string) bool { return strings.HasSuffix(path, "_test.lua") }
	p := open(t, "a.lua")

	p.trees.Begin()
	p.write("made.lua", "by tests")
	p.write("made_test.lua", "for a moment")
	p.write("new_test.lua", "by the user")
	p.write("a.lua", "new")
	p.changes("a.lua")
	p.must(os.Remove(p.path("made_test.lua")))
	p.end(isTest, "new_test.lua")

	p.trees.Begin()
	p.write("new_test.lua", "changed")
	p.changes("new_test.lua")
	p.end(isTest)
}

func TestChangedEndsWithItsContext(t *testing.T) {
	p := open(t)
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	if files, err := p.trees.Changed(ctx); !errors.Is(err, reason) {
		t.Errorf("wanted the cause %v, got %q and %v", reason, files, err)
	}
}
