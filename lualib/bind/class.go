package bind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// Class is a Lua class that is declared in Go. Scripts make children of it with
// Class:subclass("Name"), and objects by calling it.
//
// In Lua a class is a table. It is the metatable of its objects, its __index is
// itself, and its own metatable leads to its parent. An object is a table. Its Go
// part, if any, is stored under a key that scripts cannot name.
type Class struct {
	Name   string
	Parent *Class
	Params string              // of the constructor
	Init   func(c *Call) error // fills in c.Self; a value that it returns replaces the object
	// Methods are called on objects, Funcs on the class itself.
	Methods []Fn
	Funcs   []Fn
	// Meta are metamethods. Children inherit them.
	Meta map[string]lua.LGFunction

	// Copy is how objects are passed to another process. A class without it
	// inherits its parent's; objects that have none cannot be passed.
	Copy Copy
}

// Copy passes an object to another process. Pack returns data and a descriptor that
// is inherited, or -1; Unpack makes an object of the Lua class from these. With
// Stays the object is passed without its Go part.
type Copy struct {
	Stays  bool
	Pack   func(part any) (data []byte, fd int, err error)
	Unpack func(L *lua.LState, class *lua.LTable, data []byte, fd int) (*lua.LTable, error)
}

// Copying returns how an object is passed to another process.
func Copying(object *lua.LTable) Copy {
	class := ClassOf(object)
	for class != nil && !class.Copy.Stays && class.Copy.Pack == nil {
		class = class.Parent
	}
	if class == nil {
		return Copy{}
	}
	return class.Copy
}

// classTables are an interpreter's tables of the classes that are declared in Go.
var classTables = vm.Keep(func(*lua.LState) map[*Class]*lua.LTable { return map[*Class]*lua.LTable{} })

// In returns the class's table in the state of L.
func (class *Class) In(L *lua.LState) *lua.LTable {
	tables := classTables.Of(L)
	if t, ok := tables[class]; ok {
		return t
	}
	var parent *lua.LTable
	if class.Parent != nil {
		parent = class.Parent.In(L)
	}
	t := NewClass(L, class.Name, parent)
	tables[class] = t
	Attach(t, class)
	if parent == nil {
		t.RawSetString("subclass", Fn{"subclass", "name", subclass}.bindClass(L))
		t.RawSetString("is", Fn{"is", "class", is}.bind(L, class, true))
	}
	if class.Init != nil {
		t.RawSetString("init", Func("init", class.Params, class.Init).bindNamed(L, class.Name, class, true))
	}
	for _, fn := range class.Methods {
		t.RawSetString(fn.Name, fn.bind(L, class, true))
	}
	for _, fn := range class.Funcs {
		t.RawSetString(fn.Name, fn.bind(L, class, false))
	}
	for name, fn := range class.Meta {
		t.RawSetString(name, L.NewFunction(fn))
	}
	return t
}

// bindClass makes a function whose first argument is a class.
func (f Fn) bindClass(L *lua.LState) *lua.LFunction {
	return Fn{f.Name, "class, " + f.Params, f.Call}.bindNamed(L, "class."+f.Name, nil, false)
}

// NewClass makes a class with the given parent, which may be nil.
func NewClass(L *lua.LState, name string, parent *lua.LTable) *lua.LTable {
	class, meta := L.NewTable(), L.NewTable()
	class.RawSetString("__index", class)
	class.RawSetString("__name", lua.LString(name))
	class.RawSet(stdlib.Hidden, &lua.LUserData{Value: classMark{}, Metatable: lua.LNil})
	meta.RawSetString("__call", L.NewFunction(construct))
	meta.RawSetString("__tostring", L.NewFunction(classToString))
	class.Metatable = meta
	if parent != nil {
		SetParent(class, parent)
	}
	return class
}

// classMark is the Go part of a class without another one.
type classMark struct{}

// SetParent sets the parent of a class that has none yet.
func SetParent(class, parent *lua.LTable) {
	inheritMetamethods(class, parent)
	class.RawSetString("super", parent)
	class.Metatable.(*lua.LTable).RawSetString("__index", parent)
}

// inheritMetamethods copies metamethods, because Lua only looks for them in the
// metatable itself and not along its __index.
func inheritMetamethods(class, parent *lua.LTable) {
	parent.ForEach(func(key, value lua.LValue) {
		name, ok := key.(lua.LString)
		if !ok || !strings.HasPrefix(string(name), "__") || name == "__name" {
			return
		}
		if name == "__index" && value == parent {
			return
		}
		class.RawSetString(string(name), value)
	})
}

