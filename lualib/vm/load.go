package vm

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"weak"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
	"avescript/lualib/syntax"
)

// Chunk is compiled source, under the name that messages show.
type Chunk struct {
	Name   string
	Source []byte

	given   *string // the name as it was given to a load function: "@file", "=name" or source text; nil for "@" and Name
	program bool    // it is part of the program
}

// chunkIndex finds the chunk of a function prototype, and the path to it from the
// chunk's own: the indexes into FunctionPrototypes, outermost first. It does not
// keep prototypes alive that are not shared.
type chunkIndex struct {
	protos sync.Map // weak.Pointer[lua.FunctionProto] -> protoOrigin
	shared sync.Map // name -> []*sharedChunk
}

// addShared reports whether the chunk was unknown.
func (x *chunkIndex) addShared(chunk *sharedChunk) bool {
	known, _ := x.shared.Load(chunk.Name)
	all, _ := known.([]*sharedChunk)
	if slices.Contains(all, chunk) {
		return false
	}
	x.shared.Store(chunk.Name, append(slices.Clip(all), chunk))
	return true
}

// originInShared is Origin for shared chunks.
func (x *chunkIndex) originInShared(proto *lua.FunctionProto) (*Chunk, []int, bool) {
	var candidates []*sharedChunk
	if known, ok := programChunks.Load(proto.SourceName); ok {
		candidates = []*sharedChunk{known.(*sharedChunk)}
	}
	if known, ok := x.shared.Load(proto.SourceName); ok {
		candidates = append(candidates, known.([]*sharedChunk)...)
	}
	for _, chunk := range candidates {
		if path, ok := chunk.paths()[proto]; ok {
			return chunk.Chunk, path, true
		}
	}
	return nil, nil, false
}

type protoOrigin struct {
	chunk *Chunk
	path  []int
}

func (x *chunkIndex) add(proto *lua.FunctionProto, chunk *Chunk, path []int) {
	key := weak.Make(proto)
	x.protos.Store(key, protoOrigin{chunk, path})
	runtime.AddCleanup(proto, func(key weak.Pointer[lua.FunctionProto]) { x.protos.Delete(key) }, key)
	for i, p := range proto.FunctionPrototypes {
		x.add(p, chunk, append(path[:len(path):len(path)], i))
	}
}

// Origin returns where a function prototype was compiled: the chunk, and the path
// to it through FunctionPrototypes.
func (vm *VM) Origin(proto *lua.FunctionProto) (*Chunk, []int, bool) {
	if proto == nil { // of a Go function
		return nil, nil, false
	}
	if chunk, path, ok := vm.chunks.originInShared(proto); ok {
		return chunk, path, true
	}
	origin, ok := vm.chunks.protos.Load(weak.Make(proto))
	if !ok {
		return nil, nil, false
	}
	o := origin.(protoOrigin)
	return o.chunk, o.path, true
}

// Load compiles source to a function, or loads what string.dump has made. The error of
// source is a *syntax.Error.
func (vm *VM) Load(source []byte, name string) (*lua.LFunction, error) {
	return vm.load(source, name, nil)
}

// load is Load for a chunk that was given another name than messages show.
func (vm *VM) load(source []byte, name string, given *string) (*lua.LFunction, error) {
	if isBinary(source) {
		return vm.loadDumped(source, name)
	}
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

// LoadFile compiles a file.
func (vm *VM) LoadFile(path string) (*lua.LFunction, error) {
	source, err := readSource(path)
	if err != nil {
		return nil, err
	}
	return vm.Load(source, path)
}

func readSource(path string) ([]byte, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, &openError{path, err}
	}
	return source, nil
}

// openError has Lua 5.1's message for a script that cannot be read.
type openError struct {
	path string
	err  error
}

func (e *openError) Error() string { return "cannot open " + e.path + ": " + e.err.Error() }

// inC returns the message with the texts of C.
func (e *openError) inC() string {
	action := "open"
	if errors.Is(e.err, syscall.EISDIR) {
		action = "read" // C can open a directory
	}
	return "cannot " + action + " " + e.path + ": " + stdlib.ErrorText(e.err)
}

func (e *openError) Unwrap() error { return e.err }

func (vm *VM) packageTable() *lua.LTable {
	return vm.Globals().RawGetString("package").(*lua.LTable)
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
	fn, err := vm.LoadModule(file)
	if err != nil {
		L.RaiseError("error loading module '%s' from file '%s':\n\t%s", name, file, err)
	}
	fn.Env = threadOf(L).globals()
	vm.found(name, fn)
	L.Push(fn)
	return 1
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
