package compat

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// jsonConfig are the settings of a cjson module. Each module that new makes has its own.
type jsonConfig struct {
	sparseConvert          bool
	sparseRatio, sparseFew int
	encodeDepth            int
	precision              int
	keepBuffer             bool
	encodeInvalid          string // off, on or null
	decodeDepth            int
	decodeInvalid          bool
}

// null is cjson.null of an interpreter.
var null = vm.Keep(func(L *lua.LState) *lua.LUserData {
	meta := L.CreateTable(0, 2)
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("userdata: (nil)")) // of a pointer that is null
		return 1
	}))
	return newObject(meta, nil)
})

// openCJSON makes cjson, as of lua-cjson 2.1.
func openCJSON(L *lua.LState) *lua.LTable { return newCJSON(L, openCJSON, raising) }

// openSafeCJSON makes cjson.safe, whose encode and decode return nil and a message.
func openSafeCJSON(L *lua.LState) *lua.LTable { return newCJSON(L, openSafeCJSON, returning) }

// newCJSON makes a module with settings of its own. Finish ends a call of encode or decode.
func newCJSON(L *lua.LState, open func(*lua.LState) *lua.LTable, finish func(stdlib.Args, lua.LValue, error) int) *lua.LTable {
	c := &jsonConfig{
		sparseRatio: 2, sparseFew: 10, encodeDepth: 1000, decodeDepth: 1000,
		precision: 14, keepBuffer: true, encodeInvalid: "off", decodeInvalid: true,
	}
	module := newTable(L, []function{
		{"encode", func(a stdlib.Args) int {
			onlyOne(a)
			text, err := (&jsonEncoder{config: c, null: null.Of(a.L)}).encode(a.L.Get(1))
			return finish(a, lua.LString(text), err)
		}},
		{"decode", func(a stdlib.Args) int {
			onlyOne(a)
			switch text := a.L.Get(1).(type) {
			case lua.LString, lua.LNumber:
				value, err := decodeJSON(a.L, c, text.String())
				return finish(a, value, err)
			default:
				return finish(a, nil, fmt.Errorf("bad argument #1 to 'decode' (string expected, got %s)", text.Type()))
			}
		}},
		{"new", func(a stdlib.Args) int { return a.Push(open(a.L)) }},
		{"encode_sparse_array", c.encodeSparseArray},
		{"encode_max_depth", func(a stdlib.Args) int { return numberSetting(a, &c.encodeDepth, math.MaxInt32) }},
		{"decode_max_depth", func(a stdlib.Args) int { return numberSetting(a, &c.decodeDepth, math.MaxInt32) }},
		{"encode_number_precision", func(a stdlib.Args) int { return numberSetting(a, &c.precision, 14) }},
		{"encode_keep_buffer", func(a stdlib.Args) int { return switchSetting(a, &c.keepBuffer) }},
		{"decode_invalid_numbers", func(a stdlib.Args) int { return switchSetting(a, &c.decodeInvalid) }},
		{"encode_invalid_numbers", c.encodeInvalidNumbers},
	})
	module.RawSetString("null", null.Of(L))
	setStrings(module, map[string]string{"_NAME": "cjson", "_VERSION": "2.1.0"})
	return module
}

func raising(a stdlib.Args, value lua.LValue, err error) int {
	if err != nil {
		a.Fail("%s", err.Error())
	}
	return a.Push(value)
}

func returning(a stdlib.Args, value lua.LValue, err error) int {
	if err != nil {
		return failed(a, err.Error())
	}
	return a.Push(value)
}

func onlyOne(a stdlib.Args) {
	if a.Len() != 1 {
		a.Reject(1, "expected 1 argument")
	}
}

func atMost(a stdlib.Args, n int) {
	if a.Len() > n {
		a.Reject(n+1, "found too many arguments")
	}
}

func numberSetting(a stdlib.Args, setting *int, most int) int {
	atMost(a, 1)
	setNumber(a, 1, setting, 1, most)
	return a.Push(lua.LNumber(*setting))
}

// setNumber changes a setting to argument n, unless that is nil. The original names the
// first argument in any case.
func setNumber(a stdlib.Args, n int, setting *int, least, most int) {
	value := a.IntegerOr(n, *setting)
	if value < least || value > most {
		a.Reject(1, fmt.Sprintf("expected integer between %d and %d", least, most))
	}
	*setting = value
}

func switchSetting(a stdlib.Args, setting *bool) int {
	atMost(a, 1)
	setSwitch(a, 1, setting)
	return a.Push(lua.LBool(*setting))
}

func setSwitch(a stdlib.Args, n int, setting *bool) {
	switch value := a.L.Get(n).(type) {
	case *lua.LNilType:
	case lua.LBool:
		*setting = bool(value)
	default:
		*setting = a.Option(n, "off", "on") == "on"
	}
}

func (c *jsonConfig) encodeSparseArray(a stdlib.Args) int {
	atMost(a, 3)
	setSwitch(a, 1, &c.sparseConvert)
	setNumber(a, 2, &c.sparseRatio, 0, math.MaxInt32)
	setNumber(a, 3, &c.sparseFew, 0, math.MaxInt32)
	return a.Push(lua.LBool(c.sparseConvert), lua.LNumber(c.sparseRatio), lua.LNumber(c.sparseFew))
}

func (c *jsonConfig) encodeInvalidNumbers(a stdlib.Args) int {
	atMost(a, 1)
	switch value := a.L.Get(1).(type) {
	case *lua.LNilType:
	case lua.LBool:
		c.encodeInvalid = map[lua.LBool]string{true: "on", false: "off"}[value]
	default:
		c.encodeInvalid = a.Option(1, "off", "on", "null")
	}
	if c.encodeInvalid == "null" {
		return a.Push(lua.LString("null"))
	}
	return a.Push(lua.LBool(c.encodeInvalid == "on"))
}
