// Package closure passes Lua values, including functions, from one interpreter to
// another in a different process.
//
// Go cannot fork a running interpreter, so a process that a script starts is a new
// one that gets copies. A function is sent as the source of its chunk, the path to
// its prototype in it, and the values of its upvalues; the other side compiles the
// same source and makes the closure again.
//
//   - What is shared stays shared: a table that is reached twice is one table,
//     and two functions that captured the same local still do.
//   - The globals that the functions name are sent too, if they are the script's
//     own.
//   - A module, and what is in one, is sent as its name. The other side requires
//     it, with the package.path of this one.
//   - A class is sent as its name, its parent and its entries.
//   - An object with a Go part is sent if its class says how. Its descriptor is
//     inherited under the same number.
//
// Everything else is refused, and the error says where it was found. Both sides are
// the same program, so the format has no version.
package closure

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// The first byte of every value.
const (
	tagNil byte = iota
	tagFalse
	tagTrue
	tagNumber
	tagString
	tagNull           // JSON null
	tagExact          // a number that only JSON can hold
	tagAgain          // a table, function or cell that was sent before
	tagTable          // metatable, then keys and values until tagEnd
	tagObject         // class, data, descriptor, then as a table
	tagClass          // name, parent, then as a table
	tagExceptionClass // name, parent
	tagFunction       // chunk, path, cells
	tagCell           // the value of a captured local
	tagModule         // module, path in it
	tagEnd
)

// maxDepth limits the nesting of values.
const maxDepth = 2000

// Error means that a value cannot be passed.
type Error struct {
	Way  []string // the path to it, outermost first
	What string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s cannot be copied to another process (%s)", e.What, strings.Join(e.Way, ", "))
}

// Pack writes values. It calls inherit with each descriptor that the other process
// must inherit. The caller holds the lock of L's interpreter.
func Pack(L *lua.LState, inherit func(fd int), values map[string]lua.LValue) ([]byte, error) {
	p := &packer{
		L: L, vm: vm.Of(L), inherit: inherit,
		modules: moduleNames(L),
		ids:     map[any]uint64{},
		chunks:  map[*vm.Chunk]uint64{},
		globals: map[string]bool{},
	}
	p.string(packagePath(L).String())
	for name, v := range values {
		p.string(name)
		if err := p.below(name, v); err != nil {
			return nil, err
		}
	}
	p.string("")
	if err := p.packGlobals(); err != nil {
		return nil, err
	}
	return p.out, nil
}

func packagePath(L *lua.LState) lua.LValue {
	return L.GetField(L.GetGlobal("package"), "path")
}

type packer struct {
	L       *lua.LState
	vm      *vm.VM
	inherit func(fd int)
	out     []byte
	way     []string

	modules map[lua.LValue]moduleName
	ids     map[any]uint64 // tables, functions and cells by their identity
	chunks  map[*vm.Chunk]uint64

	globals map[string]bool // globals that functions name; true when they are packed
	pending []global
}

func (p *packer) byte(b byte)     { p.out = append(p.out, b) }
func (p *packer) uint(n uint64)   { p.out = binary.AppendUvarint(p.out, n) }
func (p *packer) string(s string) { p.uint(uint64(len(s))); p.out = append(p.out, s...) }

// below packs a value inside the current one; what says where it is.
func (p *packer) below(what string, v lua.LValue) error {
	p.way = append(p.way, what)
	err := p.value(v)
	p.way = p.way[:len(p.way)-1]
	return err
}

func (p *packer) refuse(what string) error {
	return &Error{Way: append([]string(nil), p.way...), What: what}
}

// again packs the number of a thing that was packed before. A new thing gets the
// next number.
func (p *packer) again(thing any) bool {
	if id, ok := p.ids[thing]; ok {
		p.byte(tagAgain)
		p.uint(id)
		return true
	}
	p.ids[thing] = uint64(len(p.ids))
	return false
}

func (p *packer) value(v lua.LValue) error {
	if len(p.way) > maxDepth {
		return &Error{Way: p.way[:4], What: fmt.Sprintf("a value nested more than %d levels deep", maxDepth)}
	}
	switch v := v.(type) {
	case *lua.LNilType:
		p.byte(tagNil)
	case lua.LBool:
		if v {
			p.byte(tagTrue)
		} else {
			p.byte(tagFalse)
		}
	case lua.LNumber:
		p.byte(tagNumber)
		p.out = binary.LittleEndian.AppendUint64(p.out, math.Float64bits(float64(v)))
	case lua.LString:
		p.byte(tagString)
		p.string(string(v))
	case *lua.LTable:
		return p.table(v)
	case *lua.LFunction:
		return p.function(v)
	case *lua.LUserData:
		return p.userdata(v)
	default:
		return p.refuse(bind.Describe(v))
	}
	return nil
}

// global is a global variable, as a function sees it.
type global struct {
	env  *lua.LTable
	name string
}

// packGlobals packs the globals that functions name, and those that functions among
// these name, until there are no more.
func (p *packer) packGlobals() error {
	for len(p.pending) > 0 {
		env, name := p.pending[0].env, p.pending[0].name
		p.pending = p.pending[1:]
		v := env.RawGetString(name)
		for v == lua.LNil && env != p.vm.Globals() {
			env = around(env)
			v = env.RawGetString(name)
		}
		if v == lua.LNil {
			continue
		}
		if m, ok := p.modules[v]; ok && m.name == "_G" {
			continue // the other side has it
		}
		p.string(name)
		if err := p.below("global '"+name+"'", v); err != nil {
			return err
		}
	}
	p.string("")
	return nil
}
