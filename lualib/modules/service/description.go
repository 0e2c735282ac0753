package service

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// serviceDescription is the answer of the RPC $describe, which lets tools list and
// complete the methods of a service.
type serviceDescription struct {
	Name    string              `json:"name"`
	Methods []methodDescription `json:"methods"`
}

type methodDescription struct {
	Name       string                 `json:"name"`
	Parameters []parameterDescription `json:"parameters"`
	Variadic   bool                   `json:"variadic"`
	Concurrent bool                   `json:"concurrent"`
	Auth       bool                   `json:"auth"`
	Preauth    []string               `json:"preauth"` // null means everybody
	Doc        *string                `json:"doc"`     // null means no comment
}

type parameterDescription struct {
	Name     string          `json:"name"`
	Optional bool            `json:"optional"`
	Default  json.RawMessage `json:"default,omitempty"` // only if it has one
}

// describe returns the function that answers $describe. It needs no lock, because
// it must work while a method is stuck. The documentation is read when a client
// asks for it, because few do.
func (s *service) describe(L *lua.LState) func() (json.RawMessage, error) {
	d := serviceDescription{Name: bind.NameOf(s.self)}
	for _, b := range control.Builtins {
		d.Methods = append(d.Methods, describeMethod(b.Name, b.Method, &b.Doc))
	}
	undocumented := map[int]*lua.FunctionProto{} // by the index in d.Methods
	for _, name := range slices.Sorted(maps.Keys(s.methods)) {
		m := s.methods[name]
		if !m.RPC {
			continue
		}
		described := describeMethod(name, m.Method, nil)
		described.Parameters, described.Variadic = m.describeParameters(L), m.variadic
		undocumented[len(d.Methods)] = m.fn.(*lua.LFunction).Proto
		d.Methods = append(d.Methods, described)
	}
	return sync.OnceValues(func() (json.RawMessage, error) {
		sources := docs{s.vm, map[*vm.Chunk]map[int]string{}}
		for i, proto := range undocumented {
			d.Methods[i].Doc = sources.of(proto)
		}
		return json.Marshal(d)
	})
}

func describeMethod(name string, m control.Method, doc *string) methodDescription {
	preauth := m.Preauth
	if m.Admin {
		preauth = []string{control.AdminAccount}
	}
	return methodDescription{
		Name:       name,
		Parameters: []parameterDescription{},
		Concurrent: m.Concurrent,
		Auth:       m.Auth,
		Preauth:    preauth,
		Doc:        doc,
	}
}

func (m *method) describeParameters(L *lua.LState) []parameterDescription {
	list := []parameterDescription{}
	for _, name := range m.params {
		p := parameterDescription{Name: name}
		var standard lua.LValue
		if standard, p.Optional = m.optional[name]; p.Optional && standard != lua.LNil {
			// A default that cannot be encoded as JSON works in calls, but is not
			// sent.
			if text, err := codec.For(L).Append(L, nil, standard); err == nil {
				p.Default = text
			}
		}
		list = append(list, p)
	}
	return list
}

// docs finds the documentation of functions in their sources. Each source is read
// once.
type docs struct {
	vm      *vm.VM
	byChunk map[*vm.Chunk]map[int]string // then by line
}

// of returns the comment above a function. It is nil if there is no comment or no
// source, as for a function in Go.
func (d docs) of(fn *lua.FunctionProto) *string {
	if fn == nil {
		return nil
	}
	chunk, _, ok := d.vm.Origin(fn)
	if !ok {
		return nil
	}
	byLine, ok := d.byChunk[chunk]
	if !ok {
		byLine = syntax.Docs(chunk.Source)
		d.byChunk[chunk] = byLine
	}
	if doc := byLine[fn.LineDefined]; doc != "" {
		return &doc
	}
	return nil
}
