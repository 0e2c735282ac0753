package files

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stopping is a source that ends the context after some pieces.
type stopping struct {
	reads int
	stop  context.CancelCauseFunc
}

var errStopped = errors.New("stopped")

func (s *stopping) Read(p []byte) (int, error) {
	if s.reads--; s.reads == 0 {
		s.stop(errStopped)
	}
	return len(p), nil
}

func TestWriteThatIsInterruptedLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	if _, err := Write(ctx, path, &stopping{5, stop}, nil); !errors.Is(err, errStopped) {
		t.Errorf("got %v, want the cause", err)
	}
	text, _ := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	if string(text) != "old" || len(entries) != 1 {
		t.Errorf("got %q among %v, want the old file alone", text, entries)
	}
}

func TestTreesEndWithTheContext(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	stop(errStopped)
	tree := filepath.Join(dir, "tree")
	_, err := Glob(ctx, tree+"/**")
	for what, err := range map[string]error{
		"Glob":   err,
		"Copy":   Copy(ctx, tree, filepath.Join(dir, "copy"), true),
		"Remove": Remove(ctx, tree, true),
	} {
		if !errors.Is(err, errStopped) {
			t.Errorf("%s: got %v, want the cause", what, err)
		}
	}
}

func TestWriteTakesLongNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if _, err := Write(context.Background(), path, strings.NewReader("x"), nil); err != nil {
		t.Error(err)
	}
}
