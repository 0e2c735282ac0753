package repl_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"avescript/core/pty"
	"avescript/core/screen"
	"avescript/internal/poll"
	"avescript/internal/reexec"
	"avescript/internal/screentest"
	"avescript/lualib"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// These tests drive the prompt as a person does, and look at the screen.

// runPrompt is what avescript does on a terminal.
func runPrompt(args []string) error { return runPromptWith(args[0], func(*repl.Config) {}) }

func runPromptWith(history string, set func(*repl.Config)) error {
	ctx, stop := script.Notify(context.Background(), func(s syscall.Signal) { os.Exit(128 + int(s)) }, syscall.SIGTERM)
	defer stop()
	stdin, stdout, stderr := script.OpenStdin(), repl.NewStream(os.Stdout), repl.NewStream(os.Stderr)
	v := lualib.New(vm.Stdio{In: stdin, Out: stdout, Err: stderr})
	if err := script.Preload(v); err != nil {
		return err
	}
	config := repl.Config{
		Stdin: stdin, Streams: []*repl.Stream{stdout, stderr}, HasAve: true,
		Out: os.Stdout, Color: script.HasColor(os.Stdout), Banner: "avescript", History: history,
	}
	v.Prompt = repl.Standing(ctx, v, config)
	set(&config)
	return repl.Run(ctx, v, config)
}

func open(t *testing.T, cols, rows int, env ...string) *screentest.Program {
	t.Helper()
	return openWith(t, "", cols, rows, env...)
}

func openWith(t *testing.T, history string, cols, rows int, env ...string) *screentest.Program {
	t.Helper()
	p := screentest.Start(t, pty.Size{Cols: cols, Rows: rows}, env, "/proc/self/exe", reexec.Argument("prompt"), history)
	p.Ends(">")
	return p
}

func TestCompletion(t *testing.T) {
	p := open(t, 100, 24)
	p.Types("ave.fs<Tab>")
	p.Shows("\n> ave.fs.\n basename  (path)  Returns the last part of a path")
	p.Types("<Tab><Down>")
	p.Shows("\n> ave.fs.copy\n basename ")
	p.Types("<Enter>")
	p.Ends("> ave.fs.copy")
	p.Types("<Ctrl-c>")
	p.Ends("> ave.fs.copy^C", ">")
}

// TestWhatIsCompleted has what is typed before Tab, and what is on the screen after it.
func TestWhatIsCompleted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "measures.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, 100, 24)
	p.Types(`Base = ave.Profile:subclass("Base") function Base:tell(what, ...) end<Enter>`)
	p.Types(`Child = Base:subclass("Child") function Child.made() end object = Child{}<Enter>`)
	p.Types(`lazy = setmetatable({}, {__index = function() error("called") end})<Enter>`)
	for typed, want := range map[string]string{
		"ave.http.g":               "ave.http.get",
		"ave.Remote":               "ave.RemoteControl",
		"object:te":                "object:tell",
		"object.mad":               "object.made",
		"Child.supe":               "Child.super",
		`("x" .. ob`:               `("x" .. object`,
		`"text":upp`:               `"text":upper`,
		"string.rev":               "string.reverse",
		"local function ma":        "local function ma",
		"local alpha = 1 alp":      "local alpha = 1 alpha",
		"if true the":              "if true then",
		"x = fals":                 "x = false",
		`require "ave.persona`:     `require "ave.persona`,
		`require("ave.pers`:        `require("ave.persona`,
		"-- ave.htt":               "-- ave.htt",
		`"ave.htt`:                 `"ave.htt`,
		"lazy.an":                  "lazy.an",
		"nothing.an":               "nothing.an",
		"f().an":                   "f().an",
		"1.":                       "1.",
		`"` + dir + "/mea":         `"` + dir + "/measures.txt",
		`ave.http.get("x", { bear`: `ave.http.get("x", { bearer =`,
	} {
		p.Types("<Ctrl-l>" + typed + "<Tab>")
		p.Until("wanted "+want, func(im *screen.Image) bool { return im.Lines()[0] == "> "+want })
		p.Types("<Ctrl-a><Ctrl-k>")
	}
}

