package vm

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// sampled runs a script until a stack has been sampled that holds: the names of
// its functions, innermost first, each with its line.
func sampled(t *testing.T, source string, running bool, want ...string) {
	t.Helper()
	v := New(Stdio{})
	defer v.Close()
	var mu sync.Mutex
	var seen []string
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stop := v.Sample(time.Millisecond, func(samples []Sample) {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range samples {
			var lines []string
			for _, f := range s.Stack {
				lines = append(lines, f.String())
			}
			if s.Running == running && slices.Equal(lines, want) {
				cancel()
			}
			if len(seen) < 20 {
				seen = append(seen, strings.Join(lines, " < "))
			}
		}
	})
	v.OnClose(stop)
	err := v.Do(ctx, func(L *lua.LState) error {
		L.SetGlobal("wait", L.NewFunction(func(L *lua.LState) int {
			Unlocked(L, func(ctx context.Context) { <-ctx.Done() })
			return 0
		}))
		L.SetGlobal("work", L.NewFunction(func(*lua.LState) int {
			time.Sleep(3 * time.Millisecond) // with the lock, as one that computes
			return 0
		}))
		fn, err := v.Load([]byte(source), "a.lua")
		if err != nil {
			return err
		}
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
	if err != context.Canceled {
		mu.Lock()
		defer mu.Unlock()
		t.Errorf("wanted the stack %q, running %v; got %v and\n%s", want, running, err, strings.Join(seen, "\n"))
	}
}

func TestSampleOfRunningCode(t *testing.T) {
	sampled(t, "local function spin() while true do end end\nlocal ok = pcall(spin)", true,
		"a.lua:1: in function <a.lua:1>", "[Go]: in function 'pcall'", "a.lua:2: in main chunk")
}

func TestSampleOfWaitingCode(t *testing.T) {
	sampled(t, "\nwait()", false, "[Go]: in function 'wait'", "a.lua:2: in main chunk")
}

func TestSampleGoesThroughCoroutines(t *testing.T) {
	sampled(t, "local co = coroutine.wrap(function()\n\twait()\nend)\nco()", false,
		"[Go]: in function 'wait'", "a.lua:2: in function <a.lua:1>", "[Go]: in function 'co'", "a.lua:4: in main chunk")
}

// The hook comes after a Go function, before an instruction of another line.
func TestSampleIsWhereAGoFunctionWasCalled(t *testing.T) {
	sampled(t, "while true do\n\twork()\nend", true, "a.lua:2: in main chunk")
}

// What require does before the module's first instruction is not the module's.
func TestSampleIsNotInAFunctionThatHasNotBegun(t *testing.T) {
	sampled(t, "local function f()\n\treturn 1\nend\nlocal t = setmetatable({}, {__index = function() return 1 end})\n"+
		"while true do\n\twork() f()\nend", true, "a.lua:6: in main chunk")
}

func TestSamplesHaveAllTheTime(t *testing.T) {
	v := New(Stdio{})
	defer v.Close()
	var elapsed time.Duration
	begin := time.Now()
	v.OnClose(v.Sample(time.Millisecond, func(samples []Sample) {
		for _, s := range samples {
			elapsed += s.Elapsed
		}
	}))
	fn, err := v.Load([]byte("local deadline = os.clock() + 0.1 while os.clock() < deadline do end"), "a.lua")
	if err != nil {
		t.Fatal(err)
	}
	err = v.Do(t.Context(), func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	_ = v.Do(t.Context(), func(*lua.LState) error {
		if elapsed < took/2 || elapsed > took+20*time.Millisecond {
			t.Errorf("wanted samples of about %v, got %v", took, elapsed)
		}
		return nil
	})
}
