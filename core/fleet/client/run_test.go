package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/client"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// suite is a project whose tests end in all ways.
func suite() map[string]string {
	files := map[string]string{
		".busted":          `return { default = { helper = "help/helper.lua" } }`,
		"help/helper.lua":  `helped = true`,
		"lib/tested.lua":   "local M = {}\nfunction M.one()\n\treturn 1\nend\nfunction M.two()\n\treturn 2\nend\nreturn M",
		"tests/data.txt":   `data`,
		"tests/beside.lua": `return "beside"`,
		"tests/test_bad.lua": `describe("bad", function()
			it("fails", function() print("said") assert.equal(1, 2) end)
			it("breaks", function() error("no") end)
			pending("waits")
			it("is retried", { retries = 2 }, function() error("never") end)
			it("works", function() end)
		end)`,
		"tests/test_syntax.lua": `it("`,
	}
	for i := range 8 {
		files[fmt.Sprintf("tests/test_%d.lua", i)] = fmt.Sprintf(`
			it("uses what went along", function()
				assert.is_true(helped)
				assert.equal("beside", require("beside"))
				assert.equal(%d %% 2 + 1, require("lib.tested")[%d %% 2 == 0 and "one" or "two"]())
				assert.equal("data", io.open("tests/data.txt"):read("*a"))
			end)
			it("says something", function() print("hello from %d") end)`, i, i, i)
	}
	return files
}

// TestSameAsHere: a run in a fleet has the verdicts and the reports of a local one.
func TestSameAsHere(t *testing.T) {
	t.Parallel()
	l := shared(t, suite())
	_, here := l.run("test", "-j", "2", "--report", "json=here", "--coverage=cover-here", "tests")
	out, there := l.run("test", "--fleet", "--report", "json=there", "--report", "junit=there.xml", "--coverage=cover-there", "tests")
	if here != 1 || there != here {
		t.Errorf("got the statuses %d and %d, and:\n%s", here, there, out)
	}
	local, _ := l.verdicts("here")
	fleet, hosts := l.verdicts("there")
	if diff := cmp.Diff(local, fleet); diff != "" {
		t.Errorf("-here +there:\n%s", diff)
	}
	if len(hosts) != 2 {
		t.Errorf("wanted two hosts, got %v", hosts)
	}
	for _, file := range []string{"cover-here/lcov.info", "cover-there/lcov.info"} {
		text, err := os.ReadFile(filepath.Join(l.dir, file))
		if err != nil || !strings.Contains(string(text), "lib/tested.lua") || strings.Contains(string(text), "tests/test_0.lua") {
			t.Errorf("%s: got %v and %.500s", file, err, text)
		}
		if !strings.Contains(string(text), "DA:3,4") || !strings.Contains(string(text), "DA:6,4") {
			t.Errorf("%s: wanted all calls of all hosts, got\n%.500s", file, text)
		}
	}
	junit, err := os.ReadFile(filepath.Join(l.dir, "there.xml"))
	if err != nil || !strings.Contains(string(junit), `hostname="lab-1"`) || !strings.Contains(string(junit), `hostname="lab-2"`) {
		t.Errorf("got %v and %.500s", err, junit)
	}
}

// TestHostIsLost: the test that was running on a host that is killed runs elsewhere, as its
// second attempt.
func TestHostIsLost(t *testing.T) {
	t.Parallel()
	l := newLab(t, "")
	l.write("test_a.lua", `
		it("is before", function() end)
		it("survives", function()
			if io.open("`+l.dir+`/first") then return end
			io.open("`+l.dir+`/first", "w"):close()
			while true do require("ave.time").sleep(1) end
		end)`)
	c := l.avescript("test", "--fleet", "--report", "json=events")
	var out screen
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.exists("first")
	l.waitSaid("survives")
	l.kill("lab-1")
	l.start("lab-2", t.TempDir(), "")
	if err := c.Wait(); err != nil {
		t.Errorf("got %v and:\n%s", err, out.String())
	}
	if !strings.HasSuffix(out.String(), "\n2 passed, 0 failed, 1 flaky\n") || !strings.Contains(out.String(), "host lab-1 was lost") {
		t.Errorf("got:\n%s", out.String())
	}
}

