package suite_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"avescript/core/harness/plan"
	"avescript/core/harness/report"
	"avescript/core/harness/workers"
	"avescript/internal/golden"
	"avescript/internal/reexec"
	"avescript/lualib"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"worker": work})
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns")) // it is there for good
}

func newVM() *vm.VM { return lualib.New(vm.Stdio{}) }

func options() suite.Options { return suite.Options{New: newVM, Line: os.Args} }

func reportingTo(out io.Writer, opts suite.Options) suite.Options {
	opts.Reporter = report.NewTerminal(out, report.View{})
	return opts
}

// runHere runs files in this process.
func runHere(t *testing.T, opts suite.Options, files ...string) (passed bool, err error) {
	var jobs []workers.Job
	for _, file := range files {
		jobs = append(jobs, workers.Job{File: file})
	}
	return suite.RunFiles(t.Context(), jobs, opts)
}

// varying is what differs from run to run in a report.
var varying = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`(?m)(?:^slow .*\n)+\n`), ""}, // which ones depends on the machine
	{regexp.MustCompile(`\d+\.\d\d s\b`), "0.00 s"},
	{regexp.MustCompile(`workspace: \S+`), "workspace: DIRECTORY"},
	{regexp.MustCompile(`(table|function): 0x[0-9a-f]+`), "$1: 0x0"},
}

// TestReports compares the whole output with its golden file, for each fixture of
// our own and those that are shared with busted and have one.
func TestReports(t *testing.T) {
	t.Setenv("AVESCRIPT_LOOP", "") // gopher-lua's own loop has its own messages
	t.Chdir("testdata")
	files, err := filepath.Glob("*/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		reference := strings.TrimSuffix(file, ".lua") + ".golden"
		if _, err := os.Stat(reference); err != nil && strings.HasPrefix(file, "busted") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			var out strings.Builder
			passed, err := runHere(t, reportingTo(&out, options()), file)
			if err != nil {
				t.Fatal(err)
			}
			got := out.String()
			for _, v := range varying {
				got = v.pattern.ReplaceAllString(got, v.mask)
			}
			if want := strings.Contains(got, ", 0 failed"); passed != want {
				t.Errorf("the report says passed: %v, the result %v", want, passed)
			}
			golden.Compare(t, reference, got)
		})
	}
}

