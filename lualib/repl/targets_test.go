package repl_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/pty"
	"avescript/core/screen"
	"avescript/internal/poll"
	"avescript/internal/reexec"
	"avescript/internal/screentest"
	"avescript/lualib"
	"avescript/lualib/modules/service"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// runService runs a piece of Lua, with arguments.
func runService(args []string) error {
	return script.Run(context.Background(), lualib.New(vm.Stdio{}), script.Code(args[0]), args[1:], nil)
}

// labScript is a service. The second argument is its key, and the third a method that it
// has as well.
const labScript = `
local ave = require("ave")
local rpc = ave.Control.rpc
local Lab = ave.Control:subclass("Lab")
-- Adds numbers.
Lab.add = rpc(function(self, a, b) return a + b end, { b = 1 })
Lab.doze = rpc(function(self, seconds) ave.time.sleep(seconds) return "dozed" end)
Lab.fail = rpc(function(self, seconds) ave.time.sleep(seconds) error("failed on purpose") end)
if arg[3] then
	Lab[arg[3]] = rpc(function(self) return "newly " .. arg[3] end)
end
local key = arg[2] ~= "" and arg[2] or nil
local lab = Lab { port = tonumber(arg[1]), authkey = key, alt_keys = { admin = "the-admin-key" } }
lab:start { synchronize = true }
print(lab.port)
io.stdout:flush()
lab:join()
`

// lab is that service in processes of its own, which can be killed and started again.
type lab struct {
	t    *testing.T
	home string // with authkeys.json
	key  string
	port string
	cmd  *exec.Cmd
}

func startLab(t *testing.T, key string) *lab {
	t.Helper()
	l := &lab{t: t, home: t.TempDir(), key: key, port: "0"}
	config := filepath.Join(l.home, ".ave", "config")
	keys := `{"admin": "the-admin-key", "guest": "another-key", "open": null}`
	if err := os.MkdirAll(config, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "authkeys.json"), []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	l.start()
	t.Cleanup(l.kill)
	return l
}

// start starts it, with another method than it had before if one is named.
func (l *lab) start(method ...string) {
	l.t.Helper()
	l.cmd = reexec.Command("service", append([]string{labScript, l.port, l.key}, method...)...)
	l.cmd.Env = append(os.Environ(), "HOME="+l.home)
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		l.t.Fatal(err)
	}
	l.port = strings.TrimSpace(line)
}

