package repl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"avescript/core/screen"
	"avescript/internal/reexec"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadAndReload(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "setup.lua", "#!/usr/bin/env avescript\nlocal hidden = 2\nanswer = hidden * 21\nreturn 'loaded', answer")
	write(t, "bad.lua", "x = ")
	write(t, "helpers.lua", "return { version = 1 }")
	p := open(t, 100, 24)
	p.Types(":load se<Tab>")
	p.Ends("> :load setup.lua")
	p.Types("<Enter>answer, hidden<Enter>")
	p.Ends("> :load setup.lua", `"loaded"        42`, "> answer, hidden", "42      nil", ">")
	p.Types("<Ctrl-l>:load bad.lua<Enter>")
	p.Shows("bad.lua:1:")
	p.Types("<Ctrl-l>:load missing.lua<Enter>")
	p.Shows("open missing.lua: no such file or directory")
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"load", "save!"} { // which would wait for the other end
		p.Types("<Ctrl-l>:" + command + " pipe<Enter>")
		p.Ends("> :"+command+" pipe", "pipe is not a regular file", ">")
	}
	p.Types("<Ctrl-l>:load<Enter>")
	p.Shows(":load takes the name of a FILE: got nothing")

	p.Types("<Ctrl-l>package.path = './?.lua;' .. package.path<Enter>:reload helpers<Enter>")
	p.Shows(`module "helpers" is not loaded: use require "helpers"`)
	p.Types("<Ctrl-l>h = require 'helpers'<Enter>h.version<Enter>")
	p.Ends("> h.version", "1", ">")
	write(t, "helpers.lua", "return { version = 2 }")
	p.Types("<Ctrl-l>:reload he<Tab>")
	p.Ends("> :reload helpers")
	p.Types("<Enter>h.version<Enter>")
	p.Ends(`module "helpers" was loaded again; these variables have the new one: h`, "> h.version", "2", ">")
	write(t, "helpers.lua", "error('broken')")
	p.Types("<Ctrl-l>:reload helpers<Enter>h.version, require('helpers').version<Enter>")
	p.Ends("> h.version, require('helpers').version", "2       2", ">")
	p.Shows("broken")
	p.Types("<Ctrl-l>ave.fs.list('.')<Enter>:reload ave.fs<Enter>")
	p.Shows(`module "ave.fs" cannot be loaded again: it is part of avescript`)
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "set\u00a0up.lua", "base = 40")
	p := open(t, 100, 40)
	p.Types(":save session.lua<Enter>")
	p.Shows("there is nothing to save: no input has worked yet")
	for _, line := range []string{
		"local n = 2", "n + 1 -- a comment", "function add(a, b) return a + b end", "error('not saved')", "nonsense nonsense",
		" secret = 'not saved'", ":load set\u00a0up.lua", "print(add(base, n))", "(print)('in brackets')", "= 'equals'", ":time add(1, 2)", "return 7", "add?", "help(add)", "help 'add'", ":time help(add)",
	} {
		p.Types(line + "<Enter>")
	}
	p.Types("<Ctrl-l>:save session.lua<Enter>")
	p.Ends("saved 9 inputs in session.lua", ">")
	p.Types("<Ctrl-l>:save session.lua<Enter>")
	p.Shows("session.lua exists: give another name, or replace it with :save! session.lua")
	p.Types("<Ctrl-l>:save! session.lua<Enter>")
	p.Ends("saved 9 inputs in session.lua", ">")
	saved, err := os.ReadFile("session.lua")
	want := `#!/usr/bin/env avescript
local ave = require("ave")

local n = 2
print(n + 1 -- a comment
)
function add(a, b) return a + b end
dofile("set` + "\u00a0" + `up.lua")
print(add(base, n))
do end (print)('in brackets')
print('equals')
add(1, 2)
do end (function()
return 7
end)()
`
	if string(saved) != want || err != nil {
		t.Errorf("got %v\n%s\nwanted\n%s", err, saved, want)
	}
	out, err := reexec.Command("service", string(saved)).CombinedOutput()
	if string(out) != "3\n42\nin brackets\nequals\n" || err != nil {
		t.Errorf("the script says %v\n%s", err, out)
	}
}

