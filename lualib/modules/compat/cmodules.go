package compat

import (
	"cmp"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// instead is what code can use in place of modules that are written in C, by the first part
// of their names.
var instead = map[string]string{
	"bit32":     "bit",
	"cqueues":   "ave.task and ave.network",
	"curl":      "ave.http",
	"ffi":       "ave.posix",
	"lcurl":     "ave.http",
	"lpeg":      "LuLPeg, which is written in Lua, or ave.regex",
	"lsqlite3":  "a program of your own, by ave.cmd",
	"luv":       "ave.task, ave.fs and ave.network",
	"lyaml":     "tinyyaml, which is written in Lua, or ave.json",
	"mime":      "a module that is written in Lua",
	"posix":     "ave.posix, ave.fs, ave.env and lfs",
	"rex_gnu":   "ave.regex",
	"rex_onig":  "ave.regex",
	"rex_pcre":  "ave.regex",
	"rex_pcre2": "ave.regex",
	"rex_posix": "ave.regex",
	"socket":    "socket, which has tcp, or ave.network",
	"ssl":       "ave.http, or TLS of ave.network.control",
	"system":    "system",
	"term":      "term",
	"unix":      "ave.posix",
	"zlib":      "a program of your own, by ave.cmd",
}

// SearchC is the loader of require for modules that are written in C. None can be loaded:
// the message says so if one is found along package.cpath, or if the name is known.
func SearchC(v *vm.VM, L *lua.LState, name string) (tried string) {
	root, _, _ := strings.Cut(name, ".")
	advice := ""
	if use, ok := instead[root]; ok && use != name {
		advice = ": use " + use
	}
	file, tried := v.FindCModule(name)
	if file == "" && root != name {
		var more string
		file, more = v.FindCModule(root) // which may have this one, too
		tried += "\n\t" + more
	}
	switch {
	case file != "":
		L.RaiseError("error loading module '%s' from file '%s':\n\tit is written in C, and avescript loads no C modules%s", name, file, cmp.Or(advice, ": use one that is written in Lua, or a module of ave"))
	case advice != "":
		tried += "\n\t'" + name + "' is written in C, and avescript loads no C modules" + advice
	}
	return tried
}
