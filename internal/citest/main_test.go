package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun tests packages of a module, one of which fails the first time.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	test := func(code string) string {
		return "package p\n\nimport (\"os\"; \"testing\")\n\nvar _ = os.Mkdir\n\n" + code
	}
	write("go.mod", "module example.com/lab\n\ngo 1.26\n")
	write("good/p_test.go", test(`func TestGood(t *testing.T) {}`))
	write("flaky/p_test.go", test(`func TestFlaky(t *testing.T) { if os.Mkdir("../seen", 0o755) == nil { t.Error("the first time") } }`))
	write("bad/p_test.go", test(`func TestBad(t *testing.T) { t.Error("always") }`))
	write("broken/p_test.go", test(`func TestBroken(t *testing.T) { none() }`))
	write("bad2/p_test.go", test(`func TestBad(t *testing.T) { t.Error("always") }`))
	write("bad3/p_test.go", test(`func TestBad(t *testing.T) { t.Error("always") }`))
	write("crash/p_test.go", test(`func TestCrash(t *testing.T) { if os.Mkdir("../crashed", 0o755) == nil { panic("the first time") } }
func TestSkips(t *testing.T) { t.Skip("no reason") }`))
	write("skips/p_test.go", test(`func TestSkips(t *testing.T) { t.Skip("no reason") }`))
	write("list", "skips.TestOther it has a reason\n")
	for _, c := range []struct {
		name, want string
		packages   []string
	}{
		{"a flaky one", "", []string{"./good", "./flaky"}},
		{"a bad one", "failed twice", []string{"./good", "./bad"}},
		{"one that does not compile", "failed twice", []string{"./good", "./broken"}},
		{"many bad ones", "failed: example.com/lab/bad.TestBad, example.com/lab/bad2.TestBad, example.com/lab/bad3.TestBad", []string{"./bad", "./bad2", "./bad3"}},
		{"one that skips a test only the second time", "1 tests were skipped that are not in list. Install what they need, or add them with a reason:\nexample.com/lab/crash.TestSkips p_test.go:8: no reason", []string{"./crash"}},
		{"none", "", []string{"./good"}},
		{"one that is not there", "failed twice", []string{"./away"}},
		{"a skipped one", "1 tests were skipped that are not in list. Install what they need, or add them with a reason:\nexample.com/lab/skips.TestSkips p_test.go:7: no reason", []string{"./good", "./skips"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got := ""
			if err := run("list", []string{"-vet=off"}, c.packages, &out); err != nil {
				got = err.Error()
			}
			if got != c.want || strings.Contains(out.String(), "FLAKY: example.com/lab/flaky.TestFlaky: ") != (c.name == "a flaky one") {
				t.Errorf("wanted %q, got %q and the output\n%q", c.want, got, &out)
			}
		})
	}
}