func TestMenuHasNoCandidatesInComments(t *testing.T) {
	p := open(t, 80, 24)
	for _, typed := range []string{"-- ave.fs.", "'ave.fs.", "[[ave.fs."} {
		p.Types(typed + "<Tab>x")
		p.Ends("> " + typed + "x")
		p.Types("<Ctrl-c>")
		p.Ends("> "+typed+"x^C", ">")
	}
}

func TestSignature(t *testing.T) {
	p := open(t, 80, 24)
	p.Types("ave.http.get(")
	im := p.Ends("> ave.http.get(", "ave.http.get(url, options?)")
	row := im.Cursor.Row + 1
	if !isMarked(im, row, "url") || isMarked(im, row, "options?") {
		t.Error("wanted the first argument to be marked")
	}
	p.Types("f(1, 2), {")
	im = p.Ends("> ave.http.get(f(1, 2), {", "ave.http.get(url, options?)")
	if isMarked(im, row, "url") || !isMarked(im, row, "options?") {
		t.Error("wanted the second argument to be marked")
	}
	p.Types("})")
	p.Ends("> ave.http.get(f(1, 2), {})")
	p.Types("<Ctrl-c>function mine(first, ...) end<Enter>mine(1, 2, 3")
	if im = p.Ends("> mine(1, 2, 3", "mine(first, ...)"); !isMarked(im, im.Cursor.Row+1, "...") {
		t.Error("wanted ... to be marked")
	}
	p.Types("<Ctrl-c>ave.RemoteControl(")
	p.Ends("> ave.RemoteControl(", "ave.RemoteControl(address, authkey?, timeout?, optimist?, sock?, options?)")
}

// What is known only after the key was shown is shown then, without another key.
func TestLateSignature(t *testing.T) {
	began := filepath.Join(t.TempDir(), "began")
	p := open(t, 80, 24)
	p.Types(fmt.Sprintf(`ave.task.spawn(function() io.open(%q, "w"):close() local over = os.clock() + 1 repeat until os.clock() > over end)<Enter>`, began))
	poll.Until(t, "the task computes", func() bool {
		_, err := os.Stat(began)
		return err == nil
	})
	p.Types("ave.http.get(")
	p.Ends("> ave.http.get(", "ave.http.get(url, options?)")
}

func TestHelpKey(t *testing.T) {
	p := open(t, 80, 150)
	p.Types("ave.http.get(<F1>")
	p.Until("wanted the manual above", func(im *screen.Image) bool {
		return strings.Contains(im.Text(), "Sends GET.") && strings.HasSuffix(strings.TrimSpace(im.Text()), "\n> ave.http.get(\nave.http.get(url, options?)")
	})
	p.Types("<Ctrl-c>ave.http.get?<Enter>")
	p.Until("wanted the manual again", func(im *screen.Image) bool { return strings.Count(im.Text(), "Sends GET.") == 2 })
}

func isMarked(im *screen.Image, row int, word string) bool {
	col := strings.Index(im.Lines()[row], word)
	return im.Cell(row, col).Style != im.Cell(row, 0).Style
}

