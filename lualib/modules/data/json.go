// Package data has the modules for values that can be sent: JSON, profiles and
// exceptions.
package data

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// JSONModule is ave.json. Unlike the module json, which is gopher-json, it keeps
// null, empty lists and large integers.
var JSONModule = bind.Module{
	Name: "ave.json",
	Funcs: []bind.Fn{
		bind.Func("decode", "text, options?", jsonDecode),
		bind.Func("encode", "value, options?", jsonEncode),
		bind.Func("list", "values?", jsonList),
		bind.Func("number", "text", jsonNumber),
		bind.Func("object", "values?", jsonObject),
	},
	Fill: func(L *lua.LState, module *lua.LTable) {
		module.RawSetString("null", codec.For(L).Null)
	},
}

func jsonDecode(c *bind.Call) error {
	var text string
	var options struct {
		AllowNaN bool `lua:"allow_nan"`
	}
	if err := c.Args(&text, &options); err != nil {
		return err
	}
	v, err := jsonCodec(c.L, options.AllowNaN).Decode([]byte(text))
	if err != nil {
		return err
	}
	return c.Return(v)
}

func jsonEncode(c *bind.Call) error {
	value := c.Arg(1)
	var options struct {
		Sort     bool `lua:"sort"`
		Indent   int  `lua:"indent"`
		AllowNaN bool `lua:"allow_nan"`
	}
	if err := c.Args(&value, &options); err != nil {
		return err
	}
	json := jsonCodec(c.L, options.AllowNaN)
	var text []byte
	var err error
	if options.Sort || options.Indent > 0 {
		text, err = json.AppendSorted(c.L, nil, value, indentation(options.Indent))
	} else {
		text, err = json.Append(c.L, nil, value)
	}
	if err != nil {
		return err
	}
	return c.Return(text)
}

func jsonCodec(L *lua.LState, allowNaN bool) *codec.Codec {
	if allowNaN {
		return codec.For(L).AllowNaN()
	}
	return codec.For(L)
}

func indentation(width int) string {
	const widest = 16
	return "                "[:min(max(width, 0), widest)]
}

func jsonList(c *bind.Call) error {
	return jsonMarked(c, (*codec.Codec).MarkList)
}

func jsonObject(c *bind.Call) error {
	return jsonMarked(c, (*codec.Codec).MarkObject)
}

func jsonMarked(c *bind.Call, mark func(*codec.Codec, *lua.LTable) error) error {
	values := c.L.NewTable()
	if err := c.Args(&values); err != nil {
		return err
	}
	if err := mark(codec.For(c.L), values); err != nil {
		return err
	}
	return c.Return(values)
}

func jsonNumber(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	n, err := codec.For(c.L).ParseNumber(text)
	if err != nil {
		return err
	}
	return c.Return(n)
}