// ClassOf returns the nearest class declared in Go that an object belongs to.
func ClassOf(object *lua.LTable) *Class {
	for class, _ := object.Metatable.(*lua.LTable); class != nil; class = ParentOf(class) {
		if declared, ok := Part[*Class](class); ok {
			return declared
		}
	}
	return nil
}

// ParentOf returns the parent of a class, or nil.
func ParentOf(class *lua.LTable) *lua.LTable {
	parent, _ := class.RawGetString("super").(*lua.LTable)
	return parent
}

// IsClass reports whether v is a class.
func IsClass(v lua.LValue) bool {
	part, _ := Part[any](v)
	switch part.(type) {
	case classMark, *Class, *exceptions.Class:
		return true
	}
	return false
}

func className(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if name, ok := t.RawGetString("__name").(lua.LString); ok {
			return string(name)
		}
	}
	return ""
}

// NameOf returns the name of the class of the object v, or "".
func NameOf(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		return className(t.Metatable)
	}
	return ""
}

func instanceOf(object, class *lua.LTable) bool {
	c, _ := object.Metatable.(*lua.LTable)
	for ; c != nil; c = ParentOf(c) {
		if c == class {
			return true
		}
	}
	return false
}

// construct is the call of a class: it makes an object and calls its init with the
// arguments.
func construct(L *lua.LState) int {
	class := L.CheckTable(1)
	object := L.NewTable()
	object.Metatable = class
	init := L.GetField(class, "init")
	if init == lua.LNil {
		L.Push(object)
		return 1
	}
	n := L.GetTop() - 1
	L.Push(init)
	L.Push(object)
	for i := 2; i <= n+1; i++ {
		L.Push(L.Get(i))
	}
	L.Call(n+1, 1)
	if L.Get(-1) == lua.LNil {
		L.Push(object)
	}
	return 1
}

func classToString(L *lua.LState) int {
	L.Push(lua.LString("class " + className(L.Get(1))))
	return 1
}

// subclass is Class:subclass(name).
func subclass(c *Call) error {
	var class *lua.LTable
	var name string
	if err := c.Args(&class, &name); err != nil {
		return err
	}
	if !IsClass(class) {
		return c.typeErrorf("wanted a class as self, got %s", Describe(class))
	}
	return c.Return(NewClass(c.L, name, class))
}

// is tells whether an object belongs to a class or to a child of it. The class is
// given itself or by name.
func is(c *Call) error {
	switch want := c.Arg(1).(type) {
	case *lua.LTable:
		if IsClass(want) {
			return c.Return(instanceOf(c.Self, want))
		}
	case lua.LString:
		class, _ := c.Self.Metatable.(*lua.LTable)
		for ; class != nil; class = ParentOf(class) {
			if className(class) == string(want) {
				return c.Return(true)
			}
		}
		return c.Return(false)
	}
	return c.typeErrorf("argument 'class': wanted a class or its name, got %s", Describe(c.Arg(1)))
}

// Attach gives an object its Go part, which is stored under [stdlib.Hidden].
func Attach(object *lua.LTable, part any) {
	object.RawSet(stdlib.Hidden, &lua.LUserData{Value: part, Metatable: lua.LNil})
}

// IsGoKey reports whether key is the one under which Go parts are stored.
func IsGoKey(key lua.LValue) bool { return key == stdlib.Hidden }

// New makes an object of class around its Go part.
func New(L *lua.LState, class *Class, part any) *lua.LTable {
	return NewOf(L, class.In(L), part)
}

// NewOf makes an object of a Lua class around its Go part.
func NewOf(L *lua.LState, class *lua.LTable, part any) *lua.LTable {
	object := L.NewTable()
	object.Metatable = class
	Attach(object, part)
	return object
}

// Part returns the Go part of an object.
func Part[T any](v lua.LValue) (part T, ok bool) {
	if t, isTable := v.(*lua.LTable); isTable {
		if ud, isPart := t.RawGet(stdlib.Hidden).(*lua.LUserData); isPart {
			part, ok = ud.Value.(T)
		}
	}
	return part, ok
}

// Self returns the Go part of the object that a method was called on. It fails if
// the object's class did not call the constructor of its parent.
func Self[T any](c *Call) (T, error) {
	part, ok := Part[T](c.Self)
	if !ok {
		class := c.sig.class.Name
		return part, fmt.Errorf("%s: the object was never initialized: its class must call %s.init(self, ...)", c.sig.name, class)
	}
	return part, nil
}
