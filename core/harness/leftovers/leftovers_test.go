package leftovers_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness/leftovers"
)

func watch(t *testing.T) *leftovers.Watcher {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := leftovers.Watch()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func kindsOf(all []leftovers.Left) (kinds []string) {
	for _, l := range all {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

func openFile(t *testing.T) *os.File {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The collector closes a file that is no longer used.
func TestGarbageIsNoLeftover(t *testing.T) {
	w := watch(t)
	before := w.Look()
	openFile(t)
	if left := w.New(before); left != nil {
		t.Errorf("got %v for a file that is garbage", left)
	}
	kept := openFile(t)
	defer kept.Close()
	if diff := cmp.Diff([]string{leftovers.Descriptor}, kindsOf(w.New(before))); diff != "" {
		t.Error(diff)
	}
	runtime.KeepAlive(kept)
}

// A file that its creator will remove is not left behind, but another one is.
func TestExcusedFileIsNoLeftover(t *testing.T) {
	w := watch(t)
	before := w.Look()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	w.Excuse(dir)
	if left := w.New(before); left != nil {
		t.Errorf("got %v for a file that is excused", left)
	}
	forgotten := filepath.Join(os.TempDir(), "forgotten")
	if err := os.WriteFile(forgotten, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	left := w.New(before)
	if len(left) != 1 || left[0].What != "file "+forgotten {
		t.Errorf("wanted the file %s, got %v", forgotten, left)
	}
}