func TestBlock(t *testing.T) {
	history := filepath.Join(t.TempDir(), "state", "history")
	p := openWith(t, history, 80, 24)
	p.Types("for i=1,3 do<Enter>print(i)<Enter><Up><Up><End> --up")
	p.Ends("> for i=1,3 do --up", ">>     print(i)", ">>")
	p.Types("<Down><Down>end<Enter>")
	p.Ends("> for i=1,3 do --up", ">>     print(i)", ">> end", "1", "2", "3", ">")
	p.Types("<Up>")
	p.Ends("> for i=1,3 do --up", ">>     print(i)", ">> end")
	p.Types("<Ctrl-c>")
	p.Paste("s = \"a\\nb\"\nif s then\n\t\tprint(s)\nelse\n\tx()\nend")
	p.Ends(`> s = "a\nb"`, ">> if s then", ">>         print(s)", ">> else", ">>     x()", ">> end")
	p.Types("<Enter>")
	p.Ends("a", "b", ">")

	p = openWith(t, history, 80, 24)
	p.Types("<Up>")
	p.Ends(`> s = "a\nb"`, ">> if s then", ">>         print(s)", ">> else", ">>     x()", ">> end")
	p.Types("<Enter>")
	p.Ends(">> end", "a", "b", ">")
	p.Types("<Ctrl-r>=1,3")
	p.Ends("> for i=1,3 do --up", ">>     print(i)", ">> end", "search: =1,3")
	p.Types("<Enter>")
	p.Ends("> for i=1,3 do --up", ">>     print(i)", ">> end", "1", "2", "3", ">")
}

func TestIndentation(t *testing.T) {
	p := open(t, 80, 24)
	p.Types("function f(a)<Enter>if a then<Enter>return {<Enter>1,<Enter>}<Enter>else<Enter>x(function()<Enter>y()<Enter>end)<Enter>end<Enter>end")
	p.Ends("> function f(a)", ">>     if a then", ">>         return {", ">>             1,", ">>         }", ">>     else",
		">>         x(function()", ">>             y()", ">>         end)", ">>     end", ">> end")
	p.Types("<Enter>")
	p.Ends(">> end", ">")
}

func TestOutputAppearsAbove(t *testing.T) {
	p := open(t, 80, 24)
	p.Types("fs = ave.fs<Enter>") // or Tab has to load it
	p.Types(`t = ave.task.spawn(function() for i = 1, 1000 do print("tick " .. i) io.stderr:write("err ", i, "\n") ave.time.sleep(0.05) end end)<Enter>`)
	p.Types("for i=1,3 do<Enter>prin")
	p.Shows("tick 3\nerr 3\n")
	p.Until("wanted the block below", func(im *screen.Image) bool {
		return strings.HasSuffix(im.Text(), "\n> for i=1,3 do\n>>     prin") && im.Cursor.Col == len(">>     prin")
	})
	p.Types("t(1)<Backspace><Backspace><Backspace>(1)<Enter>ave.fs.<Tab>")
	p.Until("wanted the menu below", func(im *screen.Image) bool {
		return strings.Contains(im.Text(), "\n> for i=1,3 do\n>>     print(1)\n>>     ave.fs.basename\n basename ")
	})
	p.Types("<Ctrl-c>t:cancel()<Enter>")
}

func TestOutputOfProcessesAppearsAbove(t *testing.T) {
	p := open(t, 80, 24)
	p.Types(`child = ave.Process { target = function() for i = 1, 1000 do print("tick " .. i) ave.time.sleep(0.05) end end }<Enter>`)
	p.Types("child:start()<Enter>half<Alt-Enter>")
	p.Shows("tick 3\n")
	p.Until("wanted the text below", func(im *screen.Image) bool {
		return strings.HasSuffix(im.Text(), "\n> half\n>>") && im.Cursor.Col == len(">> ")
	})
	p.Types("<Ctrl-c>child:terminate()<Enter>")
}

func TestCtrlC(t *testing.T) {
	p := open(t, 80, 24)
	p.Types("abc<Ctrl-c>")
	p.Ends("> abc^C", ">")
	p.Types("print('runs') ave.time.sleep(60)<Enter>")
	p.Ends("runs")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", ">")
	p.Types("<Ctrl-d>")
	p.WantStatus(0)
}

func TestWideCharacters(t *testing.T) {
	p := open(t, 80, 24)
	p.Types(`print("名前 größe é 👩‍👩‍👧x")<Left><Left><Left><Left><Backspace>Y<Enter>`)
	p.Ends(`> print("名前 größe éY👩‍👩‍👧x")`, "名前 größe éY👩‍👩‍👧x", ">")
}