// kill kills it, and waits until nobody listens.
func (l *lab) kill() {
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
	poll.Until(l.t, "the port is free", func() bool {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+l.port, time.Second)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

// runConnect is what avescript connect does.
func runConnect(args []string) error {
	return runPromptWith(args[0], func(config *repl.Config) {
		config.Service = &repl.Service{Address: args[1], Account: args[2]}
		config.Client = control.ClientOptions{Authkey: os.Getenv("AVE_AUTHKEY")}
	})
}

// connect opens a prompt with the service as its target.
func (l *lab) connect(cols, rows int, account string, env ...string) *screentest.Program {
	l.t.Helper()
	return screentest.Start(l.t, pty.Size{Cols: cols, Rows: rows}, append(env, "HOME="+l.home),
		"/proc/self/exe", reexec.Argument("connect"), filepath.Join(l.home, "history"), l.port, account)
}

func (l *lab) prompt(state string) string { return fmt.Sprintf("lab@localhost:%s%s>", l.port, state) }

func TestTargetIsRestarted(t *testing.T) {
	l := startLab(t, "")
	p := l.connect(100, 30, "")
	p.Shows("connected to 127.0.0.1:" + l.port)
	p.Ends(l.prompt(""))
	p.Types("service:<Tab>")
	p.Shows(" add       (a, b=1)  Adds numbers.\n")
	p.Types("<Escape>") // and not Alt-a
	p.Ends(l.prompt("") + " service:")
	p.Types("add(")
	p.Ends(l.prompt("")+" service:add(", "service:add(a, b=1)")

	// The prompt tells at once, and what is being typed stays.
	l.kill()
	p.Ends(l.prompt(" (not connected)")+" service:add(", "service:add(a, b=1)")
	p.Types("2)<Enter>")
	p.Shows("ConnectionRefused: cannot connect to 127.0.0.1:" + l.port)
	p.Ends(l.prompt(" (not connected)"))

	l.start("extra")
	p.Types("service:add(2)<Enter>")
	p.Ends(l.prompt(" (not connected)")+" service:add(2)",
		"connected again: the service has forgotten what it kept for the old connection", "3", l.prompt(""))
	p.Types("<Ctrl-l>service:ex<Tab>")
	p.Ends(l.prompt("") + " service:extra")
	p.Types("()<Enter>")
	p.Ends(`"newly extra"`, l.prompt(""))

	// What is under way is not repeated.
	p.Types("<Ctrl-l>print('calls') service:doze(60)<Enter>")
	p.Ends("calls")
	l.kill()
	p.Shows("; the call was not repeated, a")
	p.Ends(l.prompt(" (not connected)"))
}

// The name of a method is what a service says. It is not typed as code.
func TestMethodThatIsCode(t *testing.T) {
	l := startLab(t, "")
	l.kill()
	l.start(`zero() print("ran")`)
	p := l.connect(100, 30, "")
	p.Ends(l.prompt(""))
	p.Types("service:<Tab>")
	p.Shows(" add       (a, b=1)  Adds numbers.\n")
	p.Types("<Escape>")
	p.Ends(l.prompt("") + " service:")
	p.Types("z<Tab>x")
	p.Ends(l.prompt("") + " service:zx")
}

func TestCtrlCLeavesTheConnection(t *testing.T) {
	l := startLab(t, "")
	p := l.connect(100, 30, "")
	p.Ends(l.prompt(""))
	for _, call := range []string{"service:doze(0.5)", "service:fail(0.5)", "service:doze(0.5)", "service.future:fail(0.5):get()"} {
		p.Types("<Ctrl-l>print('calls') " + call + "<Enter>")
		p.Ends("calls")
		p.Types("<Ctrl-c>")
		p.Ends("^Cinterrupted", l.prompt(" (busy)"))
	}
	p.Types("<Ctrl-l>service:add(40, 2)<Enter>")
	p.Ends(l.prompt(" (busy)")+" service:add(40, 2)", "42", l.prompt(""))
	p.Types("service:fail(0)<Enter>")
	p.Shows("failed on purpose")
	p.Ends(l.prompt(""))

	// A future goes on, and so do the RemoteControls that are made at the prompt.
	p.Types("<Ctrl-l>f = service.future:doze(0.5) print('calls') f:get()<Enter>")
	p.Ends("calls")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", l.prompt(" (busy)"))
	p.Types("<Ctrl-l>f:get()<Enter>")
	p.Ends(l.prompt(" (busy)")+" f:get()", `"dozed"`, l.prompt(""))
	p.Types("<Ctrl-l>mine = ave.RemoteControl({ '', " + l.port + " }) print('calls') mine:doze(0.5)<Enter>")
	p.Ends("calls")
	p.Types("<Ctrl-c>")
	p.Ends("^Cinterrupted", l.prompt(""))
	p.Types("mine:add(4)<Enter>")
	p.Ends("5", l.prompt(""))
}

// TestBusyEnds has the prompt change while nobody types.
func TestBusyEnds(t *testing.T) {
	l := startLab(t, "")
	p := l.connect(100, 30, "")
	p.Ends(l.prompt(""))
	p.Types("<Ctrl-l>f = service.future:doze(1)<Enter>")
	p.Ends(l.prompt(" (busy)"))
	p.Ends(l.prompt(""))
}

func TestKeysOfTargets(t *testing.T) {
	l := startLab(t, "the-primary-key")
	advice := "set AVE_AUTHKEY to its key, or choose an account of authkeys.json"
	for name, test := range map[string]struct {
		account, env, says string
	}{
		"missing":         {"", "AVE_AUTHKEY=", "the service at 127.0.0.1:" + l.port + " requires a key: " + advice},
		"wrong":           {"", "AVE_AUTHKEY=secret-but-wrong", "does not accept the key of AVE_AUTHKEY: " + advice},
		"another's":       {"guest", "", `does not accept the key of account "guest" in authkeys.json: ` + advice},
		"unknown account": {"amin", "", `authkeys.json has no account "amin"; did you mean 'admin'?`},
	} {
		t.Run(name, func(t *testing.T) {
			p := l.connect(250, 10, test.account, test.env)
			im := p.Shows(test.says)
			p.WantStatus(1)
			if strings.Contains(im.Text(), "secret-but-wrong") || strings.Contains(im.Text(), "another-key") {
				t.Errorf("the key is shown:\n%s", im.Text())
			}
		})
	}
	p := l.connect(100, 30, "", "AVE_AUTHKEY=the-primary-key")
	p.Ends(l.prompt(""))
	p.Types(":stat<Enter>")
	p.Shows("'$statistics' needs the key of admin; with the key of an account:\n:connect 127.0.0.1:" + l.port + " ACCOUNT")
	p.Types("<Ctrl-l>:connect " + l.port + " <Tab>")
	p.Shows(" admin  account\n guest  account\n open   account")
	p.Types("<Enter><Enter>")
	p.Shows("connected to 127.0.0.1:" + l.port)
	p.Types("<Ctrl-l>:stat<Enter>")
	p.Shows("\nclients     ")
	p.Shows("99% WITHIN  METHOD")
	p.Types("<Ctrl-l>:connect " + l.port + " guest<Enter>") // which leaves everything as it is
	p.Shows(`does not accept the key of account "guest"`)
	p.Types("<Ctrl-l>service:add(1)<Enter>")
	p.Ends("2", l.prompt(""))
	p.Types("<Ctrl-d>")
	p.WantStatus(0)
	history, err := os.ReadFile(filepath.Join(l.home, "history"))
	if err != nil || !strings.Contains(string(history), ":connect "+l.port+" admin") || strings.Contains(string(history), "-key") {
		t.Errorf("wanted a history without keys, got %s, %v", history, err)
	}
}

func TestTargetIsChanged(t *testing.T) {
	first, second := startLab(t, ""), startLab(t, "")
	p := first.connect(100, 30, "")
	p.Ends(first.prompt(""))
	p.Types(":connect " + second.port + "<Enter>")
	p.Ends(second.prompt(""))
	p.Types("<Ctrl-l>:connect localhost:1<Enter>")
	p.Shows("cannot connect to localhost:1")
	p.Ends(second.prompt(""))
	for typed, says := range map[string]string{
		":connect":          ":connect takes [HOST:]PORT and, if it needs a key, an ACCOUNT: got 0 arguments",
		":connect x":        `wanted HOST:PORT with a port from 1 to 65535, got "x"`,
		":connect 1 2 3":    "got 3 arguments",
		":disconnect x":     `:disconnect takes no arguments: got "x"`,
		":conect 4000":      "there is no command :conect; did you mean 'connect'?",
		":hickup one two":   ":hickup takes one PID or NAME",
		":hickup nobody":    "no service or script nobody of this user",
		":stat x":           `:stat takes no arguments: got "x"`,
		":services x":       `:services takes no arguments: got "x"`,
		":watch 1 0.000001": "wanted SECONDS from 0.01 to 1000000",
		":watch 1 nan":      "wanted SECONDS from 0.01 to 1000000, got NaN",
	} {
		p.Types("<Ctrl-l>" + typed + "<Enter>")
		p.Shows(says)
	}
	p.Types("<Ctrl-l>:disconnect<Enter>service<Enter>")
	p.Ends("> service", "nil", ">")
	p.Types(":stat<Enter>")
	p.Shows("there is no target: choose one with :connect [HOST:]PORT")
}

// What is connected at a prompt that code has opened ends with that.
func TestTargetOfAnInnerPrompt(t *testing.T) {
	outer, inner := startLab(t, ""), startLab(t, "")
	p := outer.connect(100, 30, "")
	p.Ends(outer.prompt(""))
	p.Types("own = service ave.repl()<Enter>")
	p.Shows("Ctrl-D to leave")
	p.Types("<Ctrl-l>:connect " + inner.port + "<Enter>")
	p.Shows("connected to 127.0.0.1:" + inner.port)
	p.Types("<Ctrl-l>other = service return other:add(1)<Enter>")
	p.Ends("2", inner.prompt(""))
	p.Types("<Ctrl-l><Ctrl-d>")
	p.Ends(outer.prompt(""))
	p.Types("<Ctrl-l>service == own, service:add(2), (tostring(other):match('closed'))<Enter>")
	p.Ends(`true    3       "closed"`, outer.prompt(""))
}

// A script goes on behind a prompt as it was before.
func TestKeepEndsWithThePrompt(t *testing.T) {
	v := vm.New(vm.Stdio{})
	input, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	if err := repl.Run(context.Background(), v, repl.Config{Stdin: input, Out: io.Discard}); err != nil {
		t.Fatal(err)
	}
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		if service.KeepConnections(L, false) {
			t.Error("wanted false as the default of the option keep, got true")
		}
		return nil
	})
}

