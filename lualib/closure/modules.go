package closure

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// moduleName is the place of a table, function or userdata: the name of a module
// and the path of fields in it.
type moduleName struct {
	name string
	path []string
}

// moduleNames finds what the loaded modules consist of: the module itself, its
// contents, such as io.stdout, and the contents of tables in it, such as the
// methods of a class. What a script has added does not count, as far as that can be
// seen. Of the globals, only the functions of Lua's library count; the rest belongs
// to the script.
func moduleNames(L *lua.LState) map[lua.LValue]moduleName {
	n := namer{vm.Of(L), map[lua.LValue]moduleName{}}
	globals := n.vm.Globals()
	n.names[globals] = moduleName{name: "_G"}
	each(globals, func(key string, v lua.LValue) {
		if fn, ok := v.(*lua.LFunction); ok && fn.IsG {
			n.names[fn] = moduleName{"_G", []string{key}}
		}
	})
	// Modules in Go come first, because other modules may contain parts of them.
	for _, inGo := range []bool{true, false} {
		each(n.vm.Loaded(), func(name string, module lua.LValue) {
			if chunk, _ := n.vm.Module(name); name != "_G" && (chunk == nil) == inGo {
				n.module(name, chunk, module)
			}
		})
	}
	return n.names
}

type namer struct {
	vm    *vm.VM
	names map[lua.LValue]moduleName
}

func (n *namer) module(name string, chunk *vm.Chunk, module lua.LValue) {
	n.add(chunk, module, moduleName{name: name})
	each(module, func(field string, v lua.LValue) {
		added := n.add(chunk, v, moduleName{name, []string{field}})
		if _, known := n.names[v]; added || known && bind.IsClass(v) { // such as the super of another module's class
			each(v, func(method string, v lua.LValue) {
				n.add(chunk, v, moduleName{name, []string{field, method}})
			})
		}
	})
}

// add names what has no name yet. A Lua function belongs to a module if it is from
// the same chunk.
func (n *namer) add(chunk *vm.Chunk, v lua.LValue, name moduleName) bool {
	switch v := v.(type) {
	case *lua.LUserData:
	case *lua.LTable:
		if chunk == nil && len(name.path) > 0 && name.name != "package" && !bind.IsClass(v) {
			return false // modules in Go contain nothing else
		}
	case *lua.LFunction:
		if origin, _, _ := n.vm.Origin(v.Proto); !v.IsG && (origin == nil || origin != chunk) {
			return false
		}
	default:
		return false
	}
	if _, known := n.names[v]; known {
		return false
	}
	n.names[v] = name
	return true
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
func (p *packer) module(v lua.LValue) (bool, error) {
	m, ok := p.modules[v]
	if !ok {
		return false, nil
	}
	if _, found := p.vm.Module(m.name); !found {
		return false, p.refuse("the module '" + m.name + "', which require cannot find,")
	}
	p.byte(tagModule)
	p.string(m.name)
	p.uint(uint64(len(m.path)))
	for _, field := range m.path {
		p.string(field)
	}
	return true, nil
}