func TestNarrowTerminal(t *testing.T) {
	p := open(t, 40, 10)
	p.Types("ave.fs.<Tab>")
	p.Until("wanted rows that end in …", func(im *screen.Image) bool { return strings.Count(im.Text(), "…\n") > 3 })
	p.Types("<Ctrl-c>x = '" + strings.Repeat("abcdefghi ", 5) + "'<Home>Q")
	p.Shows("\n> Qx = 'abcdefghi abcdefghi abcdefghi ab\ncdefghi abcdefghi '")
}

func TestPasteThatIsTallerThanTheScreen(t *testing.T) {
	p := open(t, 40, 10)
	var lines []string
	for i := range 22 {
		lines = append(lines, fmt.Sprint("x", i+1, " = ", i+1))
	}
	p.Paste(strings.Join(lines, "\n"))
	p.Ends(">> x22 = 22")
	p.Types(strings.Repeat("<Up>", 15) + "ZZ")
	p.Until("wanted the cursor in x7", func(im *screen.Image) bool { return im.Lines()[im.Cursor.Row] == ">> x7 = 7ZZ" })
}

func TestNoColor(t *testing.T) {
	colored := func(env ...string) bool {
		p := open(t, 80, 24, env...)
		p.Types("local x")
		im := p.Ends("> local x")
		return im.Cell(im.Cursor.Row, 2).Style != im.Cell(im.Cursor.Row, 8).Style
	}
	if !colored() || colored("NO_COLOR=1") {
		t.Error("wanted colours, and none with NO_COLOR")
	}
}

func TestThreeLinesInOneWrite(t *testing.T) {
	p := open(t, 80, 24)
	p.Types("a = 1\ra\ra + 1\r")
	p.Ends("> a = 1", "> a", "1", "> a + 1", "2", ">")
}

// TestTerminalIsRestored has a program say what the terminal is like.
func TestTerminalIsRestored(t *testing.T) {
	p := open(t, 80, 24)
	p.Types(`os.execute("stty -a | grep -c 'isig icanon iexten echo '")<Enter>`)
	p.Ends("1", "0", ">")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(p *screentest.Program){
		"os.exit": func(p *screentest.Program) {
			p.Types(`ave.task.spawn(function() ave.time.sleep(0.2) os.exit(7) end)<Enter>half a li`)
		},
		"SIGTERM": func(p *screentest.Program) {
			p.Types(`os.execute("kill $PPID")<Enter>`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := screentest.Start(t, pty.Size{}, nil, "sh", "-c", `"$0" "$1" ''; stty -a`, self, reexec.Argument("prompt"))
			p.Ends(">")
			end(p)
			p.Shows("isig icanon iexten echo ")
		})
	}
}

func TestServiceIsCompleted(t *testing.T) {
	p := open(t, 100, 24)
	p.Paste(`Lab = ave.Control:subclass("Lab")
-- Adds numbers.
Lab.add = ave.Control.rpc(function(self, a, b) return a + b end, { b = 1 })
Lab.doze = ave.Control.rpc(function(self, seconds) ave.time.sleep(seconds) end)
socket, port = ave.find_free_port()
lab = Lab { port = port, socket = socket, authkey = "key" }
lab:start { synchronize = true }
remote = ave.RemoteControl({ "", port }, "key", 5)`)
	p.Types("<Enter><Ctrl-l>remote:<Tab>")
	p.Shows(" add       (a, b=1)  Adds numbers.\n call ")
	p.Types("<Escape>") // and not Alt-a
	p.Ends("> remote:")
	p.Types("add(")
	p.Ends("> remote:add(", "remote:add(a, b=1)")
	p.Types("2)<Enter>")
	p.Ends("> remote:add(2)", "3", ">")
	p.Types("<Ctrl-l>print('calls') remote:doze(60)<Enter>")
	p.Ends("calls")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", ">")
	p.Types("lab:is_alive()<Enter>") // Ctrl-C is for the prompt alone
	p.Ends("> lab:is_alive()", "true", ">")
	p.Types("lab:terminate()<Enter>lab:join() print('ended')<Enter>")
	p.Ends("ended", ">")
}
