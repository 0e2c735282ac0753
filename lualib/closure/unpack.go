package closure

import (
	"encoding/binary"
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// Unpack makes the values that Pack has written in the interpreter of L, and sets
// the globals. Errors of modules that are required are raised. With a base,
// relative names of sources and the templates of package.path become absolute,
// below base, for a process that changes its directory.
func Unpack(L *lua.LState, data []byte, base string) (values map[string]lua.LValue, err error) {
	u := &unpacker{L: L, vm: vm.Of(L), in: data, base: base}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case malformed:
			err = p.err
		default:
			panic(p)
		}
	}()
	L.SetField(L.GetGlobal("package"), "path", lua.LString(u.searchPath(u.string())))
	values = map[string]lua.LValue{}
	for name := u.string(); name != ""; name = u.string() {
		values[name] = u.value()
	}
	for name := u.string(); name != ""; name = u.string() {
		u.vm.Globals().RawSetString(name, u.value())
	}
	return values, nil
}

// malformed is the panic that ends Unpack if the data is not from Pack, or if this
// process cannot make a value.
type malformed struct{ err error }

func fail(format string, args ...any) {
	panic(malformed{fmt.Errorf("a value from another process: "+format, args...)})
}

type unpacker struct {
	L      *lua.LState
	vm     *vm.VM
	in     []byte
	base   string
	depth  int
	things []any // tables, functions and cells, by number
	chunks []*lua.FunctionProto
}

func (u *unpacker) byte() byte {
	if len(u.in) == 0 {
		fail("it is incomplete")
	}
	b := u.in[0]
	u.in = u.in[1:]
	return b
}

func (u *unpacker) uint() int {
	n, size := binary.Uvarint(u.in)
	if size <= 0 || n > math.MaxInt32 {
		fail("it is incomplete")
	}
	u.in = u.in[size:]
	return int(n)
}

func (u *unpacker) string() string {
	n := u.uint()
	if n > len(u.in) {
		fail("it is incomplete")
	}
	s := string(u.in[:n])
	u.in = u.in[n:]
	return s
}

func (u *unpacker) value() lua.LValue {
	if u.depth++; u.depth > maxDepth {
		fail("it is nested too deeply")
	}
	defer func() { u.depth-- }()
	switch tag := u.byte(); tag {
	case tagNil:
		return lua.LNil
	case tagFalse:
		return lua.LFalse
	case tagTrue:
		return lua.LTrue
	case tagNumber:
		if len(u.in) < 8 {
			fail("it is incomplete")
		}
		bits := binary.LittleEndian.Uint64(u.in)
		u.in = u.in[8:]
		return lua.LNumber(math.Float64frombits(bits))
	case tagString:
		return lua.LString(u.string())
	case tagNull:
		return codec.For(u.L).Null
	case tagExact:
		n, err := codec.For(u.L).ParseNumber(u.string())
		if err != nil {
			fail("%w", err)
		}
		return n
	case tagAgain:
		return again[lua.LValue](u)
	case tagTable:
		t := u.L.NewTable()
		u.things = append(u.things, t)
		u.fill(t)
		return t
	case tagObject:
		return u.object()
	case tagClass:
		return u.class()
	case tagExceptionClass:
		return u.exceptionClass()
	case tagFunction:
		return u.function()
	case tagModule:
		return u.module()
	default:
		fail("unknown tag %d", tag)
		return nil
	}
}

// again returns what was sent before, by its number. It fails for something that is
// not complete enough yet.
func again[T any](u *unpacker) (thing T) {
	id := u.uint()
	ok := id < len(u.things)
	if ok {
		thing, ok = u.things[id].(T)
	}
	if !ok {
		fail("a reference to a value that was not sent")
	}
	return thing
}

func (u *unpacker) fill(t *lua.LTable) {
	switch meta := u.value().(type) {
	case *lua.LNilType:
	case *lua.LTable:
		t.Metatable = meta
	default:
		fail("wanted a table as a metatable, got a %s", meta.Type())
	}
	u.entries(t)
}

