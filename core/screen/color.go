package screen

import (
	"fmt"
	"image/color"

	"github.com/charmbracelet/x/ansi"
)

// Color is the colour of a cell: the default of the terminal, which is the zero value,
// one of the palette of 256, or any other.
type Color uint32

const (
	palette   Color = 1 << 24 // with the index
	trueColor Color = 2 << 24 // with red, green and blue
)

// The default colours of the terminal, and those of the cursor.
const (
	defaultForeground = "#d0d0d0"
	defaultBackground = "#14181e"
	cursorColor       = "#e8e8e8"
)

// The 16 named colours. They are those of xterm, except that blue is lighter: xterm's
// is not readable on a dark background.
var named = [16]struct{ name, css string }{
	{"black", "#000000"}, {"red", "#cd3131"}, {"green", "#0dbc79"}, {"yellow", "#c9b458"},
	{"blue", "#4a86e8"}, {"magenta", "#bc3fbc"}, {"cyan", "#11a8cd"}, {"white", "#e5e5e5"},
	{"bright black", "#7a7a7a"}, {"bright red", "#f14c4c"}, {"bright green", "#23d18b"}, {"bright yellow", "#f5f543"},
	{"bright blue", "#7aaef5"}, {"bright magenta", "#d670d6"}, {"bright cyan", "#29b8db"}, {"bright white", "#ffffff"},
}

func colorOf(c color.Color) Color {
	switch c := c.(type) {
	case nil:
		return 0
	case ansi.BasicColor:
		return palette | Color(c)
	case ansi.IndexedColor:
		return palette | Color(c)
	}
	r, g, b, _ := c.RGBA()
	return trueColor | Color(r>>8)<<16 | Color(g>>8)<<8 | Color(b>>8)
}

// Index is the index in the palette; ok is false for other colours.
func (c Color) Index() (int, bool) { return int(c &^ palette), c>>24 == 1 }

// String is "default", a name such as "bright red", "color 208", or "#ff8700".
func (c Color) String() string {
	index, ok := c.Index()
	switch {
	case c == 0:
		return "default"
	case ok && index < len(named):
		return named[index].name
	case ok:
		return fmt.Sprintf("color %d", index)
	}
	return fmt.Sprintf("#%06x", uint32(c&^trueColor))
}

// css is the colour in CSS.
func (c Color) css(missing string) string {
	index, ok := c.Index()
	switch {
	case c == 0:
		return missing
	case ok && index < len(named):
		return named[index].css
	case ok:
		return (trueColor | paletteColor(index)).String()
	}
	return c.String()
}

// paletteColor is a colour from 16 to 255: a colour cube with six steps, then greys.
func paletteColor(index int) Color {
	if index >= 232 {
		return Color(index-232)*0x0a0a0a + 0x080808
	}
	step := func(n int) Color {
		if n == 0 {
			return 0
		}
		return Color(55 + 40*n)
	}
	n := index - 16
	return step(n/36)<<16 | step(n/6%6)<<8 | step(n%6)
}
