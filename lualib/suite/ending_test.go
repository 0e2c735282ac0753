package suite_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/internal/reexec"
	"avescript/lualib/suite"
)

var errEnough = errors.New("enough")

// TestStuckAtTheEnd: a hook that nothing can interrupt is named when the time for
// cleaning up is over.
func TestStuckAtTheEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x_spec.lua")
	const source = `
		describe("a block", function()
			teardown(function() be_stuck() end)
			it("hangs", function() while true do end end)
		end)`
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var ends []harness.Event
	opts := suite.Options{TeardownTimeout: 0.5, Reporter: reporter(func(e harness.Event) {
		switch e.Kind {
		case harness.TestStarted:
			cancel(errEnough)
		case harness.TestFinished, harness.BlockFailed:
			ends = append(ends, e)
		}
	})}
	opts.Workers, opts.Command = 1, func() *exec.Cmd { return reexec.Command("worker") }
	if _, err := suite.RunFiles(ctx, []workers.Job{{File: file}}, opts); !errors.Is(err, errEnough) {
		t.Errorf("got %v", err)
	}
	if len(ends) != 2 {
		t.Fatalf("got %+v", ends)
	}
	if p := ends[0].Problems[0]; p.Message != "interrupted: enough" {
		t.Errorf("got %q", p.Message)
	}
	p := ends[1].Problems[0]
	const want = "it did not end within the 0.5 s for cleaning up\n\nIt is stuck in a Go function, so its process was ended; " + workers.NotCleaned
	if p.Hook != "teardown" || !strings.HasPrefix(p.Message, want) || ends[1].FullName() != "a block" {
		t.Errorf("got %q in %s of %s", p.Message, p.Hook, ends[1].FullName())
	}
}

// TestStuckHere: where there are no workers, the report does not wait for what nothing
// can interrupt, and is told of nothing that happens later.
func TestStuckHere(t *testing.T) {
	v := newVM()
	stuck, goOn := make(chan struct{}), make(chan struct{})
	setGlobal(t, v, "be_stuck", func(*lua.LState) int {
		close(stuck)
		<-goOn
		return 0
	})
	do(t, v, `it("is stuck", function() be_stuck() end)`)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		<-stuck
		cancel(errEnough)
	}()
	var out strings.Builder
	_, passed, err := suite.Finish(ctx, v, reportingTo(&out, suite.Options{TeardownTimeout: 0.1}))
	if passed || !errors.Is(err, errEnough) {
		t.Errorf("passed %v, got %v", passed, err)
	}
	report := out.String()
	if !strings.Contains(report, "interrupted: enough; "+workers.NotCleaned) || lastLine(report) != "0 passed, 1 failed" {
		t.Error(report)
	}
	close(goOn)
	v.Close() // waits for it
	if out.String() != report {
		t.Errorf("got more:\n%s", out.String())
	}
}

// TestBusyHook: a hook that cleans up and does not wait for long keeps the task that it
// needs.
func TestBusyHook(t *testing.T) {
	t.Parallel()
	v := newVM()
	began := make(chan struct{})
	setGlobal(t, v, "begin", func(*lua.LState) int { close(began); return 0 })
	do(t, v, `
		local task = require("ave.task")
		describe("power", function()
			local switch, ask = task.channel(), nil
			setup(function() ask = task.spawn(function() return switch:get() end) end)
			teardown(function()
				local over = os.time() + 9
				while os.time() < over do end
				switch:put("off")
				assert.equal("off", ask:join())
			end)
			it("is interrupted", function() begin() while true do end end)
		end)`)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		<-began
		cancel(errEnough)
	}()
	var out strings.Builder
	_, _, err := suite.Finish(ctx, v, reportingTo(&out, suite.Options{TeardownTimeout: 60}))
	if !errors.Is(err, errEnough) || lastLine(out.String()) != "0 passed, 1 failed" {
		t.Errorf("got %v and:\n%s", err, out.String())
	}
	v.Finish()
	v.Close()
}