func (u *unpacker) entries(t *lua.LTable) {
	for len(u.in) > 0 && u.in[0] != tagEnd {
		key := u.value()
		if n, ok := key.(lua.LNumber); key == lua.LNil || ok && n != n {
			fail("a table key cannot be %s", key)
		}
		t.RawSet(key, u.value())
	}
	u.byte()
}

func (u *unpacker) object() lua.LValue {
	id := len(u.things)
	u.things = append(u.things, nil)
	class, ok := u.value().(*lua.LTable)
	if !ok || !bind.IsClass(class) || bind.Copying(&lua.LTable{Metatable: class}).Unpack == nil {
		fail("an object whose class cannot make objects")
	}
	data, fd := u.string(), u.uint()-1
	t, err := bind.Copying(&lua.LTable{Metatable: class}).Unpack(u.L, class, []byte(data), fd)
	if err != nil {
		fail("an object of class %s: %w", class.RawGetString("__name"), err)
	}
	u.things[id] = t
	u.entries(t)
	return t
}

func (u *unpacker) class() lua.LValue {
	id := len(u.things)
	u.things = append(u.things, nil)
	name := u.string()
	t := bind.NewClass(u.L, name, nil)
	u.things[id] = t // its parent may refer to it
	parent, ok := u.value().(*lua.LTable)
	if !ok || parent == t {
		fail("class %s has no parent", name)
	}
	bind.SetParent(t, parent)
	u.entries(t)
	return t
}

func (u *unpacker) exceptionClass() lua.LValue {
	id := len(u.things)
	u.things = append(u.things, nil)
	name := u.string()
	parent, ok := bind.Part[*exceptions.Class](u.value())
	if !ok {
		fail("exception %s has no parent", name)
	}
	class, err := exceptions.Define(name, parent)
	if err != nil {
		fail("%w", err)
	}
	t := bind.ExceptionClass(u.L, class)
	u.things[id] = t
	u.entries(t)
	return t
}

func (u *unpacker) function() lua.LValue {
	proto := u.chunk()
	for range u.uint() {
		i := u.uint()
		if i >= len(proto.FunctionPrototypes) {
			fail("a function that is not in its source")
		}
		proto = proto.FunctionPrototypes[i]
	}
	fn := u.L.NewFunctionFromProto(proto)
	u.things = append(u.things, fn)
	for i := range fn.Upvalues {
		fn.Upvalues[i] = u.cell()
	}
	return fn
}

// chunk compiles a chunk when it appears for the first time.
func (u *unpacker) chunk() *lua.FunctionProto {
	id := u.uint()
	if id < len(u.chunks) {
		return u.chunks[id]
	}
	name, source := u.sourceName(u.string()), u.string()
	fn, err := u.vm.Load([]byte(source), name)
	if err != nil {
		fail("%w", err)
	}
	u.chunks = append(u.chunks, fn.Proto)
	return fn.Proto
}

func (u *unpacker) cell() *lua.Upvalue {
	switch tag := u.byte(); tag {
	case tagAgain:
		return again[*lua.Upvalue](u)
	case tagCell:
		cell := &lua.Upvalue{}
		cell.SetValue(lua.LNil)
		u.things = append(u.things, cell)
		cell.SetValue(u.value())
		return cell
	default:
		fail("unknown tag %d of a captured local", tag)
		return nil
	}
}

// module finds a value by its name in a module, which it requires.
func (u *unpacker) module() lua.LValue {
	name := u.string()
	var v lua.LValue
	if name == "_G" {
		v = u.vm.Globals()
	} else {
		v = bind.Invoke(u.L, u.vm.Globals().RawGetString("require"), name)
	}
	for range u.uint() {
		field := u.string()
		if v.Type() != lua.LTTable {
			fail("module %s has no table with %s", name, field)
		}
		if v = u.L.GetField(v, field); v == lua.LNil {
			fail("module %s has no %s in the new process: changes of a script to a module are not copied", name, field)
		}
	}
	return v
}
