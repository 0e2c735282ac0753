package editor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avescript/core/pty"
	"avescript/core/screen"
)

func TestOneLine(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("hello<Enter>")
	p.Ends("> hello", `got "hello"`, ">")
	p.Types("abcd<Left><Left>X<Home>Y<End>Z<Ctrl-a><Right>-<Enter>")
	p.Shows(`got "Y-abXcdZ"`)
	p.Types("<Ctrl-d>")
	p.Shows("bye")
}

func TestBlockIsEditedAsOne(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("x do<Enter>print<Enter><Up><Up><End> --up")
	p.Ends("> x do --up", ">>     print", ">>")
	p.Types("<Down><Down>end")
	p.Ends("> x do --up", ">>     print", ">> end")
	p.Types("<Enter>")
	p.Ends(`got "x do --up\n\tprint\nend"`, ">")
	p.Types("<Up>")
	p.Ends("> x do --up", ">>     print", ">> end")
}

func TestHistoryKeepsBlocksOverSessions(t *testing.T) {
	history := t.TempDir() + "/state/history"
	p, other := startWith(t, history, 80, 24), startWith(t, history, 80, 24)
	p.Paste("x do\n\tprint(\"a\\n\")\nend")
	p.Types("<Enter>")
	p.Shows(`got "x do\n\tprint(\"a\\n\")\nend"`)
	other.Types("other<Enter>")
	other.Shows(`got "other"`)
	other.Types(" secret<Enter>")
	other.Shows(`got " secret"`)
	p.Types("last<Enter>")
	p.Shows(`got "last"`)
	if info, err := os.Stat(history); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("wanted a file of mode 0600, got %v, %v", info, err)
	}
	p = startWith(t, history, 80, 24)
	p.Types("<Up>")
	p.Ends("> last")
	p.Types("<Up>")
	p.Ends("> other")
	p.Types("<Up>")
	p.Ends("> x do", `>>     print("a\n")`, ">> end")
	p.Types("<Down><Down><Down>")
	p.Ends(">")
	p.Types("x<Up>") // the texts that begin with x
	p.Ends("> x do", `>>     print("a\n")`, ">> end")
	p.Types("<Enter>")
	p.Shows(`got "x do\n\tprint(\"a\\n\")\nend"`)
}

