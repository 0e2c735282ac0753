package avescript_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"avescript/core/harness"
	"avescript/internal/built"
)

// buildBinary makes the binary as it is shipped.
func buildBinary(t *testing.T) string {
	dir := t.TempDir()
	if err := built.Into(dir, "avescript"); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "avescript")
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestLua has the product run its own tests in tests/, as its user would. They leave
// nothing behind, not even what would be a warning. Those that are pending are skipped here.
func TestLua(t *testing.T) {
	events := filepath.Join(t.TempDir(), "events")
	run(t, buildBinary(t), "test", "--leaks", "fail", "--report", "terminal", "--report", "json="+events, "tests")
	file, err := os.Open(events)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for d := json.NewDecoder(file); ; {
		var e harness.Event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if e.Status == harness.Pending {
			t.Run(e.File+" "+e.FullName(), func(t *testing.T) {
				for _, problem := range e.Problems {
					t.Log(problem.Message)
				}
				t.SkipNow()
			})
		}
	}
}
