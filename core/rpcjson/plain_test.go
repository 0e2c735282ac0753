package rpcjson

import (
	"bytes"
	"testing"
)

func FuzzPlain(f *testing.F) {
	f.Add([]byte("eight bytes and more"))
	f.Fuzz(func(t *testing.T, text []byte) {
		want := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' || r >= 0x80 || r == '"' || r == '\\' })
		if want < 0 {
			want = len(text)
		}
		if got := Plain(text); got != want {
			t.Errorf("%q: wanted %d, got %d", text, want, got)
		}
	})
}

// Each byte ends the plain part, wherever it is in a word, and whatever follows.
func TestPlainFindsEachByte(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			text := bytes.Repeat([]byte{'~'}, 24)
			text[at] = byte(c)
			text[23] = '"'
			want := 23
			if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
				want = at
			}
			if got := Plain(text); got != want {
				t.Errorf("byte %#x at %d: wanted %d, got %d", c, at, want, got)
			}
		}
	}
}
