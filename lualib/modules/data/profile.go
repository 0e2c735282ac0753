package data

import (
	"runtime"
	"sync"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/profile"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// ProfileModule is ave.profile.
var ProfileModule = bind.Module{Name: "ave.profile", Classes: []*bind.Class{&profileClass}}

// profileClass is Profile. Equal profiles of a class are the same object, so that a
// profile can be the key of a table, as in a dictionary of Python. Therefore a
// profile cannot be changed; `with` makes a changed copy.
//
// The properties are in the Go part. The table stays empty, so that __newindex can
// refuse every assignment.
var profileClass = bind.Class{
	Name:   "Profile",
	Params: "values",
	Init:   initProfile,
	Methods: []bind.Fn{
		bind.Func("match", "profile", profileMatch),
		bind.Func("minimize", "profile?", profileMinimize),
		bind.Func("values", "", profileValues),
		bind.Func("with", "values", profileWith),
	},
	Meta: map[string]lua.LGFunction{
		"__index":    profileIndex,
		"__newindex": profileNewIndex,
		"__pairs":    profilePairs,
		"__tojson":   profileToJSON,
		"__tostring": profileToString,
	},
	Copy: bind.Copy{Pack: packProfile, Unpack: unpackProfile},
}

func packProfile(part any) ([]byte, int, error) {
	text, err := part.(profile.Profile).MarshalJSON()
	return text, -1, err
}

func unpackProfile(L *lua.LState, class *lua.LTable, data []byte, _ int) (*lua.LTable, error) {
	p, err := profile.Parse(data)
	if err != nil {
		return nil, err
	}
	return internProfile(L, class, p), nil
}

// mandatoryField is the field of a class that lists the properties that its
// profiles must have, and that minimize keeps.
const mandatoryField = "mandatory"

func initProfile(c *bind.Call) error {
	p, err := ToProfile(c.L, c.Arg(1))
	if err != nil {
		return exceptions.TypeError.Newf("Profile: argument 'values': %w", err)
	}
	class := c.Self.Metatable.(*lua.LTable)
	for _, name := range mandatoryProperties(c.L, class) {
		if _, ok := p.Get(name); !ok {
			return exceptions.TypeError.Newf("%s: the property '%s' is missing in %s", class.RawGetString("__name"), name, p)
		}
	}
	return c.Return(internProfile(c.L, class, p))
}

func mandatoryProperties(L *lua.LState, class *lua.LTable) []string {
	var names []string
	if v := L.GetField(class, mandatoryField); v != lua.LNil {
		if err := bind.Unpack(L, v, &names); err != nil {
			bind.Throw(L, exceptions.TypeError.Newf("%s.mandatory: %w, got %s", class.RawGetString("__name"), err, bind.Describe(v)))
		}
	}
	return names
}

// ToProfile reads a Profile, or a table of properties.
func ToProfile(L *lua.LState, v lua.LValue) (profile.Profile, error) {
	if p, ok := bind.Part[profile.Profile](v); ok {
		return p, nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		return profile.Profile{}, bind.Mismatch("a table of properties or a Profile", v)
	}
	if first, _ := t.Next(lua.LNil); first == lua.LNil {
		return profile.Profile{}, nil // {} by itself would be a list
	}
	text, err := codec.For(L).Append(L, nil, t)
	if err != nil {
		return profile.Profile{}, err
	}
	return profile.Parse(text)
}

// profiles finds the existing object of a profile: profileID ->
// weak.Pointer[lua.LTable]. It does not keep the object alive.
var profiles = vm.Keep(func(*lua.LState) *sync.Map { return new(sync.Map) })

type profileID struct {
	class weak.Pointer[lua.LTable]
	key   string
}

func internProfile(L *lua.LState, class *lua.LTable, p profile.Profile) *lua.LTable {
	known := profiles.Of(L)
	id := profileID{weak.Make(class), p.Key()}
	if found, ok := known.Load(id); ok {
		if object := found.(weak.Pointer[lua.LTable]).Value(); object != nil {
			return object
		}
	}
	object := L.NewTable()
	object.Metatable = class
	bind.Attach(object, p)
	pointer := weak.Make(object)
	known.Store(id, pointer)
	runtime.AddCleanup(object, func(id profileID) { known.CompareAndDelete(id, pointer) }, id)
	return object
}

func profileMatch(c *bind.Call) error {
	self, err := bind.Self[profile.Profile](c)
	if err != nil {
		return err
	}
	wanted, err := ToProfile(c.L, c.Arg(1))
	if err != nil {
		return exceptions.TypeError.Newf("Profile:match: argument 'profile': %w", err)
	}
	return c.Return(self.Match(wanted))
}

func profileMinimize(c *bind.Call) error {
	self, err := bind.Self[profile.Profile](c)
	if err != nil {
		return err
	}
	var wanted profile.Profile
	if c.Arg(1) != lua.LNil {
		if wanted, err = ToProfile(c.L, c.Arg(1)); err != nil {
			return exceptions.TypeError.Newf("Profile:minimize: argument 'profile': %w", err)
		}
	}
	class := c.Self.Metatable.(*lua.LTable)
	return c.Return(internProfile(c.L, class, self.Minimize(mandatoryProperties(c.L, class), wanted)))
}

// profileValues returns the properties in a new plain table.
func profileValues(c *bind.Call) error {
	self, err := bind.Self[profile.Profile](c)
	if err != nil {
		return err
	}
	return c.ReturnJSON(self)
}

// profileWith makes a profile with some properties changed; null removes one.
func profileWith(c *bind.Call) error {
	var changes *lua.LTable
	if err := c.Args(&changes); err != nil {
		return err
	}
	values := profileTable(c.L, c.Self)
	for k, v := changes.Next(lua.LNil); k != lua.LNil; k, v = changes.Next(k) {
		if codec.IsNull(v) {
			v = lua.LNil
		}
		values.RawSet(k, v)
	}
	return c.Return(bind.Invoke(c.L, c.Self.Metatable, values))
}

// profileTable returns the properties in a new Lua table.
func profileTable(L *lua.LState, v lua.LValue) *lua.LTable {
	p, _ := bind.Part[profile.Profile](v)
	text, err := p.MarshalJSON()
	if err == nil {
		var values lua.LValue
		if values, err = codec.For(L).Decode(text); err == nil {
			return values.(*lua.LTable)
		}
	}
	bind.Throw(L, err)
	return nil
}

// profileIndex looks up a name among the methods, then among the properties. A
// property that is a table is copied.
func profileIndex(L *lua.LState) int {
	self := L.CheckTable(1)
	inherited := lua.LNil
	for class, _ := self.Metatable.(*lua.LTable); class != nil && inherited == lua.LNil; class = bind.ParentOf(class) {
		inherited = class.RawGet(L.Get(2))
	}
	p, _ := bind.Part[profile.Profile](self)
	name, _ := L.Get(2).(lua.LString)
	raw, ok := p.Get(string(name))
	if !ok || inherited.Type() == lua.LTFunction {
		L.Push(inherited)
		return 1
	}
	v, err := codec.For(L).Decode(raw)
	if err != nil {
		bind.Throw(L, err)
	}
	L.Push(v)
	return 1
}

func profileNewIndex(L *lua.LState) int {
	bind.Throw(L, exceptions.TypeError.Newf(
		"a Profile cannot be changed; profile:with{%s = ...} makes a changed copy", L.Get(2)))
	return 0
}

func profilePairs(L *lua.LState) int {
	L.Push(L.GetGlobal("next"))
	L.Push(profileTable(L, L.Get(1)))
	return 2
}

func profileToJSON(L *lua.LState) int {
	L.Push(profileTable(L, L.Get(1)))
	return 1
}

func profileToString(L *lua.LState) int {
	p, _ := bind.Part[profile.Profile](L.Get(1))
	name, _ := L.CheckTable(1).Metatable.(*lua.LTable).RawGetString("__name").(lua.LString)
	L.Push(name + lua.LString(p.String()))
	return 1
}
