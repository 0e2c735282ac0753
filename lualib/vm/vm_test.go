package vm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"avescript/internal/poll"
	"avescript/lualib/vm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run executes a chunk and returns what it returns, as text.
func run(t *testing.T, v *vm.VM, ctx context.Context, source string) ([]string, error) {
	t.Helper()
	return runNamed(t, v, ctx, source, "test.lua")
}

func runNamed(t *testing.T, v *vm.VM, ctx context.Context, source, name string) ([]string, error) {
	t.Helper()
	var results []string
	err := v.Do(ctx, func(L *lua.LState) error {
		fn, err := v.Load([]byte(source), name)
		if err != nil {
			return err
		}
		L.Push(fn)
		L.Call(0, lua.MultRet)
		for i := 1; i <= L.GetTop(); i++ {
			results = append(results, L.Get(i).String())
		}
		return nil
	})
	return results, err
}

func newVM(t *testing.T) *vm.VM {
	t.Helper()
	v := vm.New(vm.Stdio{})
	t.Cleanup(v.Close)
	return v
}

// define makes a Go function global.
func define(t *testing.T, v *vm.VM, name string, fn func()) {
	t.Helper()
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal(name, L.NewFunction(func(*lua.LState) int { fn(); return 0 }))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// bothLoops runs a test with the main loop of ours and with gopher-lua's.
func bothLoops(t *testing.T, name string, test func(t *testing.T)) {
	for _, loop := range []string{"own", "stock"} {
		t.Run(name+" "+loop, func(t *testing.T) {
			t.Setenv("AVESCRIPT_LOOP", loop)
			test(t)
		})
	}
}

// TestScripts runs testdata/*.lua, each of which asserts what it is about and
// names the upstream fault.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		bothLoops(t, filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := run(t, newVM(t), t.Context(), string(source)); err != nil {
				var e *vm.Error
				if errors.As(err, &e) {
					t.Fatalf("%s\n%s\n%s", e.Text, vm.Traceback(e.Frames), e.Bug)
				}
				t.Fatal(err)
			}
		})
	}
}

// The context ends in the middle of each loop.
func TestEndOfContextInterrupts(t *testing.T) {
	loops := map[string]string{
		"loop":      `stop() while true do end`,
		"pcall":     `while true do pcall(function() while true do pcall(function() stop() while true do end end) end end) end`,
		"coroutine": `coroutine.wrap(function() stop() while true do end end)()`,
		"both":      `pcall(coroutine.wrap(function() pcall(coroutine.wrap(function() stop() while true do end end)) end))`,
		"xpcall":    `while true do xpcall(error, function() stop() while true do end end) end`,
		"pattern":   `stop() string.find(("a"):rep(40), ("a*"):rep(40) .. "b")`,
		"hook":      `debug.sethook(function() stop() while true do end end, "", 1) while true do end`,
		"resume":    `while true do coroutine.resume(coroutine.create(function() stop() while true do end end)) end`,
	}
	for name, source := range loops {
		bothLoops(t, name, func(t *testing.T) {
			v := newVM(t)
			cause := errors.New("too late")
			ctx, cancel := context.WithCancelCause(t.Context())
			define(t, v, "stop", func() { cancel(cause) })
			if _, err := run(t, v, ctx, source); !errors.Is(err, cause) {
				t.Fatalf("wanted the context's cause, got %v", err)
			}
			// The state is as good as before.
			got, err := run(t, v, t.Context(), `return pcall(error, "x", 0)`)
			if err != nil || strings.Join(got, " ") != "false x" {
				t.Fatalf("after the deadline: %v %v", got, err)
			}
		})
	}
}

