package vm

import (
	"bytes"
	"encoding/binary"
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// string.dump. Code of gopher-lua has no binary form; what is dumped is the source of the
// function's chunk, and the place of the function in it. As in Lua, a function that is loaded
// from it has new upvalues.

// binaryMark begins what Lua calls a precompiled chunk, and dumpMark one of ours.
const (
	binaryMark = "\x1bLua"
	dumpMark   = binaryMark + "Q avescript\n"
)

// dumpFunction is string.dump(fn).
func dumpFunction(L *lua.LState, fn *lua.LFunction) (dumped string, ok bool) {
	if fn.IsG {
		return "", false
	}
	chunk, path, ok := Of(L).Origin(fn.Proto)
	if !ok {
		return "", false
	}
	data := binary.AppendUvarint([]byte(dumpMark), uint64(len(path)))
	for _, i := range path {
		data = binary.AppendUvarint(data, uint64(i))
	}
	data = binary.AppendUvarint(data, uint64(len(chunk.Name)))
	return string(append(append(data, chunk.Name...), chunk.Source...)), true
}

func isBinary(source []byte) bool { return bytes.HasPrefix(source, []byte(binaryMark)) }

// loadDumped makes a function of what dumpFunction has returned. Code of other programs cannot be
// loaded.
func (vm *VM) loadDumped(data []byte, chunk string) (*lua.LFunction, error) {
	data, ours := bytes.CutPrefix(data, []byte(dumpMark))
	if !ours {
		return nil, errors.New(chunk + ": bad header in precompiled chunk")
	}
	path, name, source, ok := readDumped(data)
	if !ok {
		return nil, errors.New(chunk + ": unexpected end in precompiled chunk")
	}
	whole, err := vm.Load(source, name)
	if err != nil {
		return nil, err
	}
	proto := whole.Proto
	for _, i := range path {
		if i >= uint64(len(proto.FunctionPrototypes)) {
			return nil, errors.New(chunk + ": bad code in precompiled chunk")
		}
		proto = proto.FunctionPrototypes[i]
	}
	fn := vm.main.NewFunctionFromProto(proto)
	for i := range fn.Upvalues {
		fn.Upvalues[i] = &lua.Upvalue{}
		fn.Upvalues[i].SetValue(lua.LNil)
	}
	return fn, nil
}

func readDumped(data []byte) (path []uint64, name string, source []byte, ok bool) {
	ok = true
	number := func() uint64 {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)) {
			ok = false
			return 0
		}
		data = data[size:]
		return n
	}
	for range number() {
		path = append(path, number())
	}
	length := number()
	if !ok || length > uint64(len(data)) {
		return nil, "", nil, false
	}
	return path, string(data[:length]), data[length:], !isBinary(data[length:])
}
