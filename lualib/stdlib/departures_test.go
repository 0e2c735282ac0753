package stdlib_test

import (
	"strings"
	"testing"
	"time"

	"avescript/lualib/stdlib"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// What the library does otherwise than the reference, and what gopher-lua
// itself got wrong beyond the reach of the snippets in testdata.

func TestResults(t *testing.T) {
	tests := []struct {
		name, source string
		want         []string
	}{
		{"pairs honours __pairs", `
			local t = setmetatable({}, {__pairs = function(t) return function(_, k) if not k then return 1, "one" end end, t, nil end})
			for k, v in pairs(t) do return k, v end`, []string{"1", "one"}},
		{"negative number with a base", `return tonumber("-ff", 16)`, []string{"-255"}},
		{"format keeps zero bytes", `return #string.format("%s%c", "a\0b", 0)`, []string{"4"}},
		{"pattern with a zero byte", `return ("xa\0b"):find("a\0b+")`, []string{"2", "4"}},
		{"infinite position", `return ("hello"):sub(1, math.huge), ("hello"):sub(-math.huge, 2)`, []string{"hello", "he"}},
		{"line with a zero byte", `local f = io.tmpfile() f:write("a\0b\n") f:seek("set") return #f:read()`, []string{"3"}},
		{"string too large", `return select(2, pcall(string.rep, "x", 1e10)):match("[%l ]+$")`, []string{" resulting string too large"}},
		{"name of an argument error under pcall", `return select(2, pcall(string.rep)):match("bad.*")`,
			[]string{"bad argument #1 to 'rep' (string expected, got no value)"}},
		{"method call in an argument", `
			local ok, err = pcall(function() return string.rep(("x"):upper(), ("y"):lower()) end)
			return err:match("bad.*")`, []string{"bad argument #2 to 'rep' (number expected, got string)"}},
		{"method call with a method call as argument", `
			local ok, err = pcall(function() local s = "x" return s:rep(s:upper()) end)
			return err:match("bad.*")`, []string{"bad argument #1 to 'rep' (number expected, got string)"}},
		{"a bad self", `
			local ok, err = pcall(function() local t = {rep = string.rep} return t:rep(1) end)
			return err:match("calling.*")`, []string{"calling 'rep' on bad self (string expected, got table)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			L := newState(t, stdlib.Host{})
			if diff := cmp.Diff(test.want, run(t, L, test.source)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// gopher-lua searches the whole string again for every match: 100,000 take
// seconds, and a million would run into the deadline of the tests.
func TestGsubIsLinear(t *testing.T) {
	L := newState(t, stdlib.Host{})
	got := run(t, L, `
		local text = ("a"):rep(1000000)
		local calls = 0
		local upper, n1 = text:gsub("a", "b")
		local same, n2 = text:gsub("%w", function() calls = calls + 1 end)
		local found = 0
		for _ in text:gmatch("a") do found = found + 1 end
		return upper == ("b"):rep(1000000), n1, same == text, n2, calls, found`)
	want := []string{"true", "1000000", "true", "1000000", "1000000", "1000000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// yuin/gopher-lua overflows its registry here, which at its default options
// happens after some thousand elements.
func TestConcatAndUnpackOfManyElements(t *testing.T) {
	L := lua.NewState()
	t.Cleanup(L.Close)
	stdlib.Open(L, stdlib.Host{})
	got := run(t, L, `
		local t = {}
		for i = 1, 1000000 do t[i] = "x" end
		local ok, err = pcall(function() local a = unpack(t) end)
		return #table.concat(t, ","), ok, (err:gsub("^%S+ ", ""))`)
	want := []string{"1999999", "false", "too many results to unpack"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	L = newState(t, stdlib.Host{})
	got = run(t, L, `
		local t = {}
		for i = 1, 100000 do t[i] = i end
		return select("#", unpack(t)), select("#", ("x"):rep(100000):byte(1, -1))`)
	if diff := cmp.Diff([]string{"100000", "100000"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Order functions that are none, and that change the table while it is sorted,
// end in an error or in some order.
func TestSortWithBadOrders(t *testing.T) {
	orders := []string{
		"return true",
		"return false",
		"return a <= b",
		"return math.random() < 0.5",
		"t[math.random(100)] = nil return (a or 0) < (b or 0)",
		"for i = #t, 1, -1 do table.remove(t) end return (a or 0) < (b or 0)",
		"t[#t + 1] = 1 return a < b",
	}
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			L := newState(t, stdlib.Host{})
			run(t, L, `
				for round = 1, 20 do
					local t = {}
					for i = 1, 100 do t[i] = math.random(10) end
					local ok, err = pcall(table.sort, t, function(a, b) `+order+` end)
					assert(ok or err:find("invalid order function") or err:find("attempt"), err)
				end`)
		})
	}
}

func TestCallbacksPropagateErrorsAndValues(t *testing.T) {
	L := newState(t, stdlib.Host{})
	got := run(t, L, `
		local marker = {}
		local function raise() error(marker) end
		local results = {}
		for _, call in ipairs{
			function() ("x"):gsub("x", raise) end,
			function() table.sort({2, 1}, raise) end,
			function() table.foreach({1}, raise) end,
			function() tostring(setmetatable({}, {__tostring = raise})) end,
			function() ("x"):gsub("x", setmetatable({}, {__index = raise})) end,
		} do
			local ok, err = pcall(call)
			results[#results + 1] = tostring(err == marker)
		end
		return table.concat(results, " ")`)
	if diff := cmp.Diff([]string{"true true true true true"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPatternTooComplex(t *testing.T) {
	L := newState(t, stdlib.Host{})
	got := run(t, L, `
		local ok, err = pcall(string.find, ("a"):rep(500000), ("a?"):rep(500000))
		return ok, err:match("pattern too complex")`)
	if diff := cmp.Diff([]string{"false", "pattern too complex"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The sequence of random numbers belongs to the state.
func TestRandomIsRepeatable(t *testing.T) {
	const source = `return math.random(1000000), math.random(1000000)`
	first := run(t, newState(t, stdlib.Host{}), source)
	second := run(t, newState(t, stdlib.Host{}), source)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two states differ (-first +second):\n%s", diff)
	}
	if strings.Join(first, "") == "" || first[0] == first[1] {
		t.Errorf("not random: %v", first)
	}
}

// Local times, where the clock is changed. The numbers are lua5.1's.
func TestDaylightSavingTime(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skip(err)
	}
	time.Local = stockholm
	defer func() { time.Local = time.UTC }()
	L := newState(t, stdlib.Host{})
	got := run(t, L, `
		local function at(month, isdst) return os.time{year = 2009, month = month, day = 13, isdst = isdst} end
		return at(7), at(7, true), at(7, false), at(1), at(1, true), at(1, false),
			os.date("%c %Z %z", 1247482800), os.date("%c %Z %z", 1231844400),
			os.date("*t", 1247482800).isdst, os.date("*t", 1231844400).isdst`)
	want := []string{
		"1247479200", "1247479200", "1247482800", "1231844400", "1231840800", "1231844400",
		"Mon Jul 13 13:00:00 2009 CEST +0200", "Tue Jan 13 12:00:00 2009 CET +0100",
		"true", "false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