// TestInnerContext ends the inner run alone; the outer one goes on.
func TestInnerContext(t *testing.T) {
	v := newVM(t)
	inner := errors.New("inner")
	var stop func()
	define(t, v, "stop", func() { stop() })
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal("limited", L.NewFunction(func(L *lua.LState) int {
			ctx, cancel := context.WithCancelCause(vm.Context(L))
			stop = func() { cancel(inner) }
			fn := L.Get(1)
			err := vm.Within(L, ctx, func(L *lua.LState) error {
				L.Push(fn)
				L.Call(0, 0)
				return nil
			})
			L.Push(lua.LString(err.Error()))
			return 1
		}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(t, v, t.Context(), `
		local ok, why = pcall(function() return limited(function() stop() while true do pcall(error) end end) end)
		return ok, why, limited(function() coroutine.wrap(function() stop() while true do end end)() end)`)
	if err != nil || strings.Join(got, " ") != "true inner inner" {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestUnlockedHonoursContext(t *testing.T) {
	v := newVM(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting := make(chan struct{})
	stop := errors.New("stop")
	done := make(chan error)
	go func() {
		done <- v.Do(ctx, func(L *lua.LState) error {
			vm.Unlocked(L, func(ctx context.Context) { close(waiting); <-ctx.Done() })
			t.Error("went on after the interrupt")
			return nil
		})
	}()
	<-waiting
	cancel(stop)
	if err := <-done; !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
}

// TestManyThreads has many goroutines in one state, which wait inside pcall and
// coroutines.
func TestManyThreads(t *testing.T) {
	v := newVM(t)
	err := v.Do(t.Context(), func(L *lua.LState) error {
		L.SetGlobal("wait", L.NewFunction(func(L *lua.LState) int {
			vm.Unlocked(L, func(context.Context) { time.Sleep(time.Millisecond) })
			return 0
		}))
		fn, err := v.Load([]byte(`
			count = 0
			function work(n)
				local co = coroutine.wrap(function()
					for i = 1, 5 do
						local ok, e = pcall(function() wait() count = count + 1 coroutine.yield(i) error("x" .. n, 0) end)
						assert(not ok and e == "x" .. n, e)
					end
				end)
				for i = 1, 5 do assert(co() == i) wait() end
			end`), "work")
		if err != nil {
			return err
		}
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = 300
	errs := make(chan error)
	for i := range n {
		go func() {
			errs <- v.Do(context.Background(), func(L *lua.LState) error {
				L.Push(L.GetGlobal("work"))
				L.Push(lua.LNumber(i))
				L.Call(1, 0)
				return nil
			})
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got, _ := run(t, v, t.Context(), "return count"); got[0] != "1500" {
		t.Errorf("wanted 1500 steps, got %s", got[0])
	}
}

func TestPost(t *testing.T) {
	v := newVM(t)
	flag := func(L *lua.LState) { L.SetGlobal("flag", lua.LTrue) }
	t.Run("into a loop", func(t *testing.T) {
		define(t, v, "post", func() { v.Post(flag, unexpected(t)) })
		if _, err := run(t, v, t.Context(), `local n = 0 while not flag do n = n + 1 if n == 100 then post() end end`); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("while idle", func(t *testing.T) {
		done := make(chan struct{})
		v.Post(func(*lua.LState) { close(done) }, unexpected(t))
		<-done
	})
	t.Run("an error goes to the script", func(t *testing.T) {
		define(t, v, "post", func() {
			v.Post(func(L *lua.LState) { vm.Raise(L, lua.LString("posted")) }, unexpected(t))
		})
		got, err := run(t, v, t.Context(), `return pcall(function() post() while true do end end)`)
		if err != nil || strings.Join(got, " ") != "false posted" {
			t.Fatalf("got %v, %v", got, err)
		}
	})
}

// TestPostToTheWaiting has an error that no script is there for.
func TestPostToTheWaiting(t *testing.T) {
	v := newVM(t)
	failed := make(chan error, 1)
	v.Post(func(L *lua.LState) { vm.Raise(L, lua.LString("posted")) }, func(err error) { failed <- err })
	if err := <-failed; err.Error() != "posted" {
		t.Errorf("got %v", err)
	}
}

// TestLaterWaits has a function wait for code that runs, and not keep one that is posted
// from the waiting.
func TestLaterWaits(t *testing.T) {
	v := newVM(t)
	ran := 0
	count := func(*lua.LState) { ran++ }
	v.Later(count)
	if _, err := run(t, v, t.Context(), `local n = 1`); err != nil || ran != 1 {
		t.Errorf("it ran %d times, %v", ran, err)
	}
	v.Later(count)
	done := make(chan struct{})
	v.Post(func(*lua.LState) { close(done) }, unexpected(t))
	<-done
	closed := vm.New(vm.Stdio{})
	closed.Later(func(*lua.LState) { t.Error("it ran after Close") })
	closed.Close()
}

func unexpected(t *testing.T) func(error) { return func(err error) { t.Error(err) } }

// TestTextOfErrorsEnds has errors whose __tostring fails or never ends.
func TestTextOfErrorsEnds(t *testing.T) {
	v := newVM(t)
	for _, body := range []string{"error('again')", "while true do end", "coroutine.yield()"} {
		_, err := run(t, v, t.Context(), "error(setmetatable({}, {__tostring = function() "+body+" end}))")
		if err == nil || !strings.Contains(err.Error(), "__tostring failed") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestAbandonedCoroutines leaves coroutines in the middle; their goroutines
// must not stay. goleak would also find them after Close: here they go before.
func TestAbandonedCoroutines(t *testing.T) {
	v := newVM(t)
	if _, err := run(t, v, t.Context(), `
		for i = 1, 1000 do
			local co = coroutine.wrap(function() pcall(coroutine.yield, i) end)
			co()
		end
		collectgarbage()`); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the coroutines are gone", func() bool {
		if got, err := run(t, v, t.Context(), `collectgarbage()`); err != nil {
			t.Fatal(got, err)
		}
		return strings.Count(goroutines(), "lualib/vm.(*coroutine).run") < 50
	})
}

// A script that never waits does not keep the coroutines that it leaves in the middle.
func TestAbandonedCoroutinesOfABusyScript(t *testing.T) {
	_, err := run(t, newVM(t), t.Context(), `
local held = setmetatable({}, { __mode = "k" })
for i = 1, 100 do
	local co = coroutine.wrap(function() local value = {} held[value] = true coroutine.yield() return value end)
	co()
end
local ends = os.time() + 60
while next(held) do
	assert(os.time() < ends, "the coroutines are still there")
	collectgarbage()
end`)
	if err != nil {
		t.Error(err)
	}
}

func TestUncaughtErrorHasItsStack(t *testing.T) {
	_, err := run(t, newVM(t), t.Context(), `
local function inner() error("broken") end
local function outer() inner() return 1 end
outer()`)
	var e *vm.Error
	if !errors.As(err, &e) {
		t.Fatalf("wanted a *vm.Error, got %v", err)
	}
	want := `stack traceback:
	[Go]: in function 'error'
	test.lua:2: in function 'inner'
	test.lua:3: in function 'outer'
	test.lua:4: in main chunk`
	if got := vm.Traceback(e.Frames); got != want || e.Text != "test.lua:2: broken" {
		t.Errorf("got %s\n%s", e.Text, got)
	}
	if text := e.Frames[1].Text(); text != `local function inner() error("broken") end` {
		t.Errorf("source line: %q", text)
	}
}

// TestWatchedContext interrupts what runs under a context that is looked after
// once for many runs, and under one with a value made of it.
func TestWatchedContext(t *testing.T) {
	v := newVM(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer v.Watch(ctx)()
	type key struct{}
	for range 3 {
		if _, err := run(t, v, context.WithValue(ctx, key{}, 1), `return 1`); err != nil {
			t.Fatal(err)
		}
	}
	stop := errors.New("stop")
	define(t, v, "stop", func() { cancel(stop) })
	if _, err := run(t, v, context.WithValue(ctx, key{}, 1), `stop() while true do end`); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
