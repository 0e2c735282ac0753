package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"avescript/core/pty"
	"avescript/core/screen"
	"avescript/internal/screentest"
)

// These tests drive prompts that stand in a script: ave.repl, and what follows an error
// with -i.

// runs runs a script on a terminal.
func runs(t *testing.T, script string, args ...string) *screentest.Program {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	if err := os.WriteFile("it.lua", []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return screentest.Start(t, pty.Size{Cols: 100, Rows: 60}, nil, append([]string{"avescript"}, args...)...)
}

const standingScript = `local ave = require("ave")
local factor = 2
local function measure(port)
  local volts = port * factor
  ave.repl()
  print("volts", volts, "factor", factor, "made", made)
  return volts
end
local function all(label)
  local sum = measure(3)
  return sum
end
print("sum", all("rack"), keep and keep())
`

func TestPromptInAScript(t *testing.T) {
	p := runs(t, standingScript, "it.lua")
	p.Shows("the script stands here")
	p.Ends("->    5 |   ave.repl()", "      6 |   print(\"volts\", volts, \"factor\", factor, \"made\", made)", "      7 |   return volts", "      8 | end", ">")
	p.Types("volts, port, factor<Enter>")
	p.Ends("> volts, port, factor", "6       3       2", ">")
	p.Types("vol<Tab>")
	p.Until("wanted the local completed", func(im *screen.Image) bool { return im.Lines()[im.Cursor.Row] == "> volts" })
	p.Types(" = 10 factor = 5 made = 'here' function keep() return volts end<Enter>")
	p.Ends(">")
	p.Types(":up<Enter>")
	p.Ends("->   10 |   local sum = measure(3)", "     11 |   return sum", "     12 | end", `     13 | print("sum", all("rack"), keep and keep())`, "2>")
	p.Types("label, volts<Enter>")
	p.Ends("2> label, volts", `"rack"  nil`, "2>")
	p.Types("label = 'other'<Enter>:locals<Enter>")
	p.Ends("2> :locals", `label = "other"`, "measure = function: "+pointer(p, "measure = function: ")+"  (upvalue)", "2>")
	p.Types("<Ctrl-l>:frames<Enter>")
	p.Ends("   1  it.lua:5: in function 'measure'", "*  2  it.lua:10: in function 'all'", "   3  it.lua:13: in main chunk", "2>")
	p.Types(":down<Enter>volts<Enter>")
	p.Ends("> volts", "10", ">")
	p.Types("nothing.x<Enter>") // its error is one of the prompt
	p.Ends(">")
	p.Types("<Ctrl-l>:error<Enter>")
	p.Ends("frame 1 of 1, stdin:1: in main chunk", "->    1 | return nothing.x", "error 1>")
	p.Types(":down<Enter><Ctrl-l>volts<Enter>")
	p.Ends("> volts", "10", ">")
	p.Types("<Ctrl-d>")
	p.Shows("volts   10      factor  5       made    here\nsum     10      10")
	p.WantStatus(0)
}

// pointer is the word on the screen that follows a text.
func pointer(p *screentest.Program, after string) string {
	im := p.Shows(after)
	_, rest, _ := strings.Cut(im.Text(), after)
	return strings.Fields(rest)[0]
}

func TestTasksGoOnAtThePromptOfAScript(t *testing.T) {
	p := runs(t, `local ave = require("ave")
local n = 0
local task = ave.task.spawn(function() for i = 1, 1000 do n = i print("tick " .. i) ave.time.sleep(0.05) end end)
local co = coroutine.wrap(function() local inside = "a coroutine" ave.repl() coroutine.yield(inside) end)
print("got", co())
task:cancel()
`, "it.lua")
	p.Shows("tick 3\n")
	p.Types("<Ctrl-l>ins")
	p.Shows("tick 20\n")
	p.Types("ide<Enter>print('runs') while true do end<Enter>")
	p.Shows(`"a coroutine"`)
	p.Shows("runs")
	p.Types("<Ctrl-c>")
	p.Shows("interrupted")
	p.Types("inside = 'set'<Enter><Ctrl-d>")
	p.Shows("got     set")
	p.WantStatus(0)
}

func TestPromptWithinAPrompt(t *testing.T) {
	p := runs(t, "")
	p.Ends(">")
	p.Types("function f(a) local b = a + 1 ave.repl() return b end<Enter>(f(1))<Enter>")
	p.Shows("frame 1 of 2, stdin:1: in function 'f'")
	p.Ends(">")
	p.Types("print('runs') ave.time.sleep(60)<Enter>")
	p.Ends("runs")
	p.Types("<Ctrl-c>") // for this prompt alone
	p.Ends("^Cinterrupted", ">")
	p.Types("b = b * 21<Enter>")
	p.Ends("> b = b * 21", ">") // while it runs, the terminal takes Ctrl-D for itself
	p.Types("<Ctrl-d>")
	p.Ends("42", ">")
	p.Types("local x = 5 error('e')<Enter>:up<Enter>x<Enter>:down<Enter>x<Enter>")
	p.Ends("error 1> x", "5", "error 1> :down", "> x", "nil", ">")
	p.Types("local z = 8 print('runs') while true do end<Enter>")
	p.Ends("runs")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", ">")
	p.Types("<Ctrl-l>:up<Enter>z<Enter>")
	p.Ends("error 1> z", "8", "error 1>")
}

const brokenScript = `local function inner(x)
  local t = { x = x }
  local function get() return t end
  kept = get
  error("broken " .. t.x)
end
local function outer(n)
  local label = "outer " .. n
  pcall(error, "caught")
  inner(n)
end
seen = "a global"
outer(3)
`

func TestPostMortem(t *testing.T) {
	p := runs(t, brokenScript, "-i", "it.lua")
	p.Shows("it.lua:5: broken 3")
	p.Shows("frame 1 of 3, it.lua:5: in function 'inner'")
	p.Ends(">")
	p.Types("t.x, seen<Enter>")
	p.Ends("> t.x, seen", `3       "a global"`, ">")
	p.Types("t = 'set' return t, kept().x<Enter>") // for the prompt alone
	p.Ends("> t = 'set' return t, kept().x", `"set"   3`, ">")
	p.Types(":up<Enter>label<Enter>")
	p.Ends("2> label", `"outer 3"`, "2>")
	p.Types("<Ctrl-d>")
	p.WantStatus(0)

	p = runs(t, "", "-i", "-e", "local a = 5; x = 6")
	p.Ends(">")
	p.Types("a, x<Enter>")
	p.Ends("> a, x", "nil     6", ">")
	p.Types(":up<Enter>")
	p.Ends("there are no frames to look at: no error was raised here", ">")
}

func TestPostMortemAfterCtrlC(t *testing.T) {
	p := runs(t, "local state = 'loops' print('ready') while true do pcall(function() while true do end end) end", "-i", "it.lua")
	p.Ends("ready")
	p.Types("<Ctrl-c>")
	p.Shows("interrupted")
	p.Ends(">")
	p.Types(":frame 2<Enter>")
	p.Ends("2>")
	p.Types("state<Enter>")
	p.Shows(`"loops"`)
}

func TestPromptOfAScriptOnAPipe(t *testing.T) {
	runs(t, standingScript, "-e", "")
	for input, want := range map[string]string{
		"":                   "volts\t6\tfactor\t2\tmade\tnil\nsum\t6\tnil\n",
		"volts\nvolts = 1\n": "6\nvolts\t1\tfactor\t2\tmade\tnil\nsum\t1\tnil\n",
		"for i = 1, 2 do\nprint(i)\nend\nquit\nnot for the prompt\n": "1\n2\nvolts\t6\tfactor\t2\tmade\tnil\nsum\t6\tnil\n",
	} {
		c := exec.Command("avescript", "it.lua")
		c.Stdin = strings.NewReader(input)
		got, err := c.CombinedOutput()
		if string(got) != want || err != nil {
			t.Errorf("input %q: wanted %q, got %q, %v", input, want, got, err)
		}
	}
}

func TestNoPromptInAService(t *testing.T) {
	runs(t, "", "-e", "")
	c := exec.Command("avescript", "-e", `local p = ave.Process { target = function() print(pcall(require("ave").repl)) end } p:start() p:join()`)
	got, err := c.CombinedOutput()
	if !strings.Contains(string(got), "ave.repl: this process has no terminal") || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