// TestArtifactsComeBack: recordings and workspaces of tests that fail on a host are here
// afterwards.
func TestArtifactsComeBack(t *testing.T) {
	t.Parallel()
	l := shared(t, map[string]string{"test_a.lua": `
		it("fails", function()
			local workspace = require("ave.test").workspace()
			require("ave.fs").write(workspace .. "/kept.txt", "kept")
			os.execute("ln -s kept.txt " .. workspace .. "/link && ln -s /etc/passwd " .. workspace .. "/away")
			require("ave.cmd").run({ "echo", "recorded" })
			error("no")
		end)`})
	temp := t.TempDir()
	c := l.avescript("test", "--fleet", "--record", "records", "--report", "json=events")
	c.Env = append(c.Env, "TMPDIR="+temp)
	out, _ := c.CombinedOutput()
	text, err := os.ReadFile(filepath.Join(l.dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	var artifacts []harness.Artifact
	for line := range strings.Lines(string(text)) {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		artifacts = append(artifacts, e.Artifacts...)
	}
	if len(artifacts) != 2 {
		t.Fatalf("got %+v and:\n%s", artifacts, out)
	}
	for _, a := range artifacts {
		path, want := a.Path, "kept"
		if a.Kind == "workspace" {
			if _, err := os.Lstat(filepath.Join(path, "away")); err == nil {
				t.Error("a link that leads away has come along")
			}
			path = filepath.Join(path, "link")
		} else {
			path, want = filepath.Join(l.dir, path), "recorded"
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), want) || a.Missing != "" {
			t.Errorf("%+v: got %v and %s", a, err, content)
		}
	}
}

// TestHubStartsAgain: a run goes on over a hub that is started again.
func TestHubStartsAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, "")
	l.hangs()
	c := l.avescript("test", "--fleet")
	var out screen
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.exists("hangs")
	began := time.Now()
	l.hub.Close()
	var err error
	if l.hub, err = hub.Start(t.Context(), l.again); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	l.write("enough", "")
	if err := c.Wait(); err != nil {
		t.Errorf("got %v", err)
	}
	verdict := "\n1 passed, 0 failed\n"
	if took.Seconds() > wire.FenceAfter/3 { // on a busy machine, the host may have ended the job, which ran again
		verdict = "\n1 passed, 0 failed"
	}
	if !strings.Contains(out.String(), verdict) {
		t.Errorf("the hub was away for %v; got:\n%s", took, out.String())
	}
}

// TestFailFast: a failure on one host ends what runs on the other one, with its teardown.
func TestFailFast(t *testing.T) {
	t.Parallel()
	l := shared(t, nil)
	l.hangs()
	l.write("test_b.lua", `it("fails", function()
		while not io.open("`+l.dir+`/hangs") do require("ave.time").sleep(0.05) end
		error("no")
	end)`)
	out, status := l.run("test", "--fleet", "--fail-fast")
	l.exists("cleaned")
	if status != 1 || strings.Contains(out, "interrupted") || !strings.HasSuffix(out, "\n0 passed, 1 failed\n") {
		t.Errorf("got %d and:\n%s", status, out)
	}
}

// TestNeeds: parts of a file that need another host are jobs of their own.
func TestNeeds(t *testing.T) {
	t.Parallel()
	l := shared(t, map[string]string{"test_a.lua": `
		local test = require("ave.test")
		describe("here", function()
			test.needs { tags = { "host=lab-1" } }
			it("runs", function() end)
		end)
		describe("there", function()
			test.needs { tags = { "host=lab-2" } }
			it("runs", function() end)
		end)
		it("runs anywhere", function() end)`})
	out, status := l.run("test", "--fleet", "--report", "json=events")
	if status != 0 || !strings.HasSuffix(out, "\n3 passed, 0 failed\n") {
		t.Errorf("got %d and:\n%s", status, out)
	}
	text, err := os.ReadFile(filepath.Join(l.dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		where := map[string]string{"here runs": "lab-1", "there runs": "lab-2"}[e.FullName()]
		if where != "" && e.Host != where {
			t.Errorf("wanted %s, got %s", where, line)
		}
	}
	out, status = l.run("test", "--fleet", "--filter", "anywhere")
	if status != 0 || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %d and:\n%s", status, out)
	}
}

