package system

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/core/suggest"
	"avescript/lualib/bind"
)

// TextModule is ave.text: helps to write texts for people.
var TextModule = bind.Module{
	Name: "ave.text",
	Funcs: []bind.Fn{
		bind.Func("among", "word, names", textAmong),
		bind.Func("hint", "word, names", textHint),
		bind.Func("printable", "text, indent?", textPrintable),
		bind.Func("similar", "word, names", textSimilar),
	},
}

// textPrintable is printable(text, indent?): one line, or with indent several.
func textPrintable(c *bind.Call) error {
	var text, indent string
	if err := c.Args(&text, &indent); err != nil {
		return err
	}
	if c.Arg(2) != lua.LNil {
		return c.Return(printable.Lines(text, indent))
	}
	return c.Return(printable.Line(text))
}

// textAmong is among(word, names).
func textAmong(c *bind.Call) error {
	var word string
	var names []string
	if err := c.Args(&word, &names); err != nil {
		return err
	}
	return c.Return(suggest.Among(word, names))
}

// textHint is hint(word, names).
func textHint(c *bind.Call) error {
	var word string
	var names []string
	if err := c.Args(&word, &names); err != nil {
		return err
	}
	return c.Return(suggest.Hint(word, names))
}

// textSimilar is similar(word, names).
func textSimilar(c *bind.Call) error {
	var word string
	var names []string
	if err := c.Args(&word, &names); err != nil {
		return err
	}
	if name := suggest.Similar(word, names); name != "" {
		return c.Return(name)
	}
	return c.Return(nil)
}
