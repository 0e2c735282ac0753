package repl_test

import (
	"strings"
	"testing"

	"avescript/core/pty"
	"avescript/internal/reexec"
)

func TestValuesHaveColors(t *testing.T) {
	styles := func(env ...string) (differ bool) {
		p := open(t, 80, 24, env...)
		p.Types(`{ "text", 12, key = true }<Enter>`)
		im := p.Ends(`> { "text", 12, key = true }`, `{ "text", 12, key = true }`, ">")
		row := im.Cursor.Row - 1
		text, number := im.Cell(row, 2).Style, im.Cell(row, 10).Style
		key, word := im.Cell(row, 14).Style, im.Cell(row, 20).Style
		brace := im.Cell(row, 0).Style
		return text != number && number != key && key != word && word != text && brace != text && brace != key
	}
	if !styles() {
		t.Error("wanted a color for strings, numbers, keys and words each")
	}
	if styles("NO_COLOR=1") {
		t.Error("wanted no colors with NO_COLOR")
	}
}

// TestValuesHaveTheWidthOfTheTerminal resizes it between two values.
func TestValuesHaveTheWidthOfTheTerminal(t *testing.T) {
	const list = `{ "one of them", "another one", "the third one", "and a fourth one that is longer", "the end" }`
	p := open(t, 120, 24)
	p.Types("list = " + list + "<Enter>list<Enter>")
	p.Ends("> list", list, ">")
	if err := p.Resize(pty.Size{Cols: 40, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	p.Types("<Ctrl-l>list<Enter>")
	p.Ends("> list", "{", `  "one of them",`, `  "another one",`, `  "the third one",`, `  "and a fourth one that is longer",`, `  "the end"`, "}", ">")
	p.Types(`<Ctrl-l>{{name = "名前", text = ("long "):rep(20)}, {name = "x", text = "y"}}<Enter>`)
	p.Ends("   name  text",
		`1  名前  "long long long long long long…`,
		"2  x     y",
		"(cut; :all shows all of it)", ">")
}

func TestAllIsShownInAPager(t *testing.T) {
	p := open(t, 80, 60, "PAGER=sed 's/^/pager: /'")
	p.Types(`("x"):rep(3000)<Enter>`)
	p.Shows(`x"… (3000 bytes)` + "\n(cut; :all shows all of it)\n>")
	p.Types("<Ctrl-l>:all<Enter>")
	p.Shows("pager: " + strings.Repeat("x", 73) + "\n")
	p.Types(`<Ctrl-l>{1, 2}<Enter>:all<Enter>`)
	p.Ends("{ 1, 2 }", "> :all", "pager: { 1, 2 }", ">")
}

// TestToStringThatHangs is about code of the user's that the prompt runs.
func TestToStringThatHangs(t *testing.T) {
	p := open(t, 80, 24)
	p.Types(`hangs = setmetatable({}, {__tostring = function() print("told") while true do end end})<Enter>{hangs, 1}<Enter>`)
	p.Ends("told")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", ">")
	p.Types(`setmetatable({x = 1}, {__tostring = function() error("boom") end})<Enter>`)
	p.Ends("{ x = 1 } (its __tostring failed: stdin:1: boom)", ">")
	p.Types(`error(ave.exceptions.Timeout { message = "taken", holder = hangs })<Enter>`)
	p.Ends("told")
	p.Types("<Ctrl-c>")
	p.Ends("^CTimeout: taken", "  holder = {} (its __tostring failed: interrupted)", ">")
	p.Types("1 + 1<Enter>")
	p.Ends("> 1 + 1", "2", ">")
}

func TestLastValueIsCompleted(t *testing.T) {
	p := open(t, 80, 24)
	p.Types(`{alpha = 1, beta = 2}<Enter>_.al<Tab><Enter>`)
	p.Ends("> _.alpha", "1", ">")
}

func TestValuesOnAPipe(t *testing.T) {
	cmd := reexec.Command("repl", "")
	cmd.Stdin = strings.NewReader("t = {}\nfor i = 1, 130 do\nt[i] = {a = i, b = 'x'}\nend\nt\n:all\n_\nerr\nerror({})\n")
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 { // the last input has failed
		t.Fatal(err)
	}
	text := string(out)
	if strings.Contains(text, "\x1b") || strings.Contains(text, ":all shows") {
		t.Errorf("wanted no escape sequences and hints, got\n%q", text)
	}
	if strings.Count(text, "… and 30 more rows") != 2 || strings.Count(text, "\n130  130  x\n") != 1 {
		t.Errorf("wanted 100 rows, then all, then 100, got\n%s", text)
	}
}
