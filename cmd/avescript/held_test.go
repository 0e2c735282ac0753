package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"avescript/core/pty"
	"avescript/core/screen"
	"avescript/internal/screentest"
)

// These tests drive avescript test --debug-on-failure as a person does.

const noting = `local function note(name, text) local f = io.open(name, "a") f:write(text) f:close() end `

const heldService = `
local ave = require("ave")
local Lab = ave.Control:subclass("Lab")
Lab.add = ave.Control.rpc(function(self, a, b) return a + b end)
local lab, port
before_each(function()
  local socket
  socket, port = ave.find_free_port()
  lab = Lab { port = port, socket = socket, authkey = "key" }
  lab:start { synchronize = true }
end)
after_each(function()
  note("cleaned", "lab\n")
  lab:terminate()
  lab:join()
end)
it("has a lab", function()
  local remote = ave.RemoteControl({ "", port }, "key", 5)
  local sum = remote:add(1, 2)
  assert.equals(4, sum)
end)
it("is well", function() end)
`

const heldPlain = `
it("fails too", { timeout = 60 }, function()
  local b = "in b"
  print("output of b")
  while not io.open("lab is held") do require("ave").time.sleep(0.01) end
  error("broken b")
end)
it("passes", function() end)
`

// holds runs tests in a directory with these files, on a terminal.
func holds(t *testing.T, files map[string]string, args ...string) *screentest.Program {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for name, text := range files {
		if err := os.WriteFile(name, []byte(noting+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	argv := append([]string{"avescript", "test", "--debug-on-failure"}, args...)
	return screentest.Start(t, pty.Size{Cols: 100, Rows: 60}, nil, argv...)
}

func cleaned(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("cleaned")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func TestTwoTestsAreHeld(t *testing.T) {
	p := holds(t, map[string]string{"test_lab.lua": heldService, "test_plain.lua": heldPlain}, "-j", "2", "--timeout", "5", "--run-timeout", "60")
	p.Shows("held: has a lab (test_lab.lua:17)")
	p.Shows("expected: 4\n  actual: 3")
	p.Shows("->   20 |   assert.equals(4, sum)")
	p.Ends(">")
	p.Types(`remote:add(sum, 39)<Enter>`)
	p.Ends("> remote:add(sum, 39)", "42", ">")
	p.Types(`local f = io.open("lab is held", "w") f:close()<Enter>`)
	p.Types("rem<Tab>")
	p.Until("wanted the local variable completed", func(im *screen.Image) bool { return im.Lines()[im.Cursor.Row] == "> remote" })
	p.Types("<Ctrl-c>")
	p.Types("sum = 4 print('sum', sum)<Enter>")
	p.Ends("> sum = 4 print('sum', sum)", "sum     4", ">")
	p.Types("print('runs') while true do end<Enter>")
	p.Ends("runs")
	p.Types("<Ctrl-c>")
	p.Ends("runs", "^Cinterrupted", ">")
	p.Types("ave.time.sleep(6) print('the time stands still')<Enter>") // longer than a test may take
	im := p.Ends("the time stands still", ">")
	if text := im.Text(); strings.Contains(text, "fails too") || strings.Contains(text, "files") {
		t.Errorf("the report is in the prompt:\n%s", text)
	}
	if got := cleaned(t); got != "" {
		t.Errorf("it was cleaned up: %q", got)
	}
	p.Types("<Ctrl-d>")
	p.Shows("held: fails too (test_plain.lua:2)")
	p.Ends(">")
	p.Types("b<Enter>")
	p.Ends("> b", `"in b"`, ">")
	p.Types("<Ctrl-d>")
	p.Shows("2 passed, 2 failed")
	im, _ = p.Screen(t.Context())
	if text := im.Text(); strings.Contains(text, "fails too left") || !strings.Contains(text, "output of b") {
		t.Errorf("wanted a report with the output and nothing left behind, got:\n%s", text)
	}
	p.WantStatus(1)
	if got := cleaned(t); got != "lab\nlab\n" {
		t.Errorf("cleaned up: %q", got)
	}
}

const slowTest = `
after_each(function() note("cleaned", "slow\n") end)
it("hangs", function()
  local state = "waits for nothing"
  require("ave").time.sleep(1000)
end)
it("comes after", function() note("cleaned", "after\n") end)
`

func TestOverdueTestIsHeld(t *testing.T) {
	for _, workers := range []string{"0", "1"} {
		t.Run("-j "+workers, func(t *testing.T) {
			p := holds(t, map[string]string{"test_slow.lua": slowTest}, "-j", workers, "--timeout", "0.3")
			p.Shows("held: hangs (test_slow.lua:3)")
			p.Ends(">")
			p.Types("<Ctrl-l>state<Enter>")
			p.Ends("> state", `"waits for nothing"`, ">")
			p.Ends(">")
			p.Types(":quit<Enter>")
			p.Shows("0 passed, 1 failed") // nothing else begins
			p.WantStatus(1)
			if got := cleaned(t); got != "slow\n" {
				t.Errorf("cleaned up: %q", got)
			}
		})
	}
}

func TestQuitEndsTheRun(t *testing.T) {
	for _, workers := range []string{"0", "1"} {
		t.Run("-j "+workers, func(t *testing.T) {
			p := holds(t, map[string]string{"test_lab.lua": heldService}, "-j", workers)
			p.Shows("held: has a lab (test_lab.lua:17)")
			p.Ends(">")
			p.Types(":quit<Enter>")
			p.Shows("1 failed")
			p.WantStatus(1)
			if got := cleaned(t); got != "lab\n" {
				t.Errorf("cleaned up: %q", got)
			}
		})
	}
}

// TestHeldWorkerIsKilled kills the worker in the middle of a line that is typed. The
// terminal is as it was before.
func TestHeldWorkerIsKilled(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	test := `it("fails", function() io.open("pid", "w"):write(require("ave").posix.getpid()):close() error("broken") end)`
	if err := os.WriteFile("test_it.lua", []byte(noting+test), 0o600); err != nil {
		t.Fatal(err)
	}
	p := screentest.Start(t, pty.Size{Cols: 100, Rows: 60}, nil, "sh", "-c",
		"avescript test --debug-on-failure -j 1 test_it.lua; echo status $?; stty -a")
	p.Shows("held: fails (test_it.lua:1)")
	p.Ends(">")
	p.Types("half a li")
	p.Ends("> half a li")
	pid, err := os.ReadFile("pid")
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(string(pid))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.Shows("the worker died: signal SIGKILL")
	p.Shows("status 1")
	p.Shows("isig icanon iexten echo ")
}

func TestHeldTestIsSuspended(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	holds(t, map[string]string{"test_lab.lua": heldService, "test_later.lua": `
it("waits for the file", function() while not io.open("go on") do require("ave").time.sleep(0.01) end end)
`}, "--list")
	p := screentest.Start(t, pty.Size{Cols: 100, Rows: 60}, []string{"PS1=shell: "}, bash, "--norc", "--noprofile", "-i")
	p.Ends("shell:")
	p.Types("avescript test --debug-on-failure -j 1<Enter>")
	p.Shows("held: has a lab")
	p.Ends(">")
	p.Types("sum<Ctrl-z>")
	p.Ends("shell:")
	p.Types("stty -a | grep -c ' icanon'\r")
	p.Ends("1", "shell:")
	p.Types("fg\r")
	p.Ends("> sum")
	p.Types("<Enter>")
	p.Ends("3", ">")
	p.Types("print('runs') ave.time.sleep(0.5) print('done')<Enter>")
	p.Ends("runs")
	p.Types("<Ctrl-z>")
	p.Ends("shell:")
	p.Types("fg\r")
	p.Ends("done", ">")
	p.Types("<Ctrl-d>")
	p.Shows("waits for the file")
	p.Types("<Ctrl-z>") // nothing is held any more
	p.Ends("shell:")
	p.Types("echo >'go on'; fg\r")
	p.Shows("2 passed, 1 failed")
	p.Ends("shell:")
}

// TestHeldTestIsNotSuspendedWithoutAShell has nobody who could continue it.
func TestHeldTestIsNotSuspendedWithoutAShell(t *testing.T) {
	p := holds(t, map[string]string{"test_lab.lua": heldService}, "-j", "1")
	p.Shows("held: has a lab")
	p.Ends(">")
	p.Types("su<Ctrl-z>")
	p.Types("m<Enter>")
	p.Ends("> sum", "3", ">")
	p.Types("<Ctrl-d>")
	p.Shows("1 passed, 1 failed")
	p.WantStatus(1)
}

// TestLimitsStandStillAtAPrompt that a test has opened itself.
func TestLimitsStandStillAtAPrompt(t *testing.T) {
	const test = `it("stands", function() local here = 7 require("ave").repl() end)`
	for name, argv := range map[string][]string{
		"test":   {"avescript", "test", "-j", "0", "--timeout", "2", "--run-timeout", "3", "test_it.lua"},
		"script": {"avescript", "script.lua"},
	} {
		t.Run(name, func(t *testing.T) {
			holds(t, map[string]string{"test_it.lua": test, "script.lua": `
				it("stands", { timeout = 2 }, function() local here = 7 require("ave").repl() end)`}, "--list")
			p := screentest.Start(t, pty.Size{Cols: 100, Rows: 60}, nil, argv...)
			p.Shows("stands here")
			p.Types("require('ave').time.sleep(4) print(here)<Enter>") // longer than the test may take
			p.Ends("7", ">")
			p.Types("<Ctrl-d>")
			p.Shows("1 passed, 0 failed")
			p.WantStatus(0)
		})
	}
}

func TestSignalEndsWhatIsHeld(t *testing.T) {
	p := holds(t, map[string]string{"test_lab.lua": heldService}, "-j", "1")
	p.Shows("held: has a lab (test_lab.lua:17)")
	p.Ends(">")
	p.Types("half a li")
	if err := syscall.Kill(p.PID(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.Shows("1 failed")
	p.WantStatus(143)
	if got := cleaned(t); got != "lab\n" {
		t.Errorf("cleaned up: %q", got)
	}
}

// TestWhatIsHeld lists tests that are held, with what is not.
func TestWhatIsHeld(t *testing.T) {
	p := holds(t, map[string]string{"test_all.lua": `
describe("expected", function()
  it("fails", { xfail = true }, function() error("as it should") end)
end)
it("is not ready", function() pending("later") end)
it("is soft", function() local n = 1 assert.soft.equals(2, n) note("cleaned", "goes on\n") end)
describe("hooks", function()
  before_each(function() local hook = "mine" error("broken hook") end)
  it("never runs", function() end)
end)
it("stands", function() local here = 7 require("ave").repl() note("cleaned", "here " .. here .. "\n") end)
`}, "-j", "1")
	p.Shows("held: is soft (test_all.lua:6)")
	p.Ends(">")
	p.Types("n<Enter>")
	p.Ends("> n", "1", ">")
	p.Types("<Ctrl-d>")
	p.Shows("held in before_each: hooks never runs (test_all.lua:9)")
	p.Ends(">")
	p.Types("hook<Enter>")
	p.Ends("> hook", `"mine"`, ">")
	p.Types("<Ctrl-d>")
	p.Shows("ave.repl: stands (test_all.lua:11)")
	p.Ends(">")
	p.Types("here = 8<Enter><Ctrl-d>")
	p.Shows("1 passed, 2 failed, 1 skipped, 1 xfailed")
	if got := cleaned(t); got != "goes on\nhere 8\n" {
		t.Errorf("went on: %q", got)
	}
}

func TestHoldingNeedsATerminal(t *testing.T) {
	p := screentest.Start(t, pty.Size{Cols: 150, Rows: 10}, nil, "sh", "-c",
		"avescript test --debug-on-failure </dev/null; echo status $?")
	p.Shows("avescript: --debug-on-failure needs a terminal: standard input or output is redirected")
	p.Shows("status 2")
}