// TestNobodyCan: what no host can do is refused by name.
func TestNobodyCan(t *testing.T) {
	t.Parallel()
	l := shared(t, map[string]string{"test_a.lua": `
		require("ave.test").needs { tags = { "os=none" } }
		it("runs", function() end)`, "test_b.lua": `it("runs", function() end)`})
	c := l.avescript("test", "--fleet")
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "os=none") {
		t.Errorf("got %v and:\n%s", err, out)
	}
}

// TestLeaveAtOnce: the second Ctrl-C leaves the run, and says how to come back.
func TestLeaveAtOnce(t *testing.T) {
	t.Parallel()
	l := shared(t, nil)
	l.write("test_a.lua", `
		teardown(function() while not io.open("`+l.dir+`/enough") do require("ave.time").sleep(0.05) end end)
		it("hangs", function()
			io.open("`+l.dir+`/hangs", "w"):close()
			while true do require("ave.time").sleep(0.05) end
		end)`)
	c := l.avescript("test", "--fleet")
	var out screen
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.exists("hangs")
	_ = c.Process.Signal(syscall.SIGINT)
	poll.Until(t, "it cleans up", func() bool { return strings.Contains(out.String(), "interrupt again to end at once") })
	_ = c.Process.Signal(syscall.SIGINT)
	_ = c.Wait()
	if c.ProcessState.ExitCode() != 130 || !strings.Contains(out.String(), "follow it by 'avescript lab attach ") {
		t.Errorf("got %v and:\n%s", c.ProcessState, out.String())
	}
	l.write("enough", "")
}

// TestInterrupt: Ctrl-C runs the teardown on the host, and the status is as of a local run.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	l := shared(t, nil)
	l.hangs()
	c := l.avescript("test", "--fleet")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out screen
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.exists("hangs")
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGINT) // as the terminal does
	_ = c.Wait()
	l.exists("cleaned")
	if c.ProcessState.ExitCode() != 130 || !strings.Contains(out.String(), "interrupted") || !strings.Contains(out.String(), "\n0 passed, 1 failed\n") {
		t.Errorf("got %v and:\n%s", c.ProcessState, out.String())
	}
}

// TestComeBack: a submitter that is killed does not end its run, and who attaches sees all
// of it.
func TestComeBack(t *testing.T) {
	t.Parallel()
	l := shared(t, nil)
	l.hangs()
	c := l.avescript("test", "--fleet")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	l.exists("hangs")
	_ = c.Process.Kill()
	_ = c.Wait()
	user := l.dial()
	run := l.lastRun(user)
	var out screen
	ended := make(chan error, 1)
	go func() {
		ended <- client.Attach(t.Context(), user, client.AttachOptions{Run: run, Stdout: &out, Stderr: &out})
	}()
	l.write("enough", "")
	if err := <-ended; err != nil || !strings.HasSuffix(out.String(), "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and:\n%s", err, out.String())
	}
	var text screen
	if err := client.Log(t.Context(), user, client.LogOptions{Run: run}, &text); err != nil || !strings.Contains(text.String(), "passed hangs") {
		t.Errorf("got %v and:\n%s", err, text.String())
	}
}

// TestHoldInALab: a client that holds something and dies has it no longer.
func TestHoldInALab(t *testing.T) {
	t.Parallel()
	l := newLab(t, "")
	user := l.dial()
	got := make(chan wire.Leases, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	hold := func(l *link.Link, ctx context.Context) {
		go func() {
			ended <- client.Hold(ctx, l, client.HoldOptions{Needs: wire.Needs{Exclusive: true}, Reason: "by hand"}, func(leases wire.Leases) error {
				got <- leases
				return nil
			})
		}()
	}
	hold(user, ctx)
	if leases := <-got; leases.Host != "lab-1" || leases.Token.IsZero() {
		t.Errorf("got %+v", leases)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	free := func() bool {
		for _, h := range l.hub.View().Hosts {
			if h.Used > 0 {
				return false
			}
		}
		return true
	}
	poll.Until(t, "it was given back", free)
	hold(user, t.Context())
	<-got
	poll.Until(t, "it is in the view", func() bool { return !free() })
	began := time.Now()
	user.Close() // as a client that was killed
	<-ended
	poll.Until(t, "the host has noticed", free)
	t.Logf("noticed after %v", time.Since(began))
}
