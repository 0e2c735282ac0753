package repl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newPromptWithResults is a prompt whose last values have names.
func newPromptWithResults(t *testing.T) *repl {
	t.Helper()
	r := newPrompt(t)
	if _, err := r.offerResults(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// shows checks all of what an input shows.
func (r *repl) shows(t *testing.T, input, want string) {
	t.Helper()
	got, err := r.evaluate(t.Context(), input)
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%s: wanted %s, got %s", input, want, got)
	}
}

func TestLastValues(t *testing.T) {
	r := newPromptWithResults(t)
	r.shows(t, `_, _1`, "nil\tnil")
	r.shows(t, `7`, "7")
	r.shows(t, `_`, "7")
	r.shows(t, `"a", "b"`, "\"a\"\t\"b\"")
	r.shows(t, `_, _1, _2, _3`, "\"b\"\t\"b\"\t\"a\"\t7")
	r.shows(t, `nil`, "nil") // is no value
	r.shows(t, `x = 1`, "")  // is none either
	r.shows(t, `_`, "7")
	r.shows(t, `_ + 1`, "8")
	r.shows(t, `_10, _0, _01, _x, __`, "nil\tnil\tnil\tnil\tnil")
	r.shows(t, `function f() return _ end`, "")
	r.shows(t, `5`, "5")
	r.shows(t, `f()`, "5") // it was typed, too
}

func TestValuesAreKeptInBounds(t *testing.T) {
	r := newPromptWithResults(t)
	for range 3 {
		r.shows(t, `1, 2, 3, 4, 5`, "1\t2\t3\t4\t5")
	}
	if got := len(r.results.recent); got != mostKept {
		t.Errorf("wanted %d values, got %d", mostKept, got)
	}
	r.shows(t, `_9`, "2")
	r.shows(t, `collectgarbage() weak = setmetatable({}, {__mode = "v"}) weak[1] = {} return weak[1]`, "{}")
	r.shows(t, `1, 2, 3, 4, 5, 6, 7, 8, 9`, "1\t2\t3\t4\t5\t6\t7\t8\t9")
	for _, v := range r.results.recent {
		if v.String() == "table" {
			t.Error("wanted the table to be forgotten")
		}
	}
}

func TestLastValuesAreOfThePrompt(t *testing.T) {
	r := newPromptWithResults(t)
	file := filepath.Join(t.TempDir(), "seen.lua")
	if err := os.WriteFile(file, []byte("return _, err, rawget(_G, '_')"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.shows(t, `7`, "7")
	r.shows(t, `dofile("`+file+`")`, "nil\tnil\tnil")
	r.shows(t, `rawget(_G, "_")`, "nil")
	r.shows(t, `local n = 0 for key in pairs(_G) do if key:sub(1, 1) == "_" and key:find("^_%d*$") then n = n + 1 end end return n`, "0")
	r.shows(t, `_ = "mine"`, "")
	r.shows(t, `8`, "8")
	r.shows(t, `_`, `"mine"`)
	r.shows(t, `_ = nil`, "")
	r.shows(t, `9`, "9")
	r.shows(t, `_`, "9")
	r.shows(t, `local _, second = 1, 2`, "") // keeps a variable of second alone
	r.shows(t, `_, second`, "9\t2")
	r.shows(t, `ave.cmd.quote("a b"), undefined`, "\"'a b'\"\tnil") // what the globals could before
}

func TestGlobalsWithoutMetatable(t *testing.T) {
	r := newPrompt(t)
	r.shows(t, `x = setmetatable(_G, nil)`, "")
	r.results = results{}
	if _, err := r.offerResults(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.shows(t, `7`, "7")
	r.shows(t, `_`, "7")
	r.shows(t, `undefined`, "nil")
}

// A service may have many prompts, one after the other: they leave nothing behind.
func TestResultsEndWithThePrompt(t *testing.T) {
	r := newPrompt(t)
	r.shows(t, `before = getmetatable(_G).__index`, "")
	for range 300 {
		stop, err := r.offerResults(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.shows(t, `7`, "7")
		r.shows(t, `_`, "7")
		stop()
	}
	r.shows(t, `_`, "nil")
	r.shows(t, `getmetatable(_G).__index == before`, "true")
	outer, err := r.offerResults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inner, err := r.offerResults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	outer()
	r.shows(t, `8`, "8")
	r.shows(t, `_`, "8")
	inner()
	r.shows(t, `_`, "nil")
	r.shows(t, `x = setmetatable(_G, { __index = function(_, name) return "strict " .. name end })`, "")
	stop, err := r.offerResults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.shows(t, `unknown`, `"strict unknown"`)
	stop()
	r.shows(t, `_`, `"strict _"`)
}

func TestLastError(t *testing.T) {
	r := newPromptWithResults(t)
	r.shows(t, `err`, "nil")
	r.shows(t, `error(ave.exceptions.Timeout { message = "taken", holder = "x" })`, "taken")
	r.shows(t, `err`, "Timeout: taken\n  holder = \"x\"")
	r.shows(t, `err.holder, err:is(ave.exceptions.Timeout)`, "\"x\"\ttrue")
	r.shows(t, `error("text")`, "stdin:1: text")
	r.shows(t, `err`, `"stdin:1: text"`)
	r.shows(t, `x = = 1`, `stdin:1: unexpected symbol near '='`) // was not run
	r.shows(t, `err`, `"stdin:1: text"`)
	r.shows(t, `err = "mine"`, "")
	r.shows(t, `error("other")`, "stdin:1: other")
	r.shows(t, `err`, `"mine"`)
}

// reported is what the prompt writes of an input that fails.
func (r *repl) reported(t *testing.T, input string) string {
	t.Helper()
	var out bytes.Buffer
	r.Out = &out
	if leaves, _ := r.run(t.Context(), input); leaves {
		t.Fatalf("%s: the prompt was left", input)
	}
	return out.String()
}

func TestErrorsHaveTheirDetails(t *testing.T) {
	r := newPromptWithResults(t)
	r.interrupts = notifyInterrupts(func() bool { return true })
	defer r.interrupts.stop()
	for input, want := range map[string]string{
		`error(ave.exceptions.Timeout { message = "taken", holder = "x" })`: "Timeout: taken\n  holder = \"x\"\n",
		`ave.cmd.sh("echo out; exit 3", { check = true })`: "RunError: command exited with status 3\n" +
			"  cmd = { \"sh\", \"-c\", \"echo out; exit 3\" }\n  status = 3\n  out\n    out\n",
		`(function() local E = ave.exceptions.Timeout:subclass("E") function E:__tostring() return "mine" end error(E("x")) end)()`: "stdin:1: E: mine\n",
	} {
		if got := r.reported(t, input); !strings.HasPrefix(got, want) {
			t.Errorf("%s: wanted\n%sgot\n%s", input, want, got)
		}
	}
}

func TestTraceHasAllCalls(t *testing.T) {
	r := newPromptWithResults(t)
	r.interrupts = notifyInterrupts(func() bool { return true })
	defer r.interrupts.stop()
	if got, want := r.reported(t, ":trace"), "there was no error yet\n"; got != want {
		t.Errorf("wanted %q, got %q", want, got)
	}
	r.reported(t, `function inner() ave.cmd.sh("exit 3", { check = true }) end`)
	if got := r.reported(t, "inner() x = 1"); strings.Contains(got, "in main chunk") {
		t.Errorf("wanted no call of the input, got\n%s", got)
	}
	got := r.reported(t, ":trace")
	for _, want := range []string{"RunError: ", "\tstdin:1: in function 'inner'\n\tstdin:1: in main chunk", "\t[Go]: in function 'sh'"} {
		if !strings.Contains(got, want) {
			t.Errorf("wanted %q in the trace, got\n%s", want, got)
		}
	}
}

func TestTraceHasTheCallsOfTheService(t *testing.T) {
	r := newPromptWithResults(t)
	r.interrupts = notifyInterrupts(func() bool { return true })
	defer r.interrupts.stop()
	r.reported(t, `
		Lab = ave.Control:subclass("Lab")
		Lab.take = ave.Control.rpc(function(self) error(ave.exceptions.Timeout { message = "taken", holder = "x" }) end)
		socket, port = ave.find_free_port()
		serving = ave.task.spawn(function() Lab({ port = port, socket = socket }):run() end)
		remote = ave.RemoteControl({ "", port }, nil, 5)`)
	if got, want := r.reported(t, `remote:take()`), "Timeout: taken\n  holder = \"x\"\n  raised in the service at stdin:3 in take\n"; got != want {
		t.Errorf("wanted\n%sgot\n%s", want, got)
	}
	if got := r.reported(t, ":trace"); !strings.Contains(got, "Server side traceback:\n  File \"stdin\", line 3, in take\n") {
		t.Errorf("wanted the calls of the service, got\n%s", got)
	}
	r.reported(t, `serving:cancel()`)
}

func TestAll(t *testing.T) {
	r := newPromptWithResults(t)
	r.interrupts = notifyInterrupts(func() bool { return true })
	defer r.interrupts.stop()
	if got := r.reported(t, ":all"); !strings.HasPrefix(got, "there is no value yet") {
		t.Errorf("got %q", got)
	}
	if got := r.reported(t, `("x"):rep(100000)`); len(got) > 3000 || !strings.HasSuffix(got, "x\"… (100000 bytes)\n") {
		t.Errorf("wanted a part of it, got %d bytes", len(got))
	}
	if got, want := r.reported(t, ":all"), strings.Repeat("x", 100000)+"\n"; got != want {
		t.Errorf("wanted all of it, got %d bytes", len(got))
	}
	r.reported(t, `"two\nlines\27[m", 1`)
	if got, want := r.reported(t, ":all"), "\"two\\nlines\\027[m\"\t1\n"; got != want {
		t.Errorf("wanted %q, got %q", want, got)
	}
	r.reported(t, `"two\nlines\27[m"`)
	if got, want := r.reported(t, ":all"), "two\nlines\\x1b[m\n"; got != want {
		t.Errorf("wanted %q, got %q", want, got)
	}
	r.reported(t, `{ list = { { { { { { "deep" } } } } } }, ("y"):rep(300) }`)
	if got := r.reported(t, ":all"); !strings.Contains(got, `"deep"`) || strings.Contains(got, "…") {
		t.Errorf("wanted all of it, got\n%s", got)
	}
}

// TestSignatures has functions known by what they are.
func TestSignatures(t *testing.T) {
	r := newPromptWithResults(t)
	r.shows(t, `ave.fs.list`, "function ave.fs.list(path)")
	r.shows(t, `string.gsub, print`, "function string.gsub(s, pattern, replacement, most?)\tfunction print(...)")
	r.shows(t, `{ make = ave.fs.mkdir }`, "{ make = function(path, options?) }")
	r.says(t, `ave.RemoteControl`, "class RemoteControl(address, authkey?, timeout?, optimist?, sock?, options?)", "  RemoteControl:close()")
}

// TestObjects has what objects of avescript say of themselves.
func TestObjects(t *testing.T) {
	r := newPromptWithResults(t)
	r.says(t, `
		session = ave.cmd.spawn({ "sh", "-c", "exit 3" })
		session:wait()
		channel = ave.task.channel(2)
		channel:put("x")
		channel:close()
		waits = ave.task.spawn(function() ave.time.sleep(60) end)
		fails = ave.task.spawn(function() error("boom\nmore") end)
		pcall(fails.join, fails)
		ended = ave.task.spawn(function() end)
		ended:join()
		socket, port = ave.find_free_port()
		closed = ave.find_free_port()
		closed:close()
		pipe = require("ave.network.pipe").Pipe.pair()`)
	for input, want := range map[string]string{
		`tostring(session):gsub("%d%d+", "PID")`: "\"Session (sh -c exit 3, process PID, ended with status 3)\"\t1",
		`channel`:                                "Channel (1 of 2 values, closed)",
		`waits`:                                  "Task (running)",
		`fails`:                                  "Task (failed: stdin:8: boom)",
		`ended`:                                  "Task (done)",
		`closed`:                                 "Socket (closed)",
		`tostring(socket):find(":" .. port .. ", listening)", 1, true) ~= nil or socket`: "true",
		`tostring(pipe) == "Pipe (descriptor " .. pipe:fileno() .. ")" or pipe`:          "true",
	} {
		r.shows(t, input, want)
	}
	r.says(t, `waits:cancel() pcall(waits.join, waits)`)
	r.shows(t, `waits`, "Task (cancelled)")
}

func TestFuture(t *testing.T) {
	r := newPromptWithResults(t)
	r.says(t, `
		Echo = ave.Control:subclass("Echo")
		Echo.echo = ave.Control.rpc(function(self, value) return value end)
		socket, port = ave.find_free_port()
		serving = ave.task.spawn(function() Echo({ port = port, socket = socket }):run() end)
		remote = ave.RemoteControl({ "", port }, nil, 5)
		future = remote.future.echo(remote, 5)
		before = tostring(future)
		future:get()`)
	r.shows(t, `future`, "Future (echo, answered)")
	r.says(t, `serving:cancel()`)
}
