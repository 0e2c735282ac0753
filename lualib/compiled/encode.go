package compiled

import (
	"encoding/binary"
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Encode returns the binary form of a prototype and all those in it. The same prototype
// always has the same form.
func Encode(proto *lua.FunctionProto) ([]byte, error) {
	e := &encoder{index: map[string]int{}}
	if err := e.function(proto); err != nil {
		return nil, err
	}
	data := binary.AppendUvarint(nil, uint64(len(e.strings)))
	for _, s := range e.strings {
		data = binary.AppendUvarint(data, uint64(len(s)))
	}
	for _, s := range e.strings {
		data = append(data, s...)
	}
	return append(data, e.data...), nil
}

type encoder struct {
	strings []string
	index   map[string]int // of strings
	data    []byte         // the functions
}

func (e *encoder) number(n int) { e.data = binary.AppendVarint(e.data, int64(n)) }

func (e *encoder) string(s string) {
	i, ok := e.index[s]
	if !ok {
		i = len(e.strings)
		e.index[s] = i
		e.strings = append(e.strings, s)
	}
	e.number(i)
}

func (e *encoder) function(p *lua.FunctionProto) error {
	if len(p.DbgSourcePositions) != len(p.Code) {
		return fmt.Errorf("%s:%d: %d instructions have %d lines", p.SourceName, p.LineDefined, len(p.Code), len(p.DbgSourcePositions))
	}
	e.string(p.SourceName)
	e.number(p.LineDefined)
	e.number(p.LastLineDefined)
	for _, field := range small(p) {
		e.data = append(e.data, *field)
	}
	e.number(len(p.Code))
	for _, inst := range p.Code {
		e.data = binary.LittleEndian.AppendUint32(e.data, inst)
	}
	last := 0
	for _, line := range p.DbgSourcePositions {
		e.number(line - last)
		last = line
	}
	e.number(len(p.Constants))
	for _, constant := range p.Constants {
		if err := e.constant(constant); err != nil {
			return err
		}
	}
	e.names(p)
	e.number(len(p.FunctionPrototypes))
	for _, inner := range p.FunctionPrototypes {
		if err := e.function(inner); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) constant(constant lua.LValue) error {
	switch v := constant.(type) {
	case *lua.LNilType:
		e.data = append(e.data, kindNil)
	case lua.LBool:
		kind := kindFalse
		if v {
			kind = kindTrue
		}
		e.data = append(e.data, kind)
	case lua.LNumber:
		e.data = append(e.data, kindNumber)
		e.data = binary.LittleEndian.AppendUint64(e.data, math.Float64bits(float64(v)))
	case lua.LString:
		e.data = append(e.data, kindString)
		e.string(string(v))
	default:
		return fmt.Errorf("a constant is a %s, which has no binary form", constant.Type())
	}
	return nil
}

// names are what messages and the debug library say about a function.
func (e *encoder) names(p *lua.FunctionProto) {
	e.number(len(p.DbgLocals))
	for _, local := range p.DbgLocals {
		e.string(local.Name)
		e.number(local.StartPc)
		e.number(local.EndPc)
	}
	e.number(len(p.DbgCalls))
	for _, call := range p.DbgCalls {
		e.string(call.Name)
		e.number(call.Pc)
	}
	e.number(len(p.DbgUpvalues))
	for _, name := range p.DbgUpvalues {
		e.string(name)
	}
}
