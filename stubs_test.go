package avescript_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/luatest"
	"avescript/lualib"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// A stub under lualib/meta is the documentation of a module. These tests load
// every module, and compare what it has with what its stub says.

// api is what a module has, by names as "run", "Profile:match", "Control.rpc".
type api map[string]entry

type entry struct {
	// form is "(cmd, options?)" for a function, "class of Parent", or
	// "value". A function's is empty if its parameters are not known.
	form string
	line int // in the stub
	// private says that a stub may leave it out.
	private bool
}

// called is the entry as messages show it.
func (e entry) called(name string) string {
	if e.form == "" || strings.HasPrefix(e.form, "(") {
		return name + e.form
	}
	return name + ", a " + e.form
}

const (
	value = "value"
	// baseClass is the class in the stub of ave that has what bind gives to
	// all classes.
	baseClass = "Class"
)

func classOf(parent string, exported bool) string {
	form := "class of " + parent
	if !exported {
		form += ", not in the module"
	}
	return form
}

// inInterpreter calls fn in an interpreter that has all modules. What it raises
// is returned.
func inInterpreter(t *testing.T, fn func(L *lua.LState) error) error {
	return luatest.New(t).Do(context.Background(), fn)
}

func TestStubsAreTrue(t *testing.T) {
	err := inInterpreter(t, func(L *lua.LState) error {
		m := load(L, moduleNames(t))
		for _, name := range slices.Sorted(maps.Keys(m.tables)) {
			t.Run(name, func(t *testing.T) {
				file, ok := stubOf(name)
				if !ok {
					t.Fatalf("the module %s has no documentation; write lualib/%s", name, file)
				}
				has, documented := m.api(L, name), documented(t, name)
				addWords(L, has, documented)
				compare(t, name, file, has, documented)
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryStubHasItsModule(t *testing.T) {
	names := moduleNames(t)
	err := fs.WalkDir(lualib.Meta, "meta", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := moduleOf("meta/", file)
		if !slices.Contains(names, name) {
			t.Errorf("lualib/%s documents %s, and there is no such module: remove it, or register the module", file, name)
		}
		text, err := fs.ReadFile(lualib.Meta, file)
		if first := "---@meta " + name + "\n"; err == nil && !bytes.HasPrefix(text, []byte(first)) {
			t.Errorf("lualib/%s: wanted the first line %q, which tells editors what to require", file, first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryModuleIsUnderTheRoof(t *testing.T) {
	err := inInterpreter(t, func(L *lua.LState) error {
		for _, name := range moduleNames(t) {
			var found lua.LValue = require(L, "ave")
			for field := range strings.SplitSeq(name, ".") {
				if field != "ave" && found != lua.LNil {
					found = L.GetField(found, field)
				}
			}
			if found != require(L, name) {
				t.Errorf("%s is not found as such below require(\"ave\"): add it to the module above it, in lualib/lua/ave", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	isDocumented = regexp.MustCompile(`^ave(\.|$)`)
	isInner      = regexp.MustCompile(`^ave\.(test|broker)\.`)
)

// moduleNames are the modules that scripts may require: those that are
// registered, and those that are written in Lua, without the inner parts of
// ave.test and ave.broker, and without busted's, which have a document of their
// own.
func moduleNames(t *testing.T) (names []string) {
	for _, m := range lualib.Modules() {
		names = append(names, m.Name)
	}
	const dir = "lualib/lua/"
	for _, file := range sources(t, ".lua") {
		if strings.HasPrefix(file, dir) && len(read(t, file)) > 0 {
			if name := moduleOf(dir, file); isDocumented.MatchString(name) && !isInner.MatchString(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func moduleOf(dir, file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, dir), ".lua")
	return strings.ReplaceAll(strings.TrimSuffix(name, "/init"), "/", ".")
}

// stubOf gives the file of a module's stub, or where it should be.
func stubOf(module string) (file string, ok bool) {
	file = "meta/" + strings.ReplaceAll(module, ".", "/") + ".lua"
	for _, file := range []string{file, strings.TrimSuffix(file, ".lua") + "/init.lua"} {
		if _, err := fs.Stat(lualib.Meta, file); err == nil {
			return file, true
		}
	}
	return file, false
}

func require(L *lua.LState, name string) *lua.LTable {
	return bind.Invoke(L, L.GetGlobal("require"), name).(*lua.LTable)
}

// modules are all modules of an interpreter.
type modules struct {
	tables   map[string]*lua.LTable
	exported map[lua.LValue]bool // the classes that are in one of them
}

func load(L *lua.LState, names []string) modules {
	m := modules{map[string]*lua.LTable{}, map[lua.LValue]bool{}}
	for _, name := range names {
		m.tables[name] = require(L, name)
		m.tables[name].ForEach(func(_, v lua.LValue) {
			if bind.IsClass(v) {
				m.exported[v] = true
			}
		})
	}
	return m
}

// api is what a module has.
func (m modules) api(L *lua.LState, name string) api {
	has, table := api{}, m.tables[name]
	if table.Metatable != lua.LNil {
		m.lazy(has, name, table)
	}
	if name == "ave" {
		has[baseClass] = entry{form: classOf("", false)}
		for _, fn := range sharedFunctions(L) {
			has[baseClass+":"+fn] = entry{}
		}
		return has
	}
	params := map[string]string{}
	for _, module := range lualib.Modules() {
		if module.Name == name {
			collect(params, module.Funcs)
		}
	}
	table.ForEach(func(key, v lua.LValue) {
		switch field := key.String(); {
		case v.Type() == lua.LTFunction:
			has[field] = entry{form: params[field]}
		case bind.IsClass(v):
			m.class(L, has, v.(*lua.LTable))
		default:
			has[field] = entry{form: value}
		}
	})
	return has
}

// lazy adds the fields of a module that loads them when they are used: the
// modules below it, and the names in a table that its __index sees.
func (m modules) lazy(has api, name string, table *lua.LTable) {
	for other := range m.tables {
		if at := strings.LastIndex(other, "."); at >= 0 && other[:at] == name {
			has[other[at+1:]] = entry{form: value}
		}
	}
	for _, upvalue := range table.Metatable.(*lua.LTable).RawGetString("__index").(*lua.LFunction).Upvalues {
		if names, ok := upvalue.Value().(*lua.LTable); ok {
			names.ForEach(func(key, _ lua.LValue) { has[key.String()] = entry{form: value} })
		}
	}
}

// sharedFunctions are those that bind gives to every class without a parent.
func sharedFunctions(L *lua.LState) []string {
	return functions((&bind.Class{Name: "Root"}).In(L))
}

// functions are the names of those that a class has itself.
func functions(class *lua.LTable) (names []string) {
	class.ForEach(func(key, v lua.LValue) {
		if name := key.String(); v.Type() == lua.LTFunction && !strings.HasPrefix(name, "__") {
			names = append(names, name)
		}
	})
	return names
}

func collect(params map[string]string, fns []bind.Fn) {
	for _, fn := range fns {
		params[fn.Name] = "(" + fn.Params + ")"
	}
}

// class adds a class of a module, and its parent if no module has that.
func (m modules) class(L *lua.LState, has api, class *lua.LTable) {
	name, parent := className(class), baseClass
	if p := bind.ParentOf(class); p != nil {
		parent = className(p)
		if !m.exported[p] {
			m.class(L, has, p)
		}
	}
	has[name] = entry{form: classOf(parent, m.exported[class])}
	declared, ok := bind.Part[*bind.Class](class)
	if !ok {
		scriptClass(has, name, class)
		return
	}
	methods, funcs := map[string]string{"init": "(" + declared.Params + ")"}, map[string]string{}
	collect(methods, declared.Methods)
	collect(funcs, declared.Funcs)
	shared := sharedFunctions(L)
	for _, fn := range functions(class) {
		if form, ok := methods[fn]; ok {
			has[name+":"+fn] = entry{form: form}
		} else if form, ok := funcs[fn]; ok {
			has[name+"."+fn] = entry{form: form}
		} else if !slices.Contains(shared, fn) {
			has[name+"."+fn] = entry{}
		}
	}
}

// scriptClass adds what a class has that is written in Lua. Of its functions,
// those that clients can call must be documented.
func scriptClass(has api, name string, class *lua.LTable) {
	class.ForEach(func(key, v lua.LValue) {
		isRPC := bind.NameOf(v) == "Method"
		if isRPC || v.Type() == lua.LTFunction && !strings.HasPrefix(key.String(), "__") {
			has[name+":"+key.String()] = entry{private: !isRPC}
		}
	})
}

// addWords adds what is documented of the global words, such as assert.equals, it.each
// and match.is_string, and is known: what they are cannot be told from what they do.
func addWords(L *lua.LState, has, documented api) {
	known, err := vm.Of(L).Load([]byte(`
		local owner, word = ...
		local found = _G[owner][word]
		local _, err = pcall(found)
		return found ~= nil and not tostring(err):find("unknown modifier/", 1, true)`), "words")
	if err != nil {
		panic(err)
	}
	for name := range documented {
		owner, word, _ := strings.Cut(strings.ReplaceAll(name, ":", "."), ".")
		if L.GetGlobal(owner) != lua.LNil && word != "" && lua.LVAsBool(bind.Invoke(L, known, owner, word)) {
			has[name] = entry{}
		}
	}
}

func className(class *lua.LTable) string { return class.RawGetString("__name").String() }

func compare(t *testing.T, module, file string, has, documented api) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(has)) {
		want, got := has[name], documented[name]
		_, ok := documented[name]
		switch {
		case !ok && !want.private:
			t.Errorf("lualib/%s does not document %s, which %s has: write it there", file, want.called(name), module)
		case ok && want.form != "" && want.form != got.form:
			t.Errorf("lualib/%s:%d: %s is documented as %q and is %q: correct whichever is wrong", file, got.line, name, got.form, want.form)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := has[name]; !ok {
			e := documented[name]
			t.Errorf("lualib/%s:%d documents %s, which %s does not have: remove it, or add it to the module", file, e.line, e.called(name), module)
		}
	}
}

// probes give an option that there is not to whatever takes a table of
// options. The error lists those that there are.
var probes = map[string]string{
	"ave.CmdBackgroundOptions": `require("ave.cmd").run_bg("true", { [""] = 1 })`,
	"ave.CmdOptions":           `require("ave.cmd").run("true", { [""] = 1 })`,
	"ave.ConnectOptions":       `require("ave.broker").connect({ [""] = 1 })`,
	"ave.ControlOptions":       `require("ave.network.control").Control({ [""] = 1 })`,
	"ave.EquipmentOptions":     `require("ave.test").equipment("x", { type = "x" }, { [""] = 1 })`,
	"ave.EventuallyOptions":    `require("ave.test").eventually(print, { [""] = 1 })`,
	"ave.ExpectScreenOptions":  `require("ave.cmd").spawn("true"):expect_screen("x", { [""] = 1 })`,
	"ave.FsCopyOptions":        `require("ave.fs").copy("", "", { [""] = 1 })`,
	"ave.FsMkdirOptions":       `require("ave.fs").mkdir("", { [""] = 1 })`,
	"ave.FsReadOptions":        `require("ave.fs").read("", { [""] = 1 })`,
	"ave.FsRemoveOptions":      `require("ave.fs").remove("", { [""] = 1 })`,
	"ave.FsWalkOptions":        `require("ave.fs").walk("", { [""] = 1 })`,
	"ave.FsWriteOptions":       `require("ave.fs").write("", "", { [""] = 1 })`,
	"ave.GroupOptions":         `require("ave.task").group(print, { [""] = 1 })`,
	"ave.HttpOptions":          `require("ave.http").get("", { [""] = 1 })`,
	"ave.InteractOptions":      `require("ave.cmd").spawn("true"):interact({ [""] = 1 })`,
	"ave.JsonOptions":          `require("ave.json").encode(1, { [""] = 1 })`,
	"ave.JsonReadOptions":      `require("ave.json").decode("1", { [""] = 1 })`,
	"ave.ListenOptions":        `require("ave.network.fdtx").FdTx():listen("", "", { [""] = 1 })`,
	"ave.LogOptions":           `require("ave.log").setup({ [""] = 1 })`,
	"ave.TestOptions":          `require("ave.test").it("x", { [""] = 1 }, print)`,
	"ave.MatchesScreenOptions": `require("ave.test.screens").check({}, { n = 3, "", "", { [""] = 1 } })`,
	"ave.NeedsOptions":         `require("ave.test").needs({ [""] = 1 })`,
	"ave.PortOptions":          `require("ave.network.connection").find_free_port({ [""] = 1 })`,
	"ave.ProcessOptions":       `require("ave.network.process").Process({ [""] = 1 })`,
	"ave.RemoteControlOptions": `require("ave.network.control").RemoteControl({ "", 1 }, nil, nil, nil, nil, { [""] = 1 })`,
	"ave.RenderOptions":        `require("ave.screen").render("", { [""] = 1 })`,
	"ave.RestartOptions":       `require("ave.test.restart")({ [""] = 1 })`,
	"ave.SendOptions":          `require("ave.cmd").spawn("true"):send("x", { [""] = 1 })`,
	"ave.SpawnOptions":         `require("ave.cmd").spawn("true", { [""] = 1 })`,
	"ave.StableOptions":        `require("ave.cmd").spawn("true"):wait_stable({ [""] = 1 })`,
	"ave.StartOptions":         `require("ave.network.process").Process():start({ [""] = 1 })`,
	"ave.WaitOptions":          `require("ave.cmd").spawn("true"):expect("x", { [""] = 1 })`,
}

var optionsClass = regexp.MustCompile(`(?m)^---@class (ave\.\w*Options)\n((?:---@field .*\n)*)`)
var fieldName = regexp.MustCompile(`(?m)^---@field (\w+)\?? `)

func TestStubsListTheOptions(t *testing.T) {
	unseen := maps.Clone(probes)
	for _, file := range sources(t, ".lua") {
		if !strings.HasPrefix(file, "lualib/meta/") {
			continue
		}
		for _, class := range optionsClass.FindAllStringSubmatch(string(read(t, file)), -1) {
			probe, ok := probes[class[1]]
			if !ok {
				t.Errorf("%s: nothing checks the fields of %s: add it to probes in stubs_test.go", file, class[1])
				continue
			}
			delete(unseen, class[1])
			var fields []string
			for _, field := range fieldName.FindAllStringSubmatch(class[2], -1) {
				fields = append(fields, field[1])
			}
			slices.Sort(fields)
			if options := optionsBy(t, probe); !slices.Equal(fields, options) {
				t.Errorf("%s: %s has the fields %v, and the options are %v: correct whichever is wrong", file, class[1], fields, options)
			}
		}
	}
	for class := range unseen {
		t.Errorf("no stub has the class %s: write it, or remove it from probes in stubs_test.go", class)
	}
}

func optionsBy(t *testing.T, probe string) []string {
	t.Helper()
	err := inInterpreter(t, func(L *lua.LState) error {
		fn, err := vm.Of(L).Load([]byte(probe), "probe")
		if err == nil {
			bind.Invoke(L, fn)
		}
		return err
	})
	_, list, ok := strings.Cut(fmt.Sprint(err), "valid names are ")
	if !ok {
		t.Fatalf("%s: wanted an error that lists the options, got %v", probe, err)
	}
	options := strings.Split(list, ", ")
	slices.Sort(options)
	return options
}
