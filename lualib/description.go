package lualib

import (
	"encoding/json"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// serviceDescription is what the RPC $describe tells of a service, so that
// tools can list and complete its methods.
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
	Preauth    []string               `json:"preauth"` // null: everybody
	Doc        *string                `json:"doc"`     // null: none
}

type parameterDescription struct {
	Name     string          `json:"name"`
	Optional bool            `json:"optional"`
	Default  json.RawMessage `json:"default,omitempty"` // of those that have one
}

// describe is the description of the methods that clients may call.
func (s *service) describe(L *lua.LState) (json.RawMessage, error) {
	d := serviceDescription{Name: bind.NameOf(s.self), Methods: []methodDescription{}}
	for _, name := range slices.Sorted(maps.Keys(s.methods)) {
		m := s.methods[name]
		if !m.RPC {
			continue
		}
		d.Methods = append(d.Methods, methodDescription{
			Name:       name,
			Parameters: m.describeParameters(L),
			Variadic:   m.variadic,
			Concurrent: m.Concurrent,
			Auth:       m.Auth,
			Preauth:    m.Preauth,
		})
	}
	return json.Marshal(d)
}

func (m *method) describeParameters(L *lua.LState) []parameterDescription {
	list := []parameterDescription{}
	for _, name := range m.params {
		p := parameterDescription{Name: name}
		var standard lua.LValue
		if standard, p.Optional = m.optional[name]; p.Optional && standard != lua.LNil {
			// A default that is no JSON can be given to the method, but not be sent.
			if text, err := codec.For(L).Append(L, nil, standard); err == nil {
				p.Default = text
			}
		}
		list = append(list, p)
	}
	return list
}
