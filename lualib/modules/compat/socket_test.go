package compat_test

import "testing"

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
