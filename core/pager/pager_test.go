package pager_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"

	"avescript/core/pager"
)

func TestShow(t *testing.T) {
	for _, c := range []struct{ pager, want string }{
		{"tr a-z A-Z", "LINES\n"},
		{"sed 's/^/> /'", "> lines\n"},
		{"", "lines\n"},
	} {
		t.Setenv("PAGER", c.pager)
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		if err := pager.Show(out, "lines\n"); err != nil {
			t.Errorf("%q: %v", c.pager, err)
		}
		if got, _ := os.ReadFile(out.Name()); string(got) != c.want {
			t.Errorf("%q: wanted %q, got %q", c.pager, c.want, got)
		}
	}
}

func TestPagerThatDoesNotReadAll(t *testing.T) {
	t.Setenv("PAGER", "true")
	if err := pager.Show(os.Stdout, string(make([]byte, 1<<20))); err != nil {
		t.Error(err)
	}
}

func TestWidth(t *testing.T) {
	master, replica, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer replica.Close()
	if got := pager.Width(replica); got != 80 {
		t.Errorf("without a size: wanted 80, got %d", got)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: 40, Rows: 10}); err != nil {
		t.Fatal(err)
	}
	if got := pager.Width(replica); got != 40 {
		t.Errorf("wanted 40, got %d", got)
	}
}
