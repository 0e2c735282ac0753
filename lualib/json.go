package lualib

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// jsonModule is ave.json. The plain module json is gopher-json's; this one
// keeps null, empty lists and large integers.
var jsonModule = bind.Module{
	Name: "ave.json",
	Funcs: []bind.Fn{
		bind.Func("decode", "text", jsonDecode),
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
	if err := c.Args(&text); err != nil {
		return err
	}
	v, err := codec.For(c.L).Decode([]byte(text))
	if err != nil {
		return err
	}
	return c.Return(v)
}

func jsonEncode(c *bind.Call) error {
	value := c.Arg(1)
	var options struct {
		Sort   bool `lua:"sort"`
		Indent int  `lua:"indent"`
	}
	if err := c.Args(&value, &options); err != nil {
		return err
	}
	var text []byte
	var err error
	if options.Sort || options.Indent > 0 {
		text, err = codec.For(c.L).AppendSorted(c.L, nil, value, indentation(options.Indent))
	} else {
		text, err = codec.For(c.L).Append(c.L, nil, value)
	}
	if err != nil {
		return err
	}
	return c.Return(text)
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
