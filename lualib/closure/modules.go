package closure

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// moduleName says where a table or function is found: in the module of that
// name, along the path of fields.
type moduleName struct {
	name string
	path []string
}

// moduleNames finds what the modules that are loaded consist of: the module
// itself, what is in it, and what is in the tables in it, such as the methods
// of a class. Of the globals only the functions of Lua's library count; the
// rest belongs to the script.
func moduleNames(L *lua.LState) map[lua.LValue]moduleName {
	names := map[lua.LValue]moduleName{}
	add := func(v lua.LValue, name moduleName) bool {
		switch v.(type) {
		case *lua.LTable, *lua.LFunction:
			if _, ok := names[v]; !ok {
				names[v] = name
				return true
			}
		}
		return false
	}
	globals := vm.Of(L).Globals()
	add(globals, moduleName{name: "_G"})
	each(globals, func(key string, v lua.LValue) {
		if fn, ok := v.(*lua.LFunction); ok && fn.IsG {
			add(v, moduleName{"_G", []string{key}})
		}
	})
	loaded := vm.Of(L).Loaded()
	each(loaded, func(name string, v lua.LValue) {
		if name != "_G" {
			add(v, moduleName{name: name})
		}
	})
	each(loaded, func(name string, module lua.LValue) {
		if name == "_G" {
			return
		}
		each(module, func(field string, v lua.LValue) {
			if add(v, moduleName{name, []string{field}}) {
				each(v, func(method string, v lua.LValue) {
					add(v, moduleName{name, []string{field, method}})
				})
			}
		})
	})
	return names
}

// each calls fn with the entries of a table that have a name.
func each(v lua.LValue, fn func(key string, v lua.LValue)) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if name, ok := k.(lua.LString); ok {
			fn(string(name), v)
		}
	}
}

// module packs a value that belongs to a module.
func (p *packer) module(v lua.LValue) bool {
	m, ok := p.modules[v]
	if !ok {
		return false
	}
	p.byte(tagModule)
	p.string(m.name)
	p.uint(uint64(len(m.path)))
	for _, field := range m.path {
		p.string(field)
	}
	return true
}