// do runs a script as avescript FILE.lua does.
func do(t *testing.T, v *vm.VM, source string) {
	t.Helper()
	err := v.Do(t.Context(), func(L *lua.LState) error {
		chunk, err := v.Load([]byte(source), "script.lua")
		if err != nil {
			return err
		}
		L.Push(chunk)
		L.Call(0, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func setGlobal(t *testing.T, v *vm.VM, name string, fn lua.LGFunction) {
	t.Helper()
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal(name, L.NewFunction(fn))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func filtered(text string) (c plan.Choice) {
	if text != "" {
		c.Filters = []string{text}
	}
	return c
}

func finish(t *testing.T, v *vm.VM, opts suite.Options) (ran, passed bool, text string) {
	t.Helper()
	var out strings.Builder
	ran, passed, err := suite.Finish(t.Context(), v, reportingTo(&out, opts))
	if err != nil {
		t.Fatal(err)
	}
	return ran, passed, out.String()
}

func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func TestFinish(t *testing.T) {
	for name, c := range map[string]struct {
		source, filter string
		ran, passed    bool
		summary        string
	}{
		"no tests":       {`x = assert(1)`, "", false, true, ""},
		"by the module":  {`require("ave.test").it("a", function() end)`, "", true, true, "1 passed, 0 failed"},
		"assertion only": {`assert.equals(1, 1)`, "", false, true, ""},
		"passing":        {`it("a", function() end) pending("b")`, "", true, true, "1 passed, 0 failed, 1 skipped"},
		"failing":        {`describe("d", function() it("a", function() assert.is_true(false) end) end)`, "", true, false, "0 passed, 1 failed"},
		"block breaks":   {`describe("d", function() error("x") end)`, "", true, false, "0 passed, 1 failed"},
		"filter, text":   {`describe("d", function() it("a (b", error) it("c", function() end) end)`, "d c", true, true, "1 passed, 0 failed"},
		"filter, pattern": {`it("a1", function() end) it("b", error) describe("x", function() setup(error) it("y", error) end)`,
			"^a%d$", true, true, "1 passed, 0 failed"},
		"filter, none": {`it("a", function() end)`, "zzz", true, false, "there was no test to run"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVM()
			defer v.Close()
			do(t, v, c.source)
			ran, passed, report := finish(t, v, suite.Options{Choice: filtered(c.filter)})
			if ran != c.ran || passed != c.passed || lastLine(report) != c.summary {
				t.Errorf("ran %v, passed %v, report:\n%s", ran, passed, report)
			}
			if ran, _, _ := finish(t, v, suite.Options{}); ran {
				t.Error("the tests ran twice")
			}
		})
	}
}

// TestNotRandomized: a block that says so keeps its order, and the one around it
// does not.
func TestNotRandomized(t *testing.T) {
	v := newVM()
	defer v.Close()
	do(t, v, `
		local function declare(n)
			local last = 0
			for i = 1, n do
				it("is " .. i, function()
					assert.equals(last + 1, i)
					last = i
				end)
			end
		end
		describe("written", function() randomize(false) declare(20) end)
		declare(20)`)
	_, passed, report := finish(t, v, suite.Options{Seed: 7})
	if passed || strings.Contains(report, "written") {
		t.Error(report)
	}
}

// TestInterrupted stops a test that hangs: it fails, the report ends, and the
// caller learns the cause.
func TestInterrupted(t *testing.T) {
	for name, body := range map[string]string{
		"loop":       `while true do end`,
		"eventually": `eventually(function() return false end, {timeout = 3600, interval = 3600})`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVM()
			defer v.Close()
			late := errors.New("too late")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			setGlobal(t, v, "hanging", func(*lua.LState) int {
				time.AfterFunc(time.Millisecond, func() { cancel(late) })
				return 0
			})
			do(t, v, `it("before", function() end) it("hangs", function() hanging() `+body+` end) it("after", function() end)`)
			var out strings.Builder
			ran, passed, err := suite.Finish(ctx, v, reportingTo(&out, suite.Options{}))
			if !ran || passed || !errors.Is(err, late) {
				t.Errorf("ran %v, passed %v, err %v", ran, passed, err)
			}
			if !strings.Contains(out.String(), "1) hangs\n") || lastLine(out.String()) != "1 passed, 1 failed" {
				t.Errorf("report:\n%s", out.String())
			}
		})
	}
}

// TestRunnerBroken: an error in the middle of the runner is told as what it is.
func TestRunnerBroken(t *testing.T) {
	v := newVM()
	defer v.Close()
	do(t, v, `it("breaks it", function() table.insert = nil error("x") end)`)
	_, passed, report := finish(t, v, suite.Options{})
	if passed || strings.Contains(report, "interrupted") || !strings.Contains(report, "1) breaks it\n") ||
		!strings.Contains(report, "\n   ave/test/runner.lua:") {
		t.Error(report)
	}
}

// TestFilesAreSeparate runs files that would disturb each other in one state,
// and ones that don't load.
func TestFilesAreSeparate(t *testing.T) {
	dir := t.TempDir()
	write := func(name, source string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	files := []string{
		write("a.lua", `leak = 1 it("a", function() end)`),
		filepath.Join(dir, "missing.lua"),
		write("broken.lua", `x = = 1`),
		write("b.lua", `it("b", function() assert.is_nil(leak) end)`),
	}
	var out strings.Builder
	passed, err := runHere(t, reportingTo(&out, options()), files...)
	if err != nil || passed || lastLine(out.String()) != "2 passed, 2 failed" {
		t.Errorf("passed %v, err %v, report:\n%s", passed, err, out.String())
	}
	for _, want := range []string{"cannot open", "broken.lua:1", "unexpected symbol near '='"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %q in the report:\n%s", want, out.String())
		}
	}
}

// TestWords compares the three lists of the words: the globals, what the module
// has, and what its stub documents.
func TestWords(t *testing.T) {
	stub, err := lualib.Meta.ReadFile("meta/ave/test.lua")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^function test\.(\w+)\(`).FindAllSubmatch(stub, -1) {
		documented = append(documented, string(m[1]))
	}
	var exported []string
	v := newVM()
	defer v.Close()
	setGlobal(t, v, "export", func(L *lua.LState) int {
		exported = append(exported, L.CheckString(1))
		return 0
	})
	do(t, v, `for word in pairs(require("ave.test")) do export(word) end`)

	// These are not global, but fields of the word test.
	want := slices.Sorted(slices.Values(append([]string{"shared", "exclusive", "workspace", "equipment", "needs"}, suite.Words...)))
	for list, got := range map[string][]string{"the stub": documented, "ave.test": exported} {
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-global +%s:\n%s", list, diff)
		}
	}
}
