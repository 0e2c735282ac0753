package screen_test

import (
	"strings"
	"testing"
	"time"

	"avescript/core/screen"
)

// FuzzScreen writes random bytes in two pieces, and as a whole: the pictures are valid
// and equal, and no byte takes long.
func FuzzScreen(f *testing.F) {
	for at := 0; at < len(pieces); at += 8 {
		text := strings.Join(pieces[at:min(at+8, len(pieces))], "x")
		f.Add([]byte(text), uint16(len(text)/2), uint8(12), uint8(5))
	}
	f.Add([]byte("\x1b[99999999b\x1b[99999999X\x1b[99999999@"), uint16(3), uint8(80), uint8(24))
	f.Fuzz(func(t *testing.T, output []byte, cut uint16, cols, rows uint8) {
		const slow = 10 * time.Second
		if len(output) > 1000 {
			t.Skip()
		}
		begun := time.Now()
		at := int(cut) % (len(output) + 1)
		whole, parts := screen.New(3+int(cols)%20, 1+int(rows)%8), screen.New(3+int(cols)%20, 1+int(rows)%8)
		whole.Write(output)
		parts.Write(output[:at])
		sound(t, parts.Snapshot())
		parts.Write(output[at:])
		image := whole.Snapshot()
		sound(t, image)
		if other := parts.Snapshot(); !image.Equal(other) {
			t.Errorf("as a whole:\n%s\ncut at %d:\n%s", image.Describe(), at, other.Describe())
		}
		if a, b := whole.Replies(), parts.Replies(); string(a) != string(b) {
			t.Errorf("got the replies %q, and cut at %d %q", a, at, b)
		}
		wellFormed(t, image.SVG())
		if took := time.Since(begun); took > slow {
			t.Errorf("took %v", took)
		}
	})
}
