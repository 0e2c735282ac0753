package screen_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/screen"
)

func show(cols, rows int, output ...string) *screen.Image {
	s := screen.New(cols, rows)
	for _, part := range output {
		s.Write([]byte(part))
	}
	return s.Snapshot()
}

func TestText(t *testing.T) {
	for _, test := range []struct{ name, output, want string }{
		{"lines", "one\r\ntwo  \r\n\r\n", "one\ntwo"},
		{"wrapping", "0123456789ab", "0123456789\nab"},
		{"scrolling", "1\r\n2\r\n3\r\n4\r\n5", "2\n3\n4\n5"},
		{"wide characters fill a line", "漢字漢字漢字", "漢字漢字漢\n字"},
		{"a wide character has no room", "012345678漢", "012345678\n漢"},
		{"a wide character after a full line", "0123456789漢", "0123456789\n漢"},
		{"wide characters and colours", "漢字漢字漢\x1b[1m字", "漢字漢字漢\n字"},
		{"the end of the line is left alone", "漢字漢字漢\r\nx", "漢字漢字漢\nx"},
		{"combining marks", "e\u0301a\u0308", "e\u0301a\u0308"},
		{"a mark without a letter", "a\r\u0301", "a"},
		{"emoji of several code points", "👩‍👩‍👧🇩🇪!", "👩‍👩‍👧🇩🇪!"},
		{"invalid UTF-8", "a\xff\xe2\x82b\xc3\x1b[1mc", "a\uFFFD\uFFFD\uFFFDb\uFFFDc"},
		{"no controls of 8 bits", "a\x9b1mb", "a\uFFFD1mb"},
		{"REP", "─\x1b[5b", "──────"},
		{"REP without end", "x\x1b[99999999999b", strings.Repeat("xxxxxxxxxx\n", 3) + "x"},
		{"line drawing", "\x1b(0lqk\x1b(B", "┌─┐"},
		{"insert mode", "ad\b\x1b[4hbc\x1b[4l", "abcd"},
		{"erase above", "1\r\n2\r\n345\x1b[2D\x1b[1J", "\n\n  5"},
		{"save and restore", "ab\x1b[scd\x1b[uX", "abXd"},
		{"alternate screen", "main\x1b[?1049h\x1b[Halt\x1b[?1049l!", "main!"},
		{"alternate screen of old", "main\x1b[?47h\x1b[Halt\x1b[?47l!", "main!"},
		{"reset", "abc\x1bcx", "x"},
		{"next line", "abc\x1bEx", "abc\nx"},
		{"control inside of a sequence", "ab\x1b[\b1mc", "ac"},
		{"abandoned sequences", "a\x1b[12\x18b\x1b]0;x\x1b[1mc", "abc"},
		{"strings are not shown", "a\x1bPq#0;2\x1b\\b\x1b_apc\x1b\\c\x1b]52;c;aGk=\ad", "abcd"},
		{"a picture", "a\x1bPq" + strings.Repeat("~", 10000) + "\x1b\\b", "ab"},
		{"hidden", "a\x1b[8msecret\x1b[0mb", "a      b"},
		{"margins outside of the screen", "\x1b[50;60r\x1b[9;3r\x1b[2;99rx", "x"},
		{"tabs", "a\tb", "a       b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, show(10, 4, test.output).Text()); diff != "" {
				t.Errorf("wanted - and got +:\n%s", diff)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	image := show(20, 2, "\x1b[1;3;4;31;44mA\x1b[0;2;7;9;38;5;208mB\x1b[0;38;2;1;2;3;48:2::4:5:6mC\x1b[0;4:3;93;5mD漢")
	for col, want := range []string{
		"bold, italic, underline, red on blue",
		"faint, reverse, strike, color 208 on default",
		"#010203 on #040506",
		"blink, curly underline, bright yellow on default",
	} {
		if got := image.Cell(0, col).String(); got != want {
			t.Errorf("column %d: wanted %q, got %q", col+1, want, got)
		}
	}
	if c := image.Cell(0, 4); c.Text != "漢" || c.Width != 2 {
		t.Errorf("wanted a wide character, got %+v", c)
	}
	if c := image.Cell(0, 5); c.Text != "" || c.Width != 0 {
		t.Errorf("wanted its right half, got %+v", c)
	}
	if c := image.Cell(-1, 99); c.Text != " " {
		t.Errorf("wanted a blank outside of the screen, got %+v", c)
	}
}

func TestState(t *testing.T) {
	image := show(10, 4, "\x1b]2;a; “b” \xff\x1b\\", "\x1b[?1049h\x1b[3;4H\x1b[?25l")
	want := screen.Image{Cols: 10, Rows: 4, Title: "a; “b” \uFFFD", Alternate: true}
	want.Cursor.Row, want.Cursor.Col = 2, 3
	if image.Cols != want.Cols || image.Rows != want.Rows || image.Title != want.Title ||
		image.Alternate != want.Alternate || image.Cursor != want.Cursor {
		t.Errorf("wanted %+v, got %+v", want, *image)
	}
}

func TestReplies(t *testing.T) {
	s := screen.New(80, 24)
	s.Write([]byte("abc\x1b[5n\x1b[6n\x1b[?6n\x1b[c\x1b[>c\x1b[?25$p\x1b[?2004h\x1b[?2004$p\x1b[?1$p\x1b[?999$p\x1b]11;?\a\x1b[18t"))
	s.Write([]byte("\x1b[>q\x1b[?u\x1bP+q544e\x1b\\\x1b[?2048h")) // there is no answer to these
	want := "\x1b[0n\x1b[1;4R\x1b[?1;4R\x1b[?62;1;6;22c\x1b[>1;10;0c\x1b[?25;1$y\x1b[?2004;1$y\x1b[?1;2$y\x1b[?999;0$y" +
		"\x1b]11;rgb:1414/1818/1e1e\x1b\\\x1b[8;24;80t"
	if diff := cmp.Diff(want, string(s.Replies())); diff != "" {
		t.Errorf("wanted - and got +:\n%s", diff)
	}
	if got := s.Replies(); len(got) != 0 {
		t.Errorf("wanted each reply once, got %q again", got)
	}
}

func TestNobodyReadsTheReplies(t *testing.T) {
	s := screen.New(80, 24)
	s.Write([]byte(strings.Repeat("\x1b[6n\x1b[c\x1b]10;?\a", 20000)))
	if n := len(s.Replies()); n == 0 || n > 70000 {
		t.Errorf("wanted replies of some 64 KB, got %d bytes", n)
	}
}

func TestResize(t *testing.T) {
	s := screen.New(10, 4)
	s.Write([]byte("1\r\n2\r\n3\r\nfour"))
	s.Resize(6, 2)
	image := s.Snapshot()
	if image.Text() != "3\nfour" || image.Cursor.Row != 1 || image.Cursor.Col != 4 {
		t.Errorf("wanted the lower lines and the cursor in them, got %q and %+v", image.Text(), image.Cursor)
	}
	s.Resize(0, 100000)
	if image = s.Snapshot(); image.Cols != 1 || image.Rows != 1000 {
		t.Errorf("wanted a size within limits, got %d columns and %d rows", image.Cols, image.Rows)
	}
	s.Resize(8, 3)
	s.Write([]byte("\x1b[2J\x1b[3;8H漢\r\x1b[18t"))
	if got := string(s.Replies()); got != "\x1b[8;3;8t" {
		t.Errorf("wanted the new size, got %q", got)
	}
}

func TestDescribe(t *testing.T) {
	image := show(10, 2, "\x1b]0;shell\a$\x1b[1;32m ls \x1b[0m\x1b[7m漢\x1b[m")
	want := `$ ls 漢

2 rows, 10 columns
title: "shell"
cursor: row 1, column 8
row 1, columns 3-4: bold, green on default
row 1, columns 6-7: reverse`
	if diff := cmp.Diff(want, image.Describe()); diff != "" {
		t.Errorf("wanted - and got +:\n%s", diff)
	}
}

func TestEqual(t *testing.T) {
	a := show(10, 2, "abc")
	if !a.Equal(show(10, 2, "a", "b", "c")) {
		t.Error("wanted images of the same to be equal")
	}
	for _, other := range []string{"abd", "abc\r", "\x1b[1mabc", "abc\x1b]0;t\a", "abc\x1b[?25l"} {
		if a.Equal(show(10, 2, other)) {
			t.Errorf("wanted the image of %q to differ", other)
		}
	}
}
