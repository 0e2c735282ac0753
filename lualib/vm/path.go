package vm

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Where require searches, as Debian's lua5.1 has it, and the trees of LuaRocks: the user's
// comes before those of the system, which are below /usr/local.
const (
	systemPath = "/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;" +
		"/usr/local/lib/lua/5.1/?.lua;/usr/local/lib/lua/5.1/?/init.lua;" +
		"/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua"
	userPath  = "/.luarocks/share/lua/5.1/?.lua;~/.luarocks/share/lua/5.1/?/init.lua;"
	userCPath = "/.luarocks/lib/lua/5.1/?.so;"
)

// machines are what Debian calls the processors in the names of its directories.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// setPaths sets package.path and package.cpath from LUA_PATH and LUA_CPATH; in both ;;
// stands for the usual places.
func (vm *VM) setPaths() {
	path, cpath := "./?.lua;", "./?.so;"
	if home := os.Getenv("HOME"); home != "" {
		path += strings.ReplaceAll("~"+userPath, "~", home)
		cpath += home + userCPath
	}
	cpath += "/usr/local/lib/lua/5.1/?.so;/usr/lib/" + machines[runtime.GOARCH] + "-linux-gnu/lua/5.1/?.so;" +
		"/usr/lib/lua/5.1/?.so;/usr/local/lib/lua/5.1/loadall.so"
	vm.packageTable().RawSetString("path", lua.LString(searchIn("LUA_PATH", path+systemPath)))
	vm.packageTable().RawSetString("cpath", lua.LString(searchIn("LUA_CPATH", cpath)))
}

// searchIn is the path in a variable of the environment, with the usual one for ;;.
func searchIn(variable, usual string) string {
	path, ok := os.LookupEnv(variable)
	if !ok {
		return usual
	}
	return strings.ReplaceAll(path, ";;", ";"+usual+";")
}

// SearchBeside makes require look for modules beside a script and below its
// directory, before the rest of package.path. If the script is a symbolic link, the
// directory of the file comes before that of the link.
func (vm *VM) SearchBeside(script string) {
	dir := filepath.Dir(script)
	dirs := []string{dir}
	if file, err := filepath.EvalSymlinks(script); err == nil {
		here, err := filepath.EvalSymlinks(dir)
		if err == nil && here != filepath.Dir(file) {
			dirs = []string{filepath.Dir(file), dir}
		}
	}
	var path []string
	for _, dir := range dirs {
		path = append(path, dir+"/?.lua", dir+"/?/init.lua")
	}
	for template := range strings.SplitSeq(lua.LVAsString(vm.packageTable().RawGetString("path")), ";") {
		if !slices.Contains(path, template) {
			path = append(path, template)
		}
	}
	vm.packageTable().RawSetString("path", lua.LString(strings.Join(path, ";")))
}

// FindModule is the file that require finds along package.path; "" if there is none, with
// where it has looked.
func (vm *VM) FindModule(name string) (file, tried string) { return vm.find(name, "path") }

// FindCModule is FindModule for package.cpath.
func (vm *VM) FindCModule(name string) (file, tried string) { return vm.find(name, "cpath") }

func (vm *VM) find(name, along string) (file, tried string) {
	path := lua.LVAsString(vm.packageTable().RawGetString(along))
	for template := range strings.SplitSeq(path, ";") {
		if template == "" {
			continue
		}
		file := strings.ReplaceAll(template, "?", strings.ReplaceAll(name, ".", "/"))
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, ""
		}
		tried += "\n\tno file '" + file + "'"
	}
	return "", strings.TrimPrefix(tried, "\n\t")
}

// AddLastLoader adds a loader after the one that searches package.path. It raises an error,
// or returns where it has looked.
func (vm *VM) AddLastLoader(L *lua.LState, loader func(L *lua.LState, name string) (tried string)) {
	loaders := vm.packageTable().RawGetString("loaders").(*lua.LTable)
	loaders.Append(L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("\n\t" + loader(L, L.CheckString(1))))
		return 1
	}))
}
