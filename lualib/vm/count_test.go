package vm

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// The hook reads gopher-lua's call frames through a type of our own.
func TestCallFrameIsGopherLuas(t *testing.T) {
	field, ok := reflect.TypeFor[lua.LState]().FieldByName("currentFrame")
	if !ok {
		t.Fatal("an LState has no currentFrame")
	}
	theirs, ours := field.Type.Elem(), reflect.TypeFor[callFrame]()
	for i, name := range map[int]string{0: "Idx", 1: "Fn", 2: "Parent", 3: "Pc", 5: "TailCall"} {
		a, _ := theirs.FieldByName(name)
		b := ours.Field(i)
		if a.Name != name || a.Offset != b.Offset || a.Type.Kind() != b.Type.Kind() || a.Type.Size() != b.Type.Size() {
			t.Errorf("gopher-lua has %s %v at %d, we have %s %v at %d", a.Name, a.Type, a.Offset, b.Name, b.Type, b.Offset)
		}
	}
	if theirs.Field(1).Type != ours.Field(1).Type {
		t.Errorf("wanted a function, got %v", theirs.Field(1).Type)
	}
}

// countLines runs a script and tells how often each line that can be executed
// was, the first being 1.
func countLines(t *testing.T, source string) map[int]uint64 {
	t.Helper()
	v := New(Stdio{})
	defer v.Close()
	var of []int32
	var counters []uint64
	v.Count(func(chunk *Chunk, lines []int32) []uint64 {
		if chunk.Name != "script.lua" {
			return nil
		}
		of, counters = lines, make([]uint64, len(lines))
		return counters
	})
	fn, err := v.Load([]byte(source), "script.lua")
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
	counts := map[int]uint64{}
	for i, line := range of {
		if line > 0 {
			counts[int(line)] = max(counts[int(line)], counters[i])
		}
	}
	return counts
}

// Each line of the scripts says how often it is to be executed; one that says
// nothing cannot be executed.
func TestCounts(t *testing.T) {
	for name, script := range map[string]string{
		"branches": `
			local function f(x)          -- 1
				if x then            -- 3
					return 1     -- 2
				else
					return 2     -- 1
				end
			end
			f(1) f(2) f()                -- 1
			if f then                    -- 1
			elseif f() then              -- 0
				f()                  -- 0
			end`,
		"loops": `
			for i = 1, 3 do              -- 4
				local a = i          -- 3
			end
			for _ in pairs({1, 2}) do    -- 3
				local a              -- 2
			end
			local n = 0                  -- 1
			while n < 5 do               -- 6
				n = n + 1            -- 5
			end
			repeat
				n = n - 1            -- 5
			until n == 0                 -- 5
			while true do
				n = n + 1            -- 3
				if n == 3 then       -- 3
					break        -- 1
				end
			end`,
		"moves in a row": `
			local a, b, c = 1, 2, 3      -- 1
			for _ = 1, 2 do              -- 3
				local x = a          -- 2
				local y = b          -- 2
				local z = c          -- 2
			end`,
		"several lines": `
			local function f(...)        -- 1
				return ...           -- 1
			end
			local t = {                  -- 1
				a = 1,               -- 1
				f(                   -- 1
					1,           -- 1
					2
				),                   -- 1
			}                            -- 1
			local s = t.a ==             -- 1
				2 and                -- 1
				t.b                  -- 1`, // as lua5.1's hooks see it
		"errors": `
			local function fails()       -- 1
				error("no")          -- 2
				return 1             -- 0
			end
			pcall(fails)                 -- 1
			xpcall(fails, function()     -- 1
				return 2             -- 1
			end)`,
		"coroutines": `
			local co = coroutine.wrap(function()        -- 1
				for i = 1, 3 do                     -- 3
					pcall(coroutine.yield, i)   -- 3
				end
				return 1                            -- 0
			end)
			co() co() co()                              -- 1
			local gone = coroutine.create(function()    -- 1
				return 1                            -- 0
			end)`,
		"other chunks": `
			local fn = loadstring("local a = 1\nreturn a")   -- 1
			fn() fn()                                        -- 1
			assert(loadstring("x = 1", "=(load)"))()         -- 1`,
		"functions from Go": `
			local n = 0                                         -- 1
			table.sort({3, 1, 2}, function(a, b)                -- 1
				if n < 0 then                               -- 3
					n = 1                               -- 0
				end
				return a < b                                -- 3
			end)
			local t = setmetatable({}, {__index = function()    -- 1
				return 1                                    -- 2
			end})                                               -- 1
			t = t.a + t.b                                       -- 1
			string.gsub("abc", ".", function() n = n + 1 end)   -- 3`,
		"calls in the place of others": `
			local function count(n)             -- 1
				if n == 0 then              -- 6
					return 0            -- 1
				end
				return count(n - 1)         -- 5
			end
			count(5)                            -- 1
			do return end                       -- 1`,
		"closures with upvalues": `
			local a, b = 1, 2                   -- 1
			local function f()                  -- 1
				a = a + b                   -- 2
				do
					local c = a         -- 2
					b = function()      -- 2
						c = 1       -- 0
					end                 -- 2
				end
				b = 1                       -- 2
			end
			f() f()                             -- 1`,
	} {
		t.Run(name, func(t *testing.T) {
			want := map[int]uint64{}
			for i, line := range strings.Split(script, "\n") {
				if _, count, ok := strings.Cut(line, "-- "); ok {
					want[i+1] = uint64(count[0] - '0')
				}
			}
			for _, loop := range []string{"", "stock"} {
				t.Setenv(loopVariable, loop)
				if diff := cmp.Diff(want, countLines(t, script)); diff != "" {
					t.Errorf("loop %q (-want +got):\n%s", loop, diff)
				}
			}
		})
	}
}

// Counting is always a reason to leave the fast path; the others must get
// through nevertheless.
func TestCountingScriptCanBeInterrupted(t *testing.T) {
	v := New(Stdio{})
	defer v.Close()
	v.Count(func(_ *Chunk, lines []int32) []uint64 { return make([]uint64, len(lines)) })
	fn, err := v.Load([]byte("while true do end"), "script.lua")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	posted := make(chan struct{})
	go func() {
		v.Post(func(*lua.LState) { close(posted) }, func(err error) { t.Error(err) })
		<-posted
		cancel(context.Canceled)
	}()
	err = v.Do(ctx, func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
	if err != context.Canceled {
		t.Errorf("wanted the cause of the end, got %v", err)
	}
}
