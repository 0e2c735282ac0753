package printable

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscapes(t *testing.T) {
	for _, c := range []struct{ text, line, lines string }{
		{"plain \\ text", `plain \ text`, `plain \ text`},
		{"größer 日本 👍", "größer 日本 👍", "größer 日本 👍"},
		{"\x1b[2J\a\x7f", `\x1b[2J\x07\u007f`, `\x1b[2J\x07\u007f`},
		{"a\nb\r\nc\td\re", `a\nb\r\nc\td\re`, "a\n  b\n  c\td\\x0de"},
		{"\u009b2J", `\u009b2J`, `\u009b2J`},
		{"\x9b2J\xff", `\x9b2J\xff`, `\x9b2J\xff`},
		{"a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`, `a\u202eb\u2066c\u200fd`},
		{"a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`, `a\u2028b\u2029c\u0085d`},
		{"\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := Line(c.text); got != c.line {
			t.Errorf("Line(%q):\n got %s\nwant %s", c.text, got, c.line)
		}
		if got := Lines(c.text, "  "); got != c.lines {
			t.Errorf("Lines(%q):\n got %q\nwant %q", c.text, got, c.lines)
		}
	}
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	const text = "{\n\t\"a\x7f\": \"\u009b\u202e\u2028 é\"\n}"
	got := Lines(text, "")
	if want := "{\n\t\"a\\u007f\": \"\\u009b\\u202e\\u2028 é\"\n}"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var before, after map[string]string
	if json.Unmarshal([]byte(text), &before) != nil || json.Unmarshal([]byte(got), &after) != nil || before["a\x7f"] != after["a\x7f"] {
		t.Errorf("got %v, want %v", after, before)
	}
}

// Whatever the input is, the result contains nothing that controls a terminal, and all
// lines are indented.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "\x1b]0;t\a", "\xc2", "\u009b", "\r\n\r", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line, lines := Line(text), Lines(text, Indent)
		for _, got := range []string{line, lines} {
			if !utf8.ValidString(got) {
				t.Errorf("%q is not UTF-8", got)
			}
		}
		if strings.ContainsFunc(line, isHarmful) {
			t.Errorf("Line(%q) is %q", text, line)
		}
		for i, part := range strings.Split(lines, "\n") {
			if i > 0 && !strings.HasPrefix(part, Indent) || strings.ContainsFunc(strings.ReplaceAll(part, "\t", ""), isHarmful) {
				t.Errorf("Lines(%q) is %q", text, lines)
			}
		}
	})
}
