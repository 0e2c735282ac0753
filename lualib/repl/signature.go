package repl

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/editor"
	"avescript/lualib/bind"
	"avescript/lualib/manual"
	"avescript/lualib/modules/service"
	"avescript/lualib/show"
)

// signature is how something is called.
type signature struct {
	params  []string // "name", "name?", "..."
	types   []string // of params, as the manual has them; may be missing
	summary string
}

func (s signature) String() string { return "(" + strings.Join(s.params, ", ") + ")" }

// signatureOf says how to call a value. The value has a name in owner, which may be nil. ok
// is false if the value cannot be called, or if nothing is known about it.
func (g globals) signatureOf(owner lua.LValue, name string, v lua.LValue) (s signature, ok bool) {
	if e, ok := g.manualOf(owner, name, v); ok && (e.Kind == manual.Function || e.Kind == manual.Method) {
		s.summary = e.Summary()
		for _, p := range e.Params {
			param := p.Name
			if p.Optional {
				param += "?"
			}
			s.params, s.types = append(s.params, param), append(s.types, p.Type)
		}
		return s, true
	}
	if class, ok := v.(*lua.LTable); ok && bind.IsClass(class) {
		v = g.field(class, "init")
	}
	fn, ok := v.(*lua.LFunction)
	switch {
	case !ok:
		return s, false
	case fn.Proto == nil:
		return g.ofLua51(owner, name, fn)
	}
	s.params = show.Params(fn.Proto)
	return s, true
}

// called says how to call the function at a place.
func (g globals) called(p place) (s signature, ok bool) {
	if p.wish == variable {
		return g.signatureOf(nil, p.word, g.global(p.word))
	}
	owner := g.find(p.path)
	if owner == nil {
		return s, false
	}
	if v := g.field(owner, p.word); v != nil && v != lua.LNil {
		s, ok = g.signatureOf(owner, p.word, v)
		if fn, isFunction := v.(*lua.LFunction); ok && isFunction && fn.Proto != nil && s.types == nil && p.wish == method && len(s.params) > 0 {
			s.params = s.params[1:] // self
		}
		return s, ok
	}
	methods, _, _ := service.Methods(owner)
	for _, m := range methods {
		if m.Name == p.word && p.wish == method {
			return signature{params: m.Parameters, summary: m.Doc}, true
		}
	}
	return s, false
}

// hint shows how to call the function whose arguments are being typed.
func (g globals) hint(source string) editor.Hint {
	if p := placeOf(source); p.wish == method {
		_, _, _ = service.Methods(g.find(p.path)) // they are there when somebody asks for them
	}
	c, ok := callOf(source)
	if !ok {
		return editor.Hint{}
	}
	s, ok := g.called(c.place)
	if !ok {
		_, later, _ := service.Methods(g.find(c.path))
		return editor.Hint{Later: later}
	}
	h := editor.Hint{Text: c.name() + "("}
	for i, param := range s.params {
		if i > 0 {
			h.Text += ", "
		}
		from := len(h.Text)
		h.Text += param
		if i == c.arg || i == len(s.params)-1 && param == "..." && c.arg > i {
			h.From, h.To = from, len(h.Text)
		}
	}
	h.Text += ")"
	return h
}
