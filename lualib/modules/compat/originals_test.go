package compat_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib"
	"avescript/lualib/vm"

	"github.com/google/go-cmp/cmp"
)

// originals are the modules that are compared with those of Debian: a script in testdata is
// run by the program, and by ours, and must print the same.
var originals = []struct{ script, program, module, debian string }{
	{"bit", "luajit", "bit", "luajit"},
	{"cjson", "lua5.1", "cjson", "lua-cjson"},
	{"lfs", "lua5.1", "lfs", "lua-filesystem"},
	{"socket", "lua5.1", "socket", "lua-socket"},
	{"system", "lua5.1", "system", "lua-system"},
	{"term", "lua5.1", "term", "lua-term"},
}

func TestModulesAreAsTheOriginals(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LUA_PATH", testdata+"/?.lua;;")
	for _, o := range originals {
		t.Run(o.script, func(t *testing.T) {
			if out, err := exec.Command(o.program, "-l", o.module, "-e", "").CombinedOutput(); err != nil {
				t.Skipf("the original is missing (Debian: %s): %v\n%s", o.debian, err, out)
			}
			script := filepath.Join(testdata, "originals", o.script+".lua")
			t.Chdir(t.TempDir())
			original := exec.Command(o.program, script)
			var says bytes.Buffer
			original.Stderr = &says
			want, err := original.Output()
			if err != nil {
				t.Fatalf("%s %s: %v\n%s", o.program, script, err, says.String())
			}
			t.Chdir(t.TempDir())
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(run(t, script), "\n")); diff != "" {
				t.Errorf("(-original +ours):\n%s", diff)
			}
		})
	}
}

// run gives what a script prints here.
func run(t *testing.T, script string) string {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	return runText(t, string(text))
}

func runText(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	v := lualib.New(vm.Stdio{Out: &out})
	defer v.Close()
	defer v.Finish()
	err := v.Do(context.Background(), func(L *lua.LState) error {
		fn, err := v.Load([]byte(text), "script")
		if err == nil {
			L.Push(fn)
			L.Call(0, 0)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v\nafter it had printed\n%s", err, out.String())
	}
	return out.String()
}
