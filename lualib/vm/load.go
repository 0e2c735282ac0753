package vm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/syntax"
)

// Chunk is compiled source, under the name that messages show.
type Chunk struct {
	Name   string
	Source []byte

	given  *string // the name as it was given to a load function: "@file", "=name" or source text; nil for "@" and Name
	shared bool    // its prototypes outlive the interpreter
}

// chunkIndex finds the chunk of a function prototype, and the path to it from the
// chunk's own: the indexes into FunctionPrototypes, outermost first. It does not
// keep prototypes alive.
type chunkIndex struct {
	protos sync.Map // weak.Pointer[lua.FunctionProto] -> protoOrigin
}

type protoOrigin struct {
	chunk *Chunk
	path  []int
}

func (x *chunkIndex) add(proto *lua.FunctionProto, chunk *Chunk, path []int) {
	key := weak.Make(proto)
	x.protos.Store(key, protoOrigin{chunk, path})
	if !chunk.shared {
		runtime.AddCleanup(proto, func(key weak.Pointer[lua.FunctionProto]) { x.protos.Delete(key) }, key)
	}
	for i, p := range proto.FunctionPrototypes {
		x.add(p, chunk, append(path[:len(path):len(path)], i))
	}
}

// Origin returns where a function prototype was compiled: the chunk, and the path
// to it through FunctionPrototypes.
func (vm *VM) Origin(proto *lua.FunctionProto) (*Chunk, []int, bool) {
	key := weak.Make(proto)
	origin, ok := vm.chunks.protos.Load(key)
	if !ok {
		origin, ok = sharedChunks.protos.Load(key)
	}
	if !ok {
		return nil, nil, false
	}
	o := origin.(protoOrigin)
	return o.chunk, o.path, true
}

// Load compiles source to a function. The error is a *syntax.Error.
func (vm *VM) Load(source []byte, name string) (*lua.LFunction, error) {
	return vm.load(source, name, nil)
}

// load is Load for a chunk that was given another name than messages show.
func (vm *VM) load(source []byte, name string, given *string) (*lua.LFunction, error) {
	proto, err := syntax.Compile(source, name)
	if err != nil {
		return nil, err
	}
	chunk := &Chunk{Name: name, Source: source, given: given}
	vm.chunks.add(proto, chunk, nil)
	if vm.counting != nil {
		vm.counting.add(proto, chunk)
	}
	return vm.main.NewFunctionFromProto(proto), nil
}

// What LoadShared has compiled, for all interpreters.
var (
	shared       sync.Map // name -> *lua.FunctionProto
	sharedChunks chunkIndex
)

// LoadShared is Load for source that is part of the program: it is read and
// compiled once for all interpreters, which find it by its name.
func (vm *VM) LoadShared(name string, read func() ([]byte, error)) (*lua.LFunction, error) {
	compiled, ok := shared.Load(name)
	if !ok {
		source, err := read()
		if err != nil {
			return nil, err
		}
		proto, err := syntax.Compile(source, name)
		if err != nil {
			return nil, err
		}
		sharedChunks.add(proto, &Chunk{Name: name, Source: source, shared: true}, nil)
		compiled, _ = shared.LoadOrStore(name, proto)
	}
	return vm.main.NewFunctionFromProto(compiled.(*lua.FunctionProto)), nil
}

// LoadFile compiles a file.
func (vm *VM) LoadFile(path string) (*lua.LFunction, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, &openError{path, err}
	}
	return vm.Load(source, path)
}

// openError has Lua 5.1's message for a script that cannot be read.
type openError struct {
	path string
	err  error
}

