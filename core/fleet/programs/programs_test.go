package programs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv(Variable, "")
	if _, err := Avelab(); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a missing program: got %v", err)
	}
	for _, name := range []string{"avelab", "avescript"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, get := range map[string]func() (string, error){"avelab": Avelab, "avescript": Avescript} {
		if path, err := get(); err != nil || path != filepath.Join(dir, name) {
			t.Errorf("in PATH: got %q, %v", path, err)
		}
	}
	t.Setenv(Variable, "/elsewhere/avescript")
	if path, err := Avescript(); err != nil || path != "/elsewhere/avescript" {
		t.Errorf("named: got %q, %v", path, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(Environment(), Variable+"="+self) {
		t.Error("the environment does not say where this program is")
	}
}
