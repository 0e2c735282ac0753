package avescript_test

import (
	"strings"
	"testing"

	"avescript/lualib/manual"
)

// documented is what the stub of a module says.
func documented(t *testing.T, module string) api {
	t.Helper()
	says := api{}
	for _, e := range manual.Of(module) {
		name := strings.TrimPrefix(strings.TrimPrefix(e.Name, module+"."), "ave.")
		form := value
		switch e.Kind {
		case manual.Function, manual.Method:
			_, params, _ := strings.Cut(e.Signature(), "(")
			form = "(" + params
		case manual.Class:
			form = classOf(e.Parent[strings.LastIndex(e.Parent, ".")+1:], e.Exported)
		}
		isGlobal := e.Kind == manual.Class && name == e.Name
		if isGlobal || e.Kind == manual.Type || e.Kind == manual.Field && e.Owner != module {
			continue
		}
		if form != value && e.Doc+e.Raises == "" {
			t.Errorf("lualib/%s:%d: nothing is said about %s: write above it what it is for", e.Place.File, e.Place.Line, name)
		}
		says[name] = entry{form: form, line: e.Place.Line}
	}
	for _, name := range manual.OtherNames(module) {
		says[strings.TrimPrefix(name, module+".")] = entry{form: value}
	}
	return says
}
