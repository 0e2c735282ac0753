package vm_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// evaluate gives the value of an expression as text, in a new interpreter that has found
// the script first.
func evaluate(t *testing.T, expression, script string) (text string) {
	t.Helper()
	v := vm.New(vm.Stdio{})
	defer v.Close()
	if script != "" {
		v.SearchBeside(script)
	}
	fn, err := v.Load([]byte("return "+expression), "expression")
	if err != nil {
		t.Fatal(err)
	}
	err = v.Do(context.Background(), func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, 1)
		text = L.Get(-1).String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPathsAreTheSystems compares with lua5.1, which knows no trees of LuaRocks in the home
// directory.
func TestPathsAreTheSystems(t *testing.T) {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is missing")
	}
	t.Setenv("HOME", "")
	for _, variable := range []string{"", ";;", "mine/?.lua;;", ";;mine/?.lua", "mine/?.lua", "a/?.lua;;b/?.lua;;"} {
		if variable != "" {
			t.Setenv("LUA_PATH", variable)
			t.Setenv("LUA_CPATH", variable)
		}
		const both = `package.path .. "\n" .. package.cpath`
		want, err := exec.Command("lua5.1", "-e", "io.write("+both+")").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := evaluate(t, both, ""); got != string(want) {
			t.Errorf("with LUA_PATH=%q:\n%s\nlua5.1 has\n%s", variable, got, want)
		}
	}
}

func TestLuaRocksTreeOfTheUser(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	tree := home + "/.luarocks/share/lua/5.1"
	write(t, tree+"/rock/init.lua", `return "a rock"`)
	write(t, tree+"/rock/part.lua", `return "a part of it"`)
	if got := evaluate(t, `require("rock") .. ", " .. require("rock.part")`, ""); got != "a rock, a part of it" {
		t.Errorf("got %q", got)
	}
	if got := evaluate(t, "package.cpath", ""); !strings.Contains(got, ";"+home+"/.luarocks/lib/lua/5.1/?.so;") {
		t.Errorf("package.cpath has no tree of the user: %s", got)
	}
}

// TestModulesBesideTheRealFile: a script is often started through a link in a directory of
// programs.
func TestModulesBesideTheRealFile(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "tool", "main.lua"), filepath.Join(dir, "bin", "tool")
	write(t, real, "")
	write(t, filepath.Join(dir, "tool", "part.lua"), `return "beside the file"`)
	write(t, filepath.Join(dir, "bin", "part.lua"), `return "beside the link"`)
	write(t, filepath.Join(dir, "bin", "other.lua"), `return "another beside the link"`)
	if err := os.Symlink("../tool/main.lua", link); err != nil {
		t.Fatal(err)
	}
	got := evaluate(t, `require("part") .. ", " .. require("other")`, link)
	if got != "beside the file, another beside the link" {
		t.Errorf("got %q", got)
	}
	other := filepath.Join(dir, "link to tool")
	if err := os.Symlink("tool", other); err != nil {
		t.Fatal(err)
	}
	path := evaluate(t, "package.path", filepath.Join(other, "main.lua"))
	if strings.Contains(path, filepath.Join(dir, "tool")+"/") {
		t.Errorf("the directory of the script is in the path twice: %s", path)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
