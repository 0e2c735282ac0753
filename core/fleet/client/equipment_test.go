package client_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"avescript/core/fleet/client"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// broker starts a broker with a relay and a machine, and returns its home.
func broker(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	account := ""
	if os.Geteuid() == 0 {
		account = `"account": "root", `
	}
	dir := filepath.Join(home, ".ave", "config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"broker": fmt.Sprintf(`{"port": %d, "authkey": "key", %s"equipment": [
			{"type": "relay", "uid": "r-1"}, {"type": "command", "name": "machine", "command": ["sh", "-c"]}]}`, port, account),
		"authkeys":  `{"admin": "admin", "share": null}`,
		"workspace": `{}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script, err := filepath.Abs("../../../scripts/broker.lua")
	if err != nil {
		t.Fatal(err)
	}
	run := func(action string) {
		if out, err := exec.Command(program(t), script, action, "--home", home).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	run("--start")
	t.Cleanup(func() { run("--stop") })
	return home
}

// TestEquipment: blocks that need equipment run where it is, one after the other if there is
// one piece of it, and the report says what was waited for.
func TestEquipment(t *testing.T) {
	t.Parallel()
	l := newLab(t, broker(t))
	l.start("lab-2", t.TempDir(), "")
	poll.Until(t, "the relay is known", func() bool { return len(l.hub.View().Pieces) > 1 })
	text := `
		local test = require("ave.test")
		describe("with a relay", function()
			test.equipment("switch", { type = "relay" })
			local machine = test.equipment("box", { type = "command" })
			it("has both", function()
				assert.equal("r-1", test.equipment("switch").profile.uid)
				local status, out = machine:run("echo hello")
				assert.equal(0, status)
				assert.match("hello", out)
				require("ave.time").sleep(0.8)
			end)
		end)
		it("needs nothing", function() end)`
	l.write("test_a.lua", text)
	l.write("test_b.lua", text)
	out, status := l.run("test", "--fleet", "--report", "json=events")
	if status != 0 || !strings.HasSuffix(out, "\n4 passed, 0 failed\n") || strings.Count(out, "ok    lab-") != 4 {
		t.Errorf("got %d and:\n%s", status, out)
	}
	events, err := os.ReadFile(filepath.Join(l.dir, "events"))
	if err != nil || !strings.Contains(string(events), "s for switch, box on lab-1") {
		t.Errorf("got %v and:\n%s", err, events)
	}
	l.write("test_b.lua", `require("ave.test").equipment("x", { type = "relay", uid = "r-2" }) it("runs", function() end)`)
	c := l.avescript("test", "--fleet")
	refused, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(refused), "r-2") {
		t.Errorf("got %v and:\n%s", err, refused)
	}
	l.holds()
}

// holds holds a piece, as a client in another process does, and gets the address of its
// session.
func (l *lab) holds() {
	t := l.T
	t.Helper()
	in, words, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out screen
	ended := make(chan error, 1)
	go func() {
		ended <- client.HoldAsOrdered(t.Context(), in, &out, func() (*link.Link, error) {
			return link.Dial(t.Context(), link.Config{URL: l.hub.URL(), Role: wire.User, Name: "ann"})
		})
	}()
	if _, err := words.WriteString(`{"needs": [{"name": "1", "profile": {"type": "command"}}], "wait": 60}` + "\n"); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "it is leased", func() bool { return strings.Contains(out.String(), "\n") })
	if !strings.Contains(out.String(), `"machine"`) || !strings.Contains(out.String(), `"port":`) {
		t.Errorf("got %s", out.String())
	}
	_ = words.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
