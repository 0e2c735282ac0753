package terminal

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/core/screen"
	"avescript/lualib/bind"
)

// ScreenModule is ave.screen: what a person would see of a program's output.
var ScreenModule = bind.Module{
	Name:    "ave.screen",
	Funcs:   []bind.Fn{bind.Func("render", "output, options?", screenRender)},
	Classes: []*bind.Class{&screenClass},
}

// screenClass is Screen: an image of a screen, which never changes.
var screenClass = bind.Class{
	Name: "Screen",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Screen: screens are made by Session:screen and ave.screen.render")
	},
	Methods: []bind.Fn{
		bind.Func("alternate", "", screenAlternate),
		bind.Func("cell", "row, column", screenCell),
		bind.Func("cursor", "", screenCursor),
		bind.Func("describe", "", screenDescribe),
		bind.Func("lines", "", screenLines),
		bind.Func("save", "path", screenSave),
		bind.Func("size", "", screenSize),
		bind.Func("text", "", screenText),
		bind.Func("title", "", screenTitle),
	},
	Meta: map[string]lua.LGFunction{"__tostring": screenToString, "__eq": screenEquals},
}

// imageValue makes a Screen.
func imageValue(L *lua.LState, image *screen.Image) lua.LValue {
	return bind.New(L, &screenClass, image)
}

// renderedAtOnce limits the bytes that are drawn between two checks of the
// deadline: a few bytes can fill a screen.
const renderedAtOnce = 1 << 10

func screenRender(c *bind.Call) error {
	var output string
	options := struct {
		Rows    int `lua:"rows"`
		Columns int `lua:"columns"`
	}{24, 80}
	if err := c.Args(&output, &options); err != nil {
		return err
	}
	s := screen.New(options.Columns, options.Rows)
	c.Unlocked(func(ctx context.Context) {
		for piece := range slices.Chunk([]byte(output), renderedAtOnce) {
			if ctx.Err() == nil {
				_, _ = s.Write(piece) // never fails
			}
		}
	})
	return c.Return(imageValue(c.L, s.Snapshot()))
}

// withImage calls a method that only reads the image.
func withImage(c *bind.Call, ask func(image *screen.Image) []any) error {
	image, err := bind.Self[*screen.Image](c)
	if err != nil {
		return err
	}
	return c.Return(ask(image)...)
}

func screenAlternate(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Alternate} })
}

// screenCell returns the fields of a cell. Attributes that it does not have are not
// set.
func screenCell(c *bind.Call) error {
	var row, column int
	if err := c.Args(&row, &column); err != nil {
		return err
	}
	image, err := bind.Self[*screen.Image](c)
	if err != nil {
		return err
	}
	if row < 1 || row > image.Rows || column < 1 || column > image.Cols {
		return exceptions.TypeError.Newf("Screen:cell: wanted a row from 1 to %d and a column from 1 to %d, got %d and %d",
			image.Rows, image.Cols, row, column)
	}
	cell := image.Cell(row-1, column-1)
	t := c.L.NewTable()
	t.RawSetString("text", lua.LString(cell.Text))
	t.RawSetString("width", lua.LNumber(cell.Width))
	for name, color := range map[string]screen.Color{"foreground": cell.Fg, "background": cell.Bg} {
		if color != 0 {
			t.RawSetString(name, lua.LString(color.String()))
		}
	}
	for name, set := range map[string]bool{
		"bold": cell.Bold, "faint": cell.Faint, "italic": cell.Italic, "blink": cell.Blink,
		"reverse": cell.Reverse, "hidden": cell.Hidden, "strike": cell.Strike,
	} {
		if set {
			t.RawSetString(name, lua.LTrue)
		}
	}
	if cell.Underline != "" {
		t.RawSetString("underline", lua.LString(cell.Underline))
	}
	return c.Return(t)
}

func screenCursor(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any {
		return []any{image.Cursor.Row + 1, image.Cursor.Col + 1, image.Cursor.Visible}
	})
}

func screenDescribe(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Describe()} })
}

func screenLines(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Lines()} })
}

func screenSize(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Rows, image.Cols} })
}

func screenText(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Text()} })
}

func screenTitle(c *bind.Call) error {
	return withImage(c, func(image *screen.Image) []any { return []any{image.Title} })
}

// screenSave writes the image to a file. The end of the name chooses the format.
func screenSave(c *bind.Call) error {
	var path, text string
	if err := c.Args(&path); err != nil {
		return err
	}
	image, err := bind.Self[*screen.Image](c)
	if err != nil {
		return err
	}
	switch filepath.Ext(path) {
	case ".txt":
		text = image.Text() + "\n"
	case ".svg":
		text = image.SVG()
	case ".html":
		text = image.HTML()
	default:
		return exceptions.TypeError.Newf("Screen:save: wanted a file name that ends in .txt, .svg or .html, got %q", path)
	}
	return bind.OnFiles(c, func(ctx context.Context) error {
		_, err := files.Write(ctx, path, strings.NewReader(text), nil)
		return err
	})
}

func screenToString(L *lua.LState) int {
	text := "a Screen that was never initialized"
	if image, ok := bind.Part[*screen.Image](L.Get(1)); ok {
		text = image.Text()
	}
	L.Push(lua.LString(text))
	return 1
}

func screenEquals(L *lua.LState) int {
	a, isA := bind.Part[*screen.Image](L.Get(1))
	b, isB := bind.Part[*screen.Image](L.Get(2))
	L.Push(lua.LBool(isA && isB && a.Equal(b)))
	return 1
}