func (e *openError) Error() string { return "cannot open " + e.path + ": " + e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

func (vm *VM) packageTable() *lua.LTable {
	return vm.Globals().RawGetString("package").(*lua.LTable)
}

// SearchBeside makes require look for modules beside a script and below its
// directory, before the rest of package.path.
func (vm *VM) SearchBeside(script string) {
	dir := filepath.Dir(script)
	path := []string{dir + "/?.lua", dir + "/?/init.lua"}
	for template := range strings.SplitSeq(lua.LVAsString(vm.packageTable().RawGetString("path")), ";") {
		if !slices.Contains(path, template) {
			path = append(path, template)
		}
	}
	vm.packageTable().RawSetString("path", lua.LString(strings.Join(path, ";")))
}

// Module returns the source of a module that every new interpreter finds too: its
// chunk, or nil if it is written in Go.
func (vm *VM) Module(name string) (chunk *Chunk, ok bool) {
	if loader, preloaded := vm.main.GetField(vm.packageTable().RawGetString("preload"), name).(*lua.LFunction); preloaded && loader.IsG {
		return nil, true
	}
	chunk, ok = vm.modules[name]
	return chunk, ok
}

// found records what require finds.
func (vm *VM) found(name string, loader *lua.LFunction) {
	chunk, _, _ := vm.Origin(loader.Proto)
	vm.modules[name] = chunk
}

// Loaded is the table package.loaded that require uses, even if a script has
// replaced it.
func (vm *VM) Loaded() *lua.LTable {
	return vm.main.GetField(vm.main.Get(lua.RegistryIndex), "_LOADED").(*lua.LTable)
}

// replaceModule replaces a standard module by our own.
func (vm *VM) replaceModule(name string, module *lua.LTable) {
	vm.Globals().RawSetString(name, module)
	vm.Loaded().RawSetString(name, module)
}

// searchPath is the loader of require that searches package.path.
func searchPath(L *lua.LState) int {
	name := L.CheckString(1)
	vm := Of(L)
	if _, ok := vm.packageTable().RawGetString("path").(lua.LString); !ok {
		L.RaiseError("'package.path' must be a string")
	}
	file, tried := vm.FindModule(name)
	if file == "" {
		L.Push(lua.LString("\n\t" + tried))
		return 1
	}
	fn, err := vm.LoadFile(file)
	if err != nil {
		L.RaiseError("error loading module '%s' from file '%s':\n\t%s", name, file, err)
	}
	fn.Env = threadOf(L).globals()
	vm.found(name, fn)
	L.Push(fn)
	return 1
}

// FindModule is the file that require finds along package.path; "" if there is none, with
// where it has looked.
func (vm *VM) FindModule(name string) (file, tried string) {
	for template := range strings.SplitSeq(lua.LVAsString(vm.packageTable().RawGetString("path")), ";") {
		file := strings.ReplaceAll(template, "?", strings.ReplaceAll(name, ".", "/"))
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file, ""
		}
		tried += "\n\tno file '" + file + "'"
	}
	return "", strings.TrimPrefix(tried, "\n\t")
}

// AddLoader adds a loader before the one that searches package.path. It returns nil
// for names that it does not know; messages then say that the module is not in place. A
// permanent module is loaded only once, whatever happens to its entry in package.loaded.
func (vm *VM) AddLoader(L *lua.LState, place string, loader func(L *lua.LState, name string) (fn *lua.LFunction, permanent bool)) {
	loaders := vm.packageTable().RawGetString("loaders").(*lua.LTable)
	loaded := map[string]lua.LValue{}
	loaders.Insert(2, L.NewFunction(func(L *lua.LState) int {
		name := L.CheckString(1)
		fn, permanent := loader(L, name)
		if fn == nil {
			L.Push(lua.LString("\n\tno module '" + name + "' in " + place))
			return 1
		}
		vm.found(name, fn)
		if permanent {
			fn = L.NewFunction(loadOnce(loaded, name, fn))
		}
		L.Push(fn)
		return 1
	}))
}

func loadOnce(loaded map[string]lua.LValue, name string, load *lua.LFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		value, known := loaded[name]
		if !known {
			L.Push(load)
			L.Push(lua.LString(name))
			L.Call(1, 1)
			value = L.Get(-1)
			loaded[name] = value
		}
		L.Push(value)
		return 1
	}
}
