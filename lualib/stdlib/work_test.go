package stdlib_test

import (
	"context"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

// ending is a context that counts how often it is asked whether it has ended, and that
// ends when it was asked so many times.
type ending struct {
	context.Context
	after, asked int
}

func (e *ending) Done() <-chan struct{} {
	done := make(chan struct{})
	if e.asked++; e.asked >= e.after {
		close(done)
	}
	return done
}

func (e *ending) Err() error { return context.DeadlineExceeded }

// A function of the library that takes long ends when its context does, in the middle of
// its work. The functions are called without Lua code around them, so that only they ask.
func TestLongCallsEnd(t *testing.T) {
	const mb = 1 << 20
	// Each is a function and its arguments.
	for name, source := range map[string]string{
		"rep":               `string.rep, "xyz", 16 * mb`,
		"rep of a long one": `string.rep, long, 4`,
		"upper":             `string.upper, long`,
		"lower":             `string.lower, long`,
		"reverse":           `string.reverse, long`,
		"concat":            `table.concat, many, ","`,
		"concat long ones":  `table.concat, { long, long, long }`,
		"concat separators": `table.concat, { 1, 2, 3 }, long`,
		"sort":              `table.sort, many`,
		"sort by Go":        `table.sort, many, rawequal`,
		"insert":            `table.insert, {}, -2^40, 1`,
		"maxn":              `table.maxn, many`,
		"foreach":           `table.foreach, many, ignore`,
		"foreachi":          `table.foreachi, many, ignore`,
		"format text":       `string.format, "%s%s%s", long, long, long`,
		"format quoted":     `string.format, "%q", long`,
		"format a literal":  `string.format, long`,
		"find plain":        `string.find, long, "b", 1, true`,
		"find":              `string.find, long, "[b]"`,
		"find backtracking": `string.find, long, "a-a-a-b"`,
		"find one run":      `string.find, long, "a*"`,
		"find balanced":     `string.find, ("("):rep(10000), "%b()"`,
		"find back":         `string.find, long, "^(a*)%1b"`,
		"find a long set":   `string.find, ("a"):rep(1000), "[" .. ("b"):rep(100000) .. "]"`,
		"match":             `string.match, long, ".-b"`,
		"gsub":              `string.gsub, long, "a", "b"`,
		"gsub nothing":      `string.gsub, long, "", ""`,
		"gsub a template":   `string.gsub, ("a"):rep(1000), "a", ("x"):rep(100000)`,
		"gsub captures":     `string.gsub, ("a"):rep(1000), "a", ("%0x"):rep(10000)`,
		"gsub a table":      `string.gsub, ("a"):rep(1000), "a", { a = ("x"):rep(100000) }`,
		"gsub a function":   `string.gsub, long, "a", tostring`,
	} {
		t.Run(name, func(t *testing.T) {
			L := newState(t, stdlib.Host{Stdout: new(strings.Builder)})
			L.SetGlobal("mb", lua.LNumber(mb))
			setUp := `long = ("a"):rep(16 * mb)`
			if strings.Contains(source, "many") {
				setUp = `many = {} for i = 1, 600000 do many[i] = i % 1000 end`
			}
			if err := L.DoString(setUp); err != nil {
				t.Fatal(err)
			}
			L.SetGlobal("ignore", L.NewFunction(func(*lua.LState) int { return 0 }))
			top := L.GetTop()
			if err := L.DoString("return " + source); err != nil {
				t.Fatal(err)
			}
			var values []lua.LValue
			for i := top + 1; i <= L.GetTop(); i++ {
				values = append(values, L.Get(i))
			}
			ctx := &ending{Context: t.Context(), after: 2}
			L.SetContext(ctx)
			err := L.CallByParam(lua.P{Fn: values[0], NRet: 0, Protect: true}, values[1:]...)
			if err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) || ctx.asked != 2 {
				t.Errorf("the context was asked %d times, and the call ended with %.200v", ctx.asked, err)
			}
		})
	}
}