func TestSavedTarget(t *testing.T) {
	l := startLab(t, "the-primary-key")
	file := filepath.Join(t.TempDir(), "session.lua")
	p := l.connect(100, 30, "", "AVE_AUTHKEY=the-primary-key")
	p.Ends(l.prompt(""))
	p.Types("print(service:add(1))<Enter>:connect " + l.port + " admin<Enter>")
	p.Shows("connected to")
	p.Types("print(service:add(2))<Enter>:save " + file + "<Enter>")
	p.Shows("saved 4 inputs")
	saved, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(saved), "-key") {
		t.Fatalf("got %v\n%s", err, saved)
	}
	run := reexec.Command("service", string(saved))
	run.Env = append(os.Environ(), "HOME="+l.home, "AVE_AUTHKEY=the-primary-key")
	out, err := run.CombinedOutput()
	if string(out) != "2\n3\n" || err != nil {
		t.Errorf("the script says %v\n%s\n%s", err, out, saved)
	}
}

func TestTime(t *testing.T) {
	p := open(t, 100, 24)
	p.Types(":time ave.time.slee<Tab>")
	p.Ends("> :time ave.time.sleep")
	p.Types("(0.05) return 1, 'two'<Enter>")
	p.Until("wanted the values and the time", func(im *screen.Image) bool {
		return strings.Contains(im.Text(), "\n1       \"two\"\ntook ") && strings.Contains(im.Text(), "s of CPU\n>")
	})
	p.Types("<Ctrl-l>:time error('on purpose')<Enter>")
	p.Shows("took ")
	p.Shows("on purpose")
	p.Types("<Ctrl-l>:time print('calls') ave.time.sleep(60)<Enter>")
	p.Ends("calls")
	p.Types("<Ctrl-c>")
	p.Shows("interrupted")
	p.Types("<Ctrl-l>:time<Enter>")
	p.Shows(":time takes an expression: got nothing")
}

func TestShellCommand(t *testing.T) {
	p := open(t, 100, 24)
	p.Types(":!read line; echo \"got $line\"<Enter>a line<Enter>")
	p.Ends("got a line", ">")
	p.Types("<Ctrl-l>:! sleep 60<Enter>")
	p.Ends("> :! sleep 60")
	p.Types("<Ctrl-c>")
	p.Ends("^Cthe command failed: signal: interrupt", ">")
	p.Types("<Ctrl-l>:!exit 3<Enter>")
	p.Ends("the command failed: exit status 3", ">")
	p.Types("<Up>")
	p.Ends("> :!exit 3")
	p.Types("<Ctrl-c>:<Tab>")
	p.Shows(" connect     [HOST:]PORT [ACCOUNT]  make a service the target")
	p.Types("<Escape>")
	p.Ends("> :")
	p.Types("qu<Tab><Enter>")
	p.WantStatus(0)
}

// TestCommandsOnAPipe has commands do without a terminal.
func TestCommandsOnAPipe(t *testing.T) {
	l := startLab(t, "")
	run := func(input string) (string, error) {
		c := reexec.Command("connect", "", l.port, "admin")
		c.Env = append(os.Environ(), "HOME="+l.home)
		c.Stdin = strings.NewReader(input)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := run("service:add(1)\n:!echo from the shell\nfor i = 1, 2 do\nprint(i)\nend\n")
	if out != "2\nfrom the shell\n1\n2\n" || err != nil {
		t.Errorf("got %v\n%s", err, out)
	}
	out, err = run("service:nothing()\nservice:add(1)\n:quit\n")
	if _, failed := err.(*exec.ExitError); !failed || !strings.Contains(out, "no such RPC: nothing") || !strings.Contains(out, "\n2\n") {
		t.Errorf("wanted a status that says so, got %v\n%s", err, out)
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("an escape sequence: %q", out)
	}
}
