package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestPathComesFirst: a module in Lua is what a project wants, unless it needs a C module.
func TestPathComesFirst(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LUA_PATH", dir+"/?.lua;"+dir+"/?/init.lua")
	write(t, dir+"/lfs.lua", `return "the path's"`)
	write(t, dir+"/system/init.lua", `return require "system.core"`)
	write(t, dir+"/term/init.lua", `return "pure"`)
	got := runText(t, `print(require "lfs", require "term", require "system".gettime() > 0, require "cjson".encode { 1 })`)
	if want := "the path's\tpure\ttrue\t[1]\n"; got != want {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

// TestCModulesAreExplained: the message says that it is the C that does not work, and what
// does.
func TestCModulesAreExplained(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LUA_PATH", dir+"/?.lua")
	t.Setenv("LUA_CPATH", dir+"/?.so")
	for _, name := range []string{"lpeg", "unheard_of", "posix"} {
		write(t, dir+"/"+name+".so", "\x7fELF")
	}
	for _, test := range []struct{ name, want string }{
		{"lpeg", "error loading module 'lpeg' from file '" + dir + "/lpeg.so':\n\tit is written in C, and avescript loads no C modules: use LuLPeg"},
		{"unheard_of", "avescript loads no C modules: use one that is written in Lua, or a module of ave"},
		{"posix.unistd", "error loading module 'posix.unistd' from file '" + dir + "/posix.so'"},
		{"ssl.core", "'ssl.core' is written in C, and avescript loads no C modules: use ave.http"},
		{"ssl.core", "no file '" + dir + "/ssl/core.so'"},
		{"nothing.at.all", "no file '" + dir + "/nothing/at/all.lua'"},
	} {
		got := runText(t, `print(select(2, pcall(require, "`+test.name+`")))`)
		if !strings.Contains(got, test.want) {
			t.Errorf("require %q: wanted %q in\n%s", test.name, test.want, got)
		}
	}
}
