package stdlib_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/lua51"
	"avescript/lualib/stdlib"
)

// ask calls a function of the string library. Both lua5.1 and the library here run
// it.
const ask = `function(name, ...)
	local results = { pcall(string[name], ...) }
	if not results[1] then
		return (results[2]:gsub("^<string>:%d+: ", ""):gsub("to '%?'", "to '" .. name .. "'"))
	end
	local shown = {}
	for i = 2, name == "format" and 2 or 34 do
		shown[#shown + 1] = type(results[i]):sub(1, 3) .. " " .. tostring(results[i])
	end
	return (table.concat(shown, "\n"):gsub("[\nnil ]*$", ""))
end
`

// tooLong is a text whose answers would say more of the computer than of Lua.
const tooLong = 300

// slow is for a pattern that backtracks.
const slow = 200 * time.Millisecond

// asker calls the function in a state with the library.
func asker(f *testing.F) func(t *testing.T, question ...string) string {
	L := newState(f, stdlib.Host{})
	if err := L.DoString("return " + ask); err != nil {
		f.Fatal(err)
	}
	function := L.Get(-1)
	L.SetTop(0)
	return func(t *testing.T, question ...string) string {
		within, cancel := context.WithTimeout(context.Background(), slow)
		defer cancel()
		L.SetContext(within)
		var values []lua.LValue
		for _, text := range question {
			values = append(values, lua.LString(text))
		}
		err := L.CallByParam(lua.P{Fn: function, NRet: 1, Protect: true}, values...)
		if err != nil && within.Err() != nil {
			t.Skip("it takes too long")
		}
		if err != nil {
			t.Fatal(err)
		}
		answer := L.Get(-1).String()
		L.SetTop(0)
		return answer
	}
}

// compare has lua5.1 answer, too.
func compare(t *testing.T, theirs *lua51.Process, got string, question ...string) {
	t.Helper()
	if theirs == nil {
		return
	}
	want, err := theirs.Ask(question...)
	if errors.Is(err, lua51.ErrSlow) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%q:\ngot  %q\nwant %q", question, got, want)
	}
}

// FuzzPattern compares what patterns find and replace.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][3]string{
		{"hello world", "o w", "x"}, {"key = value", "^(%w+)%s*=%s*(%w+)$", "%2=%1"}, {"(a(b)c)", "%b()", "%0%0"},
		{"THE (quick) fox", "%f[%a]%a+", ""}, {"abc\x00def", "%z", "0"}, {"aaa", "a-b", "%%"}, {"", ".-", "x"},
		{"x]y-z", "[]%-]", ""}, {"abab", "(ab)%1", "<%1>"}, {"abc", "()b()", "%2"}, {"a", "[a", "x"}, {"a", "%", "%"}, {"ab", "((a)(b))", "%4"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	ours, theirs := asker(f), lua51.Start(f, ask)
	f.Fuzz(func(t *testing.T, text, pattern, replacement string) {
		if len(text)+len(pattern)+len(replacement) > tooLong || strings.Contains(pattern, "\x00") {
			t.Skip() // a zero ends the patterns of lua5.1
		}
		for _, question := range [][]string{{"find", text, pattern}, {"match", text, pattern}, {"gsub", text, pattern, replacement}} {
			compare(t, theirs, ours(t, question...), question...)
		}
	})
}

// FuzzFormat compares what format makes of strings, and of numbers, which strings
// may be.
func FuzzFormat(f *testing.F) {
	for _, seed := range [][3]string{
		{"%d %s", "12", "x"}, {"%5.2f|%-8s|", "3.14159", "left"}, {"%q%%", "a\n\"\\\r\x00", ""}, {"%x %X", "255", "48879"},
		{"%+i % i", "7", "-7"}, {"%#o %c", "8", "65"}, {"%g %e", "1e300", "-0"}, {"%010.3d", "-5", ""}, {"%.20s", "abc", ""}, {"%y", "1", "2"}, {"%099d", "1", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	ours, theirs := asker(f), lua51.Start(f, ask)
	f.Fuzz(func(t *testing.T, format, first, second string) {
		if len(format)+len(first)+len(second) > tooLong || isHuge(first) || isHuge(second) {
			t.Skip()
		}
		got := ours(t, "format", format, first, second)
		if strings.Contains(got, "\x00") || strings.Contains(format, "c") && (isNoInt(first) || isNoInt(second)) {
			t.Skip() // lua5.1 ends what it formats there; C gives any character for such a number
		}
		compare(t, theirs, got, "format", format, first, second)
	})
}

// isNoInt tells of a number that C has no int for.
func isNoInt(text string) bool {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return err == nil && math.Abs(x) >= 1<<31
}

// isHuge tells of a number that C has no integer for: then lua5.1 gives any.
func isHuge(text string) bool {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return math.Abs(x) >= 1<<63 || math.IsNaN(x) || errors.Is(err, strconv.ErrRange) ||
		len(text) > len("0x7fffffffffffffff") && strings.ContainsAny(text, "xX")
}

// FuzzStream shows a text in two pieces to a pattern. What it calls firm is what it
// finds in the whole, and nothing is found in front of where it says that a match
// may begin.
func FuzzStream(f *testing.F) {
	f.Add("login: ", "gin: ", uint8(4))
	f.Add("one\ntwo\n", "(.-)\n", uint8(2))
	f.Add("aab", "^a*b", uint8(1))
	f.Add("THE fox", "%f[%a]%a+%f[%A]", uint8(3))
	f.Fuzz(func(t *testing.T, text, pattern string, cut uint8) {
		p, err := stdlib.NewPattern(pattern)
		if err != nil || len(text)+len(pattern) > tooLong {
			t.Skip()
		}
		within, cancel := context.WithTimeout(context.Background(), slow)
		defer cancel()
		begun := min(int(cut), len(text))
		part, err := p.Find(within, []byte(text[:begun]), 0)
		whole, err2 := p.Find(within, []byte(text), 0)
		if within.Err() != nil {
			t.Skip("it takes too long")
		}
		switch {
		case (err == nil) != (err2 == nil):
			t.Skip("the pattern is too complex for one of them")
		case part.At != nil && part.Firm:
			if !sameMatch(part.At, whole.At) {
				t.Errorf("%q in %q: got the firm match %v, and then %v", pattern, text[:begun], part.At, whole.At)
			}
		case part.At == nil && whole.At != nil && !strings.HasPrefix(pattern, "^"):
			if whole.At[0] < part.Open {
				t.Errorf("%q in %q: got no match before %d, and then %v", pattern, text[:begun], part.Open, whole.At)
			}
		}
	})
}

func sameMatch(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
