package compiled_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/compiled"
	"avescript/lualib/syntax"
)

const source = `local up, n = "up", 0
function global(a, b, ...)
	local t = { a, b = b, [1.5] = -1e300, ["\0\200"] = true, "long" .. up, nil, false }
	for i = 1, #t do n = n + i end
	for k, v in pairs(t) do if not v then break end n = n .. k end
	local function inner() return up, n, (function() return a end)() end
	return inner(...), t.field.other:method(1, "x", nil)
end
return global, -(2^1000), 1/0`

// All fields are compared, those that gopher-lua does not export, too.
func TestDecodedIsWhatWasEncoded(t *testing.T) {
	want, err := syntax.Compile([]byte(source), "name.lua")
	if err != nil {
		t.Fatal(err)
	}
	data, err := compiled.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	if diff := cmp.Diff(want, compiled.Decode(string(data)), all, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestConstantsOfOtherKindsAreRefused(t *testing.T) {
	if _, err := compiled.Encode(&lua.FunctionProto{Constants: []lua.LValue{&lua.LTable{}}}); err == nil {
		t.Error("wanted an error")
	}
}
