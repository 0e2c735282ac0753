package screen_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/screen"
)

func TestSVG(t *testing.T) {
	svg := show(10, 2, "\x1b]0;<t>\x01\a a<b\x1b[1;31;44m 漢&\x1b[m\r\n\x1b[4mok").SVG()
	wellFormed(t, svg)
	want := `<svg xmlns="http://www.w3.org/2000/svg" width="110" height="54" viewBox="0 0 110 54">
<title>&lt;t&gt;` + "\uFFFD" + `</title>
<rect width="110" height="54" rx="6" fill="#14181e"/>
<style>text { white-space: pre }</style>
<g transform="translate(10 10)" font-family="'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', 'Noto Sans Mono', monospace" font-size="15" xml:space="preserve">
<text x="9" y="13" textLength="27" lengthAdjust="spacingAndGlyphs" fill="#d0d0d0">a&lt;b</text>
<rect x="36" y="0" width="9" height="17" fill="#4a86e8"/>
<rect x="45" y="0" width="18" height="17" fill="#4a86e8"/>
<text x="54" y="13" text-anchor="middle" fill="#cd3131" font-weight="bold">漢</text>
<rect x="63" y="0" width="9" height="17" fill="#4a86e8"/>
<text x="63" y="13" textLength="9" lengthAdjust="spacingAndGlyphs" fill="#cd3131" font-weight="bold">&amp;</text>
<text x="0" y="30" textLength="18" lengthAdjust="spacingAndGlyphs" fill="#d0d0d0">ok</text>
<path d="M0 31.5h18" stroke="#d0d0d0" fill="none"/>
<rect x="18" y="17" width="9" height="17" fill="#e8e8e8"/>
</g>
</svg>
`
	if diff := cmp.Diff(want, svg); diff != "" {
		t.Errorf("wanted - and got +:\n%s", diff)
	}
}

func TestCursorInAPicture(t *testing.T) {
	const block = `fill="#e8e8e8"`
	if svg := show(10, 2, "漢\x1b[D").SVG(); !strings.Contains(svg, `<rect x="0" y="0" width="18" height="17" `+block) {
		t.Errorf("wanted the cursor over the whole character:\n%s", svg)
	}
	if svg := show(10, 2, "\x1b[?25l").SVG(); strings.Contains(svg, block) {
		t.Errorf("wanted no cursor:\n%s", svg)
	}
}

func TestHTML(t *testing.T) {
	image := show(10, 2, "\x1b]2;a </title> b\ahello")
	html := image.HTML()
	for _, want := range []string{"<!DOCTYPE html>", "<title>a &lt;/title&gt; b</title>", image.SVG()} {
		if !strings.Contains(html, want) {
			t.Errorf("wanted %q in:\n%s", want, html)
		}
	}
}

func TestColors(t *testing.T) {
	image := show(20, 1, "\x1b[38;5;16ma\x1b[38;5;231mb\x1b[38;5;208mc\x1b[38;5;232md\x1b[38;5;255me\x1b[97mf\x1b[38;2;1;2;255mg\x1b[7;38;5;208mh")
	for _, want := range []string{"#000000", "#ffffff", "#ff8700", "#080808", "#eeeeee", "#0102ff"} {
		if svg := image.SVG(); !strings.Contains(svg, want) {
			t.Errorf("wanted the color %s in:\n%s", want, svg)
		}
	}
	if n, ok := image.Cell(0, 2).Fg.Index(); n != 208 || !ok {
		t.Errorf("wanted the index 208, got %d, %v", n, ok)
	}
	for _, col := range []int{6, 10} {
		if n, ok := image.Cell(0, col).Fg.Index(); ok {
			t.Errorf("column %d: wanted no index, got %d", col+1, n)
		}
	}
}

func TestKeys(t *testing.T) {
	for name, want := range map[string]string{
		"Down": "\x1b[B", "up": "\x1b[A", "Home": "\x1b[H", "Shift-Right": "\x1b[1;2C", "Ctrl-Alt-Left": "\x1b[1;7D",
		"PageUp": "\x1b[5~", "PgDn": "\x1b[6~", "Delete": "\x1b[3~", "Ctrl-Delete": "\x1b[3;5~", "Insert": "\x1b[2~",
		"F1": "\x1bOP", "F5": "\x1b[15~", "Shift-F5": "\x1b[15;2~", "F12": "\x1b[24~", "Ctrl-F1": "\x1b[1;5P",
		"Enter": "\r", "Tab": "\t", "Shift-Tab": "\x1b[Z", "Escape": "\x1b", "Alt-Enter": "\x1b\r", "Backspace": "\x7f",
		"Ctrl-X": "\x18", "Ctrl-x": "\x18", "ctrl+c": "\x03", "Ctrl-[": "\x1b", "Ctrl-Space": "\x00", "Ctrl-@": "\x00", "Ctrl-_": "\x1f",
		"Alt-b": "\x1bb", "Alt-B": "\x1bB", "Shift-a": "A", "Meta-Ctrl-a": "\x1b\x01",
		"a": "a", "é": "é", "-": "-", "+": "+", "Alt--": "\x1b-", " ": " ",
	} {
		if got, err := screen.KeyBytes(name, false); err != nil || string(got) != want {
			t.Errorf("%s: wanted %q, got %q, %v", name, want, got, err)
		}
	}
	for _, name := range []string{"", "Foo", "Ctrl-", "Hyper-a", "Ctrl-é", "Ctrl-1", "Ctrl-Enter", "F13"} {
		if got, err := screen.KeyBytes(name, false); err == nil {
			t.Errorf("%q: wanted an error, got %q", name, got)
		}
	}
}

func TestCursorKeysFollowTheMode(t *testing.T) {
	s := screen.New(80, 24)
	for _, step := range []struct{ output, want string }{
		{"", "\x1b[A"}, {"\x1b[?1h", "\x1bOA"}, {"\x1b[?1l", "\x1b[A"}, {"\x1b[?1h\x1bc", "\x1b[A"},
	} {
		s.Write([]byte(step.output))
		if got, err := s.Key("Up"); err != nil || string(got) != step.want {
			t.Errorf("after %q: wanted %q, got %q, %v", step.output, step.want, got, err)
		}
	}
	if got, _ := screen.KeyBytes("Ctrl-Up", true); string(got) != "\x1b[1;5A" {
		t.Errorf("wanted modifiers to go before the mode, got %q", got)
	}
}