// TestServiceIsNotThereYet has the prompt opened before the service.
func TestServiceIsNotThereYet(t *testing.T) {
	l := startLab(t, "")
	l.kill()
	p := l.connect(100, 30, "")
	p.Shows("connection refused; the next call of 'service' tries again")
	p.Ends(fmt.Sprintf("localhost:%s (not connected)>", l.port))
	l.start()
	p.Types("service:add(1)<Enter>")
	p.Ends("2", l.prompt(""))
}

func TestServicesOnANarrowTerminal(t *testing.T) {
	l := startLab(t, "")
	p := l.connect(40, 30, "")
	p.Ends(l.prompt(""))                                           // which takes more than half of the row
	if err := p.Resize(pty.Size{Cols: 35, Rows: 30}); err != nil { // narrower than any table of services
		t.Fatal(err)
	}
	p.Types(":services<Enter>")
	p.Shows("ave-Lab port " + l.port + "\n  pid ")
	if err := p.Resize(pty.Size{Cols: 40, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	p.Types("<Ctrl-l>:hickup<Enter>")
	p.Shows("Lua thread 1")
	l.kill()
	p.Ends(fmt.Sprintf("lab@localh…:%s (off)>", l.port))
}

func TestWatch(t *testing.T) {
	l := startLab(t, "")
	p := l.connect(100, 30, "")
	p.Ends(l.prompt(""))
	p.Types("n = 0<Enter><Ctrl-l>")
	p.Types(":watch (function() n = service:add(n) return { n = n, lines = 'a\\nb' } end)() 0.01<Enter>")
	p.Until("wanted the value in place", func(im *screen.Image) bool {
		return strings.Contains(im.Text(), "n = 9") && strings.Count(im.Text(), "n = n, ") == 2 && strings.Count(im.Text(), "lines = ") == 3
	})
	l.kill()
	p.Shows("ConnectionRefused")
	l.start()
	p.Until("wanted the value again", func(im *screen.Image) bool {
		return !strings.Contains(im.Text(), "ConnectionRefused") && strings.Contains(im.Text(), "n = ")
	})
	p.Types("<Ctrl-c>")
	p.Ends(l.prompt("")) // the value may have been drawn over the ^C
}