func TestOldHistory(t *testing.T) {
	history := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(history, []byte("plain = 1\n\"json\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, history, 80, 24)
	p.Types("<Up>")
	p.Ends("> json")
	p.Types("<Up>")
	p.Ends("> plain = 1")
}

func TestLongHistoryIsCut(t *testing.T) {
	history := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(history, []byte(strings.Repeat("\"x\"\n", 3000)+"\"last\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, history, 80, 24)
	p.Types("<Up>")
	p.Ends("> last")
	text, err := os.ReadFile(history)
	if n := strings.Count(string(text), "\n"); err != nil || n != 1000 {
		t.Errorf("wanted 1000 lines, got %d, %v", n, err)
	}
}

func TestPasteRunsNothing(t *testing.T) {
	p := start(t, 80, 24)
	p.Paste("a do\n\tb\n\tc\n\td\nend")
	p.Ends("> a do", ">>     b", ">>     c", ">>     d", ">> end")
	p.Types("<Enter>")
	p.Ends(`got "a do\n\tb\n\tc\n\td\nend"`, ">")
}

func TestLongPaste(t *testing.T) {
	p := start(t, 80, 10)
	p.Paste(strings.Repeat("0123456789\n", 10000) + "x")
	p.Types("<Enter>")
	p.Until("wanted all of it", func(im *screen.Image) bool { return strings.HasSuffix(strings.TrimSpace(im.Text()), "x\"\n>") })
}

func TestSearch(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("x do<Enter>special<Enter>end<Enter>")
	p.Shows("got")
	p.Types("y<Enter>z<Enter><Ctrl-l><Ctrl-r>spec")
	p.Ends("> x do", ">>     special", ">> end", "search: spec")
	p.Types("<Enter>")
	p.Ends("> x do", ">>     special", ">> end", `got "x do\n\tspecial\nend"`, ">")
	p.Types("kept<Ctrl-r>y")
	p.Ends("> y", "search: y")
	p.Types("<Ctrl-c>")
	p.Ends("> kept")
}

func TestOutputIsAboveTheText(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("tick<Enter>do<Enter>fs.<Tab>")
	p.Shows("tick 3\n")
	p.Until("wanted the text below the output", func(im *screen.Image) bool {
		return strings.Contains(im.Text(), "\n> do\n>>     fs.chmod\n chmod ") && strings.Count(im.Text(), "> do") == 1
	})
	p.Types("<Escape>") // and not Alt-X
	p.Until("wanted no menu", func(im *screen.Image) bool { return strings.HasSuffix(strings.TrimSpace(im.Text()), ">>     fs.") })
	p.Types("X")
	p.Until("wanted the cursor behind the text", func(im *screen.Image) bool {
		lines := im.Lines()
		return lines[im.Cursor.Row] == ">>     fs.X" && im.Cursor.Col == len(">>     fs.X")
	})
}

func TestInterrupt(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("abc<Ctrl-c>")
	p.Ends("> abc^C", ">")
}

func TestGraphemes(t *testing.T) {
	p := start(t, 80, 24)
	p.Types(`print("名前 größe é 👩‍👩‍👧x")` + "<Left><Left><Left><Left><Backspace>Y")
	p.Shows(`print("名前 größe éY👩‍👩‍👧x")`)
}

func TestNarrow(t *testing.T) {
	p := start(t, 40, 10)
	p.Types(strings.Repeat("abcdefghi ", 6) + "<Home>Q")
	p.Ends("> Qabcdefghi abcdefghi abcdefghi abcdefg", "hi abcdefghi abcdefghi")
	p.Cursor(0, 3)
	p.Types("<Ctrl-u><Ctrl-k>fs.<Tab>")
	p.Ends("> fs.chmod", " chmod   (path, mode) changes who may d…", " copy    (from, to)", " remove  (path)")
}

func TestResize(t *testing.T) {
	p := start(t, 60, 10)
	p.Types("above<Enter>")
	p.Shows("got")
	line := strings.Repeat("abcdefghi ", 5) + "x"
	p.Types(line)
	p.Shows(line)
	if err := p.Resize(pty.Size{Cols: 30, Rows: 10}); err != nil {
		t.Fatal(err)
	}
	p.Ends(`got "above"`, "> abcdefghi abcdefghi abcdefgh", "i abcdefghi abcdefghi x")
	p.Types("y<Enter>")
	p.Ends(`got "above"`, "> abcdefghi abcdefghi abcdefgh", "i abcdefghi abcdefghi xy", `got "abcdefghi abcdefghi abcde`, `fghi abcdefghi abcdefghi xy"`, ">")
}

func TestTallerThanTheScreen(t *testing.T) {
	p := start(t, 40, 10)
	var lines []string
	for i := range 22 {
		lines = append(lines, fmt.Sprint("line ", i+1))
	}
	p.Paste(strings.Join(lines, "\n"))
	p.Ends(">> line 21", ">> line 22")
	p.Types(strings.Repeat("<Up>", 15) + "ZZ")
	p.Until("wanted the cursor in line 7", func(im *screen.Image) bool { return im.Lines()[im.Cursor.Row] == ">> line 7ZZ" })
	p.Types("<PageDown>") // nothing is newer
	p.Types("<Alt-Enter>w" + strings.Repeat("<Down>", 20) + "<Enter>")
	p.Shows(`line 22"`)
}

func TestTypedAhead(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("a\rb\rread\rfor it\rc\r")
	p.Ends("> read", `read "for it\nc\n"`, ">")
	p.Types("a\rb\rc\r")
	p.Ends("> a", `got "a"`, "> b", `got "b"`, "> c", `got "c"`, ">")
}

func TestPartialOutput(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("partial<Enter>")
	p.Ends("> partial", "no newline", ">")
}

func TestMenu(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("f<Tab>")
	p.Ends("> fs.", " chmod   (path, mode) changes who may do what with a file", " copy    (from, to)", " remove  (path)")
	p.Types("<Tab><Down>")
	p.Ends("> fs.copy", " chmod   (path, mode) changes who may do what with a file", " copy    (from, to)", " remove  (path)")
	p.Types("<Enter>")
	p.Ends("> fs.copy")
	p.Types("<Enter>")
	p.Ends(`got "fs.copy"`, ">")
	p.Types("f<Tab>c") // narrows
	p.Ends("> fs.c", " chmod  (path, mode) changes who may do what with a file", " copy   (from, to)")
	p.Types("<Enter>") // accepts only what was chosen
	p.Ends(`got "fs.c"`, ">")
	p.Types("fs.<Tab><Tab><Escape>")
	p.Ends("> fs.")
}

func TestHint(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("get(")
	im := p.Ends("> get(", "get(url, options)")
	if name, mark := im.Cell(1, 0).Style, im.Cell(1, 4).Style; name == mark {
		t.Errorf("the argument is not marked: %v", mark)
	}
	p.Types(")")
	p.Ends("> get()")
}

func TestHintThatIsTooLong(t *testing.T) {
	p := start(t, 14, 10)
	p.Types("get2(")
	p.Ends("> get2(", "…url, options)")
}

func TestKillAndUndo(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("one two three<Ctrl-w><Ctrl-a><Ctrl-y>")
	p.Ends("> threeone two")
	p.Types("<Alt-f><Alt-f><Alt-b><Ctrl-k>")
	p.Ends("> threeone")
	p.Types("<Ctrl-_>")
	p.Ends("> threeone two")
	p.Types("<Ctrl-_><Ctrl-_>")
	p.Ends("> one two three")
	p.Types("<Ctrl-a><Alt-d>")
	p.Ends(">  two three")
	p.Types("<Ctrl-x><Ctrl-u><Ctrl-e><Ctrl-u>x")
	p.Ends("> x")
}

func TestAnotherEditor(t *testing.T) {
	script := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nread answer\nprintf ' -- changed %s\\nend\\n' \"$answer\" >>\"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := start(t, 80, 24, "VISUAL=", "EDITOR="+script)
	p.Types("x do<Ctrl-x><Ctrl-e>answer<Enter>")
	p.Ends("> x do", ">>  -- changed answer", ">> end")
	p.Types("<Enter>")
	p.Shows(`got "x do\n -- changed answer\nend"`)
	p = start(t, 80, 24, "VISUAL=false")
	p.Types("x<Ctrl-x><Ctrl-e>")
	p.Ends("false: exit status 1", "> x")
}

func TestTerminalIsRestored(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("<Ctrl-d>")
	p.Shows("bye")
	p.WantStatus(0)
}

func TestStyles(t *testing.T) {
	p := start(t, 80, 24)
	p.Types("a red b")
	im := p.Ends("> a red b")
	if im.Cell(0, 4).Style == im.Cell(0, 2).Style {
		t.Error("the text is not highlighted")
	}
}
