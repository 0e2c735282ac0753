package bundler

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCollect(t *testing.T) {
	write(t, map[string]string{
		"src/main.lua": `#!/usr/bin/env avescript
			local ave, io, words = require("ave"), require "io", require("busted")
			local a = require('a')
			local b = pcall(require, "not.there") or pcall(function() return require("neither") end)
			local function unused(require) return require("local") end
			return require("b." .. a)`,
		"src/a.lua":      `return require("c"), require("a")`,
		"src/c/init.lua": `return 1`,
		"src/b/x.lua":    `return require("ave.cmd")`,
		"data/one.txt":   "1",
		"data/more/two":  "2",
		"single":         "3",
		"src/ignore.lua": "",
	})
	contents, remarks, err := Collect(Options{Script: "src/main.lua", Modules: []string{"b.x"}, Files: []string{"./data/", "single", "data/one.txt"}})
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, name := range slices.Sorted(maps.Keys(contents.Modules)) {
		modules = append(modules, name+"="+contents.Modules[name].Name)
	}
	if got := strings.Join(modules, " "); got != "a=src/a.lua b.x=src/b/x.lua c=src/c/init.lua" {
		t.Errorf("got %s", got)
	}
	var files []string
	for _, file := range contents.Files {
		files = append(files, file.Name+"="+string(file.Content))
	}
	if got := strings.Join(files, " "); got != "data/more/two=2 data/one.txt=1 single=3" {
		t.Errorf("got %s", got)
	}
	if len(remarks) != 1 || !strings.HasPrefix(remarks[0], "src/main.lua:6: the name of the required module is computed") {
		t.Errorf("got %q", remarks)
	}
}

func TestCollectFails(t *testing.T) {
	write(t, map[string]string{
		"main.lua":  "\nrequire('other')",
		"other.lua": "require('missing.module')",
		"wrong.lua": "x = = 1",
	})
	for want, options := range map[string]Options{
		"./other.lua:1: module 'missing.module' not found; --without missing.module leaves it out\nno file './missing/module.lua'": {Script: "main.lua"},
		"--without othr: nothing requires this module; did you mean 'other'?":                                                      {Script: "main.lua", Without: []string{"missing.module", "othr"}},
		"--module: module 'nothing' not found":                                                                                     {Script: "other.lua", Without: []string{"missing.module"}, Modules: []string{"nothing"}},
		"cannot read none.lua: no such file":                                                                                       {Script: "none.lua"},
		"cannot read .: wanted a file":                                                                                             {Script: "."},
		"cannot read none: no such file":                                                                                           {Script: "main.lua", Without: []string{"missing.module"}, Files: []string{"none"}},
		"wrong.lua:1:":                                                                                                             {Script: "wrong.lua"},
	} {
		if _, _, err := Collect(options); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("wanted %q, got %v", want, err)
		}
	}
	if _, _, err := Collect(Options{Script: "main.lua", Without: []string{"missing.module"}}); err != nil {
		t.Error(err)
	}
}
