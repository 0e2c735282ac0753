package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, text := range []string{"first", "second, which is longer", ""} {
		if err := ReplaceFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("wanted %q, got %q, %v", text, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("wanted the mode 0600, got %v, %v", info.Mode(), err)
	}
	if err := ReplaceFile(filepath.Join(path, "below a file"), nil, 0o600); err == nil {
		t.Error("wanted an error for a path below a file")
	}
	// A directory cannot be replaced, and no temporary file may stay.
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(filepath.Join(dir, "taken"), nil, 0o600); err == nil {
		t.Error("wanted an error for a directory")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("wanted the file and the directory alone, got %v, %v", left, err)
	}
}
