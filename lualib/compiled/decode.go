package compiled

import (
	"encoding/binary"
	"math"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
	"avescript/lualib/mainloop"
)

// Decode makes the prototype whose binary form is data. Its strings are parts of data, and
// are not copied.
func Decode(data string) *lua.FunctionProto {
	d := &decoder{data: data}
	lengths := make([]int, d.unsigned())
	for i := range lengths {
		lengths[i] = d.unsigned()
	}
	d.strings = make([]string, len(lengths))
	d.values = make([]lua.LValue, len(lengths))
	for i, n := range lengths {
		d.strings[i] = d.next(n)
	}
	proto := d.function()
	mainloop.Annotate(proto)
	return proto
}

type decoder struct {
	data    string // what is left
	strings []string
	values  []lua.LValue // of strings, where they are constants: all functions share a value
}

func (d *decoder) next(n int) string {
	s := d.data[:n]
	d.data = d.data[n:]
	return s
}

// bytes are the same as next, and must not be changed.
func (d *decoder) bytes(n int) []byte {
	s := d.next(n)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

func (d *decoder) unsigned() int {
	n := uint64(0)
	for shift := 0; ; shift += 7 {
		b := d.data[0]
		d.data = d.data[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int(n)
		}
	}
}

func (d *decoder) number() int {
	n := uint(d.unsigned())
	return int(n>>1) ^ -int(n&1)
}

func (d *decoder) string() string { return d.strings[d.number()] }

func (d *decoder) function() *lua.FunctionProto {
	p := &lua.FunctionProto{SourceName: d.string(), LineDefined: d.number(), LastLineDefined: d.number()}
	for _, field := range small(p) {
		*field = d.next(1)[0]
	}
	p.Code = make([]uint32, d.number())
	code := d.bytes(len(p.Code) * instructionSize)
	for i := range p.Code {
		p.Code[i] = binary.LittleEndian.Uint32(code[i*instructionSize:])
	}
	p.DbgSourcePositions = make([]int, len(p.Code))
	line := 0
	for i := range p.DbgSourcePositions {
		line += d.number()
		p.DbgSourcePositions[i] = line
	}
	p.Constants = make([]lua.LValue, d.number())
	for i := range p.Constants {
		p.Constants[i] = d.constant()
	}
	bytecode.SetStringConstants(p)
	d.names(p)
	p.FunctionPrototypes = make([]*lua.FunctionProto, d.number())
	for i := range p.FunctionPrototypes {
		p.FunctionPrototypes[i] = d.function()
	}
	return p
}

func (d *decoder) constant() lua.LValue {
	switch d.next(1)[0] {
	case kindFalse:
		return lua.LFalse
	case kindTrue:
		return lua.LTrue
	case kindNumber:
		return lua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64(d.bytes(8))))
	case kindString:
		i := d.number()
		if d.values[i] == nil {
			d.values[i] = lua.LString(d.strings[i])
		}
		return d.values[i]
	}
	return lua.LNil
}

func (d *decoder) names(p *lua.FunctionProto) {
	locals := make([]lua.DbgLocalInfo, d.number())
	p.DbgLocals = make([]*lua.DbgLocalInfo, len(locals))
	for i := range locals {
		locals[i] = lua.DbgLocalInfo{Name: d.string(), StartPc: d.number(), EndPc: d.number()}
		p.DbgLocals[i] = &locals[i]
	}
	p.DbgCalls = make([]lua.DbgCall, d.number())
	for i := range p.DbgCalls {
		p.DbgCalls[i] = lua.DbgCall{Name: d.string(), Pc: d.number()}
	}
	p.DbgUpvalues = make([]string, d.number())
	for i := range p.DbgUpvalues {
		p.DbgUpvalues[i] = d.string()
	}
}
