package screen_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"avescript/core/screen"
)

// pieces are difficult for terminals and their emulators.
var pieces = []string{
	"a", "bc def", " ", "\r\n", "one\r\ntwo\x1b[32m\r\nthree\x1b[K\n漢\r\n\n\r\n5\r\n\x1b[m6\r\n7\r\n8\r\n9\r\n10\r\n11\r\n12\r\n", "\n", "\r", "\b", "\t", "\a", "\x7f", "\x00",
	"é", "e\u0301", "\u0301", "漢", "字", "👩‍👩‍👧", "🇩", "❤", "\ufe0f", "\u200d", "\u200b", "\U0001F3FD", "─", "\u0085", "नि",
	"\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\x80", "\x9b1m", "\x9d",
	"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b\\", "\x18", "0;title", "\x1b]0;“t”\a", "\x1b]2;漢\x1b\\", "\x1bPq~\x1b\\",
	"\x1b[m", "\x1b[1;31m", "\x1b[38;5;200m", "\x1b[48:2::1:2:3m", "\x1b[7m", "\x1b[8m", "\x1b[0m",
	"\x1b[H", "\x1b[2;3H", "\x1b[99;99H", "\x1b[5G", "\x1b[A", "\x1b[2B", "\x1b[3C", "\x1b[9D", "\x1b[d", "\x1b[2e", "\x1b[3a", "\x1b[`", "\x1b[4f",
	"\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[3J", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[X", "\x1b[3X", "\x1b[99X",
	"\x1b[@", "\x1b[3@", "\x1b[P", "\x1b[2P", "\x1b[L", "\x1b[99L", "\x1b[M", "\x1b[2M", "\x1b[S", "\x1b[99S", "\x1b[T", "\x1b[3T",
	"\x1b[b", "\x1b[7b", "\x1b[I", "\x1b[2Z", "\x1b[g", "\x1b[3g", "\x1bH", "\x1b[?5W",
	"\x1b[2;3r", "\x1b[r", "\x1b[9;99r", "\x1b[?6h", "\x1b[?6l", "\x1b[?7l", "\x1b[?7h", "\x1b[4h", "\x1b[4l", "\x1b[20h", "\x1b[?69h", "\x1b[2;4s",
	"\x1b7", "\x1b8", "\x1b[s", "\x1b[u", "\x1bD", "\x1bE", "\x1bM", "\x1bc", "\x1b[!p", "\x1b=", "\x1b>",
	"\x1b(0", "\x1b(B", "\x1b)0", "\x0e", "\x0f", "\x1bN", "\x1bO", "\x1b#8",
	"\x1b[?25l", "\x1b[?25h", "\x1b[?47h", "\x1b[?47l", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?1048h", "\x1b[?1048l", "\x1b[?2048h",
	"\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b]11;?\a", "\x1b[?1$p",
	"\x1b[99999999999999999999b", "\x1b[99999999999I", "\x1b[4294967297A", "\x1b[;;;H", "\x1b[1;2;3;4;5;6;7;8;9m", "\x1b[-1m", "\x1b[?0;0h", "\x1b[3 q",
}

// output generates what a program might write, and random bytes.
func output() *rapid.Generator[string] {
	piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.SampledFrom(pieces), rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 8), func(b []byte) string { return string(b) }))
	return rapid.Map(rapid.SliceOfN(piece, 0, 40), func(list []string) string { return strings.Join(list, "") })
}

// write writes the output cut at random places. Snapshots may be taken in between.
func write(t *rapid.T, s *screen.Screen, output string) {
	for len(output) > 0 {
		n := rapid.IntRange(1, len(output)).Draw(t, "cut")
		s.Write([]byte(output[:n]))
		output = output[n:]
		if rapid.Bool().Draw(t, "look") {
			s.Snapshot()
		}
	}
}

func TestCutsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, rows := rapid.IntRange(3, 12).Draw(t, "cols"), rapid.IntRange(1, 5).Draw(t, "rows")
		whole, parts := screen.New(cols, rows), screen.New(cols, rows)
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			text := output().Draw(t, "output")
			whole.Write([]byte(text))
			write(t, parts, text)
			cols, rows := rapid.IntRange(3, 12).Draw(t, "cols"), rapid.IntRange(1, 5).Draw(t, "rows")
			whole.Resize(cols, rows)
			parts.Resize(cols, rows)
		}
		a, b := whole.Snapshot(), parts.Snapshot()
		if diff := cmp.Diff(a.Describe(), b.Describe()); diff != "" || !a.Equal(b) {
			t.Errorf("as a whole - and in parts +:\n%s", diff)
		}
		if diff := cmp.Diff(string(whole.Replies()), string(parts.Replies())); diff != "" {
			t.Errorf("replies as a whole - and in parts +:\n%s", diff)
		}
	})
}

// TestImagesAreSound looks for overlapping cells and for pictures that viewers would
// refuse.
func TestImagesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := screen.New(rapid.IntRange(1, 12).Draw(t, "cols"), rapid.IntRange(1, 5).Draw(t, "rows"))
		write(t, s, output().Draw(t, "output"))
		image := s.Snapshot()
		sound(t, image)
		wellFormed(t, image.SVG())
		if n := len(image.Lines()); n != image.Rows {
			t.Fatalf("wanted %d lines, got %d", image.Rows, n)
		}
	})
}

// sound checks for overlapping cells, and for a cursor outside of the screen.
func sound(t rapid.TB, image *screen.Image) {
	t.Helper()
	for row := range image.Rows {
		for col := 0; col < image.Cols; {
			c := image.Cell(row, col)
			if c.Width < 1 || col+c.Width > image.Cols || c.Text == "" {
				t.Fatalf("row %d, column %d: %+v", row, col, c)
			}
			for half := 1; half < c.Width; half++ {
				if right := image.Cell(row, col+half); right.Width != 0 {
					t.Fatalf("row %d, column %d: %+v, and in its right half %+v", row, col, c, right)
				}
			}
			col += c.Width
		}
	}
	if image.Cursor.Row >= image.Rows || image.Cursor.Col >= image.Cols || image.Cursor.Row < 0 || image.Cursor.Col < 0 {
		t.Fatalf("the cursor %+v is outside of %d rows and %d columns", image.Cursor, image.Rows, image.Cols)
	}
}

func wellFormed(t rapid.TB, document string) {
	for d := xml.NewDecoder(strings.NewReader(document)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
	}
}
