package check

import (
	"context"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib"
	"avescript/lualib/vm"
)

// world is what every script can use.
type world struct {
	globals   map[string]bool
	libraries map[string][]string // the contents of the standard library's tables
	native    map[string]bool     // the modules that are written in Go
}

// theWorld reads it from an interpreter.
func theWorld() world {
	w := world{map[string]bool{"arg": true}, map[string][]string{}, map[string]bool{}}
	for _, m := range lualib.Modules() {
		w.native[m.Name] = true
	}
	v := lualib.New(vm.Stdio{})
	defer v.Close()
	err := v.Do(context.Background(), func(L *lua.LState) error {
		L.G.Global.ForEach(func(key, value lua.LValue) {
			name := key.String()
			w.globals[name] = true
			table, ok := value.(*lua.LTable)
			if !ok || table.Metatable != lua.LNil || name == "_G" {
				return
			}
			w.libraries[name] = []string{}
			table.ForEach(func(key, _ lua.LValue) { w.libraries[name] = append(w.libraries[name], key.String()) })
		})
		return nil
	})
	if err != nil {
		panic(err) // nothing in it depends on the system
	}
	return w
}

// names lists the globals.
func (w world) names() []string { return slices.Collect(maps.Keys(w.globals)) }

// complete reports whether the stub of a module lists everything in it and in its
// classes. Modules in Lua have internal functions too.
func (w world) complete(module string) bool { return w.native[module] || module == "ave" }
