package show_test

import (
	"strings"
	"testing"
)

// What a service answers may be made to take no columns, or to have very many parts.
func TestMuchIsCut(t *testing.T) {
	const accents = `("\204\129"):rep(150000)` // each takes no column
	for name, code := range map[string]string{
		"a string":         accents,
		"a string inside":  `{` + accents + `}`,
		"a key":            `{[` + accents + `] = 1}`,
		"rows":             `{{a = 1, b = ` + accents + `}, {a = 2, b = 3}}`,
		"many values":      `(function() local t = {} for i = 1, 50000 do t[i] = "text" end return unpack(t) end)()`,
		"an error's text":  `require("ave.exceptions").Exception { message = ("long "):rep(200000) }`,
		"an error's parts": `(function() local t = {} for i = 1, 20000 do t["key" .. i] = "value" end t.message = "m" return require("ave.exceptions").Exception(t) end)()`,
		"its accents":      `require("ave.exceptions").Exception { message = "m", out = ` + accents + ` }`,
	} {
		text, cut := shown(t, code, nil)
		if len(text) > 50_000 || !cut {
			t.Errorf("%s: got %d bytes, cut %v", name, len(text), cut)
		}
		if all, cut := shown(t, code, whole); len(all) < 200_000 || cut {
			t.Errorf("the whole of %s: got %d bytes, cut %v", name, len(all), cut)
		}
	}
	if text, _ := shown(t, `require("ave.exceptions").Exception { message = ("long "):rep(200000) }`, nil); !strings.Contains(text, "long … (1000000 bytes)") {
		t.Errorf("got %q", text[max(0, len(text)-100):])
	}
}
