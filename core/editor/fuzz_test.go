package editor

import (
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever is typed, the cursor is between two characters of the text, and nothing is
// drawn that could control a terminal.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		"ab\tc\r", "\x1b[A\x1b[B\x1b[200~a\n\tb\x1b[201~", "名é\x7f\x1bb\x1bd\x19\x1f", "\x12a\x12\x7f\r", "\xc3\n\xff\x9b", "f\t\t\x1b[Z\x07", "\x18\x15\x1b]11;rgb:0\a",
		"👩‍👩‍👧\x02\x04\x0b\x17", "\x1b\x1b[A\x1b[5~\x1b[6~",
	} {
		f.Add(seed, uint8(10), uint8(4))
	}
	f.Fuzz(func(t *testing.T, typed string, cols, rows uint8) {
		keys, terminal := typedAlready(t, typed)
		e := &Editor{options: Options{
			History:  &History{entries: []string{"first", "İ second\n\x1b[31m\t名", "a"}},
			IsWhole:  func(s string) bool { return s != "for" },
			Indent:   func(before, line string) string { return strings.Repeat("\t", len(line)%3) },
			Complete: completeAny,
			Hint:     func(s string, at int) Hint { return Hint{Text: s, From: 0, To: at} },
		}, keys: keys, display: display{out: terminal}, text: text{goal: -1}, cols: int(cols) + 1, rows: int(rows) + 1}
		for range len(typed) + 1 {
			k, err := e.next(-1)
			if err != nil {
				return
			}
			if k.name == "Ctrl-Z" || k.name == "Ctrl-E" && e.prefix {
				continue // they stop the program, or start another
			}
			if done, _ := e.serve(k); done {
				e.text = text{goal: -1}
			}
			e.draw()
			checkText(t, e.text)
			checkFrame(t, e.display.frame, e.cols, e.rows)
		}
	})
}

// typedAlready is a keyboard on which everything was typed in advance, without a
// screen.
func typedAlready(t *testing.T, typed string) (*keyboard, *os.File) {
	if len(typed) > 200 {
		t.Skip("each key is drawn, which takes longer the longer the text is")
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = out.WriteString(typed)
	_ = out.Close()
	keys, err := openKeyboard(in)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = keys.close()
		_ = in.Close()
		_ = terminal.Close()
	})
	return keys, terminal
}

func completeAny(s string, at int) Completion {
	c := Completion{From: strings.LastIndexAny(s[:at], " \n") + 1}
	for _, item := range []Item{{Text: "fs", Suffix: ".", Detail: "\x1b[2J"}, {Text: "für"}, {Text: "f\x1b名", Suffix: " "}} {
		if strings.HasPrefix(item.Text, s[c.From:at]) {
			c.Items = append(c.Items, item)
		}
	}
	return c
}

func checkText(t *testing.T, edited text) {
	if edited.at < 0 || edited.at > len(edited.s) || edited.at < len(edited.s) && !utf8.RuneStart(edited.s[edited.at]) || !utf8.ValidString(edited.s) {
		t.Errorf("the cursor is at %d in %q", edited.at, edited.s)
	}
}

func checkFrame(t *testing.T, f frame, cols, rows int) {
	if len(f.rows) > rows || f.row < 0 || f.row >= len(f.rows) || f.col > cols {
		t.Errorf("%d rows with the cursor at %d, %d do not fit %d rows of %d", len(f.rows), f.row, f.col, rows, cols)
	}
	for _, r := range f.rows {
		if r.width() > cols {
			t.Errorf("a row of %d does not fit %d", r.width(), cols)
		}
		for _, c := range r {
			if strings.ContainsFunc(c.text, unicode.IsControl) || !utf8.ValidString(c.text) {
				t.Errorf("%q is drawn", c.text)
			}
		}
	}
}
