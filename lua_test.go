package avescript_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// buildBinary makes the binary as it is shipped.
func buildBinary(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "avescript")
	build := exec.Command("go", "build", "-o", binary, "./cmd/avescript")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
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
// nothing behind, not even what would be a warning.
func TestLua(t *testing.T) {
	run(t, buildBinary(t), "test", "--leaks", "fail", "tests")
}

var luaBlock = regexp.MustCompile("(?s)```lua\n(.*?)```")

// TestDocumentsRun runs the pieces of Lua in the documents.
func TestDocumentsRun(t *testing.T) {
	binary := buildBinary(t)
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, document := range append(documents, "README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range luaBlock.FindAllSubmatch(text, -1) {
			blocks++
			t.Run(document, func(t *testing.T) { run(t, binary, "-e", string(block[1])) })
		}
	}
	if blocks < 2 {
		t.Errorf("wanted the pieces of Lua in README.md, found %d", blocks)
	}
}
