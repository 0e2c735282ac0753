package compat_test

import (
	"context"
	"io"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib"
	"avescript/lualib/vm"
)

// TestWaitsLetOthersRun: one task receives, accepts and selects while another sends. It would
// never end if a wait kept the interpreter's lock.
func TestWaitsLetOthersRun(t *testing.T) {
	got := runText(t, `
		local socket, task = require("socket"), require("ave.task")
		local server = socket.bind("127.0.0.1", 0)
		local _, port = server:getsockname()
		local reader = task.spawn(function()
			local peer = server:accept()
			local ready = socket.select({ peer }, nil)
			return #ready .. peer:receive() .. peer:receive("*a")
		end)
		local client = socket.connect("127.0.0.1", port)
		socket.sleep(0.001)
		client:send("line\nthe rest")
		client:close()
		print(reader:join())`)
	if want := "1linethe rest\n"; got != want {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

// TestCloseWakes: a descriptor is not closed while another thread waits for it, because its
// number could go to another file.
func TestCloseWakes(t *testing.T) {
	got := runText(t, `
		local socket, task = require("socket"), require("ave.task")
		local server = socket.bind("127.0.0.1", 0)
		local _, port = server:getsockname()
		local client = socket.connect("127.0.0.1", port)
		local began = false
		local reader = task.spawn(function()
			began = true
			return select(2, client:receive())
		end)
		repeat socket.sleep(0.001) until began
		client:close()
		print(reader:join(), client:getfd())`)
	if want := "closed\t-1\n"; got != want {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

// TestDescriptorsAreClosed: those of objects that a script has dropped are closed when garbage
// is collected, and those of failed calls at once.
func TestDescriptorsAreClosed(t *testing.T) {
	got := runText(t, `
		local socket, lfs = require("socket"), require("lfs")
		local function count()
			local n = 0
			for _ in lfs.dir("/proc/self/fd") do
				n = n + 1
			end
			return n
		end
		local server = socket.bind("127.0.0.1", 0)
		local _, port = server:getsockname()
		local before = count() -- objects of other tests may still be closed
		for _ = 1, 20 do
			socket.connect("127.0.0.1", 1)
			socket.bind("127.0.0.1", port)
			for _ in lfs.dir("/") do
				break
			end
		end
		print(count() <= before)
		for _ = 1, 20 do
			socket.connect("127.0.0.1", port)
			server:accept()
			socket.tcp():connect("127.0.0.1", 1)
		end
		local tries = 0
		repeat
			collectgarbage()
			socket.sleep(0.01)
			tries = tries + 1
		until count() <= before or tries > 500
		print(count() <= before)`)
	if want := "true\ntrue\n"; got != want {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

// TestInterruptedWaits: every wait ends with the context, and close works afterwards.
func TestInterruptedWaits(t *testing.T) {
	for _, wait := range []string{
		`socket.sleep(600)`, `client:receive()`, `client:receive("*a")`, `server:accept()`, `client:send(("x"):rep(50000000))`,
		`socket.select({ client }, nil)`, `socket.select(nil, nil)`, `require("system").sleep(600)`,
		`client:settimeout(0) while true do client:receive() end`,
	} {
		t.Run(wait, func(t *testing.T) {
			v := lualib.New(vm.Stdio{Out: io.Discard})
			defer v.Close()
			defer v.Finish()
			do := func(ctx context.Context, text string) error {
				return v.Do(ctx, func(L *lua.LState) error {
					fn, err := v.Load([]byte(text), "script")
					if err == nil {
						L.Push(fn)
						L.Call(0, 0)
					}
					return err
				})
			}
			if err := do(t.Context(), `
				socket = require("socket")
				server = socket.bind("127.0.0.1", 0)
				client = socket.connect("127.0.0.1", (select(2, server:getsockname())))
				peer = server:accept()`); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if err := do(ctx, wait); err == nil || ctx.Err() == nil {
				t.Errorf("got %v, wanted an error at the end of the context", err)
			}
			if err := do(t.Context(), `client:close() server:close() assert(client:getfd() == -1 and server:getfd() == -1)`); err != nil {
				t.Error(err)
			}
		})
	}
}
