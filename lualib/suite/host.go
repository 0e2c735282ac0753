package suite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// host has the functions in Go for the Lua modules of ave.test.
var host = bind.Module{
	Name: "ave.test.host",
	Funcs: []bind.Fn{
		bind.Func("acquire", "name", acquire),
		bind.Func("beside", "path", beside),
		bind.Func("caller", "", caller),
		bind.Func("choice", "", choice),
		bind.Func("died_in", "block", diedIn),
		bind.Func("diff", "expected, actual", diff),
		bind.Func("emit", "kind, element, status?, problems?", emit),
		bind.Func("ending", "", isEnding),
		bind.Func("enter", "block", enter),
		bind.Func("fleet", "", fleet),
		bind.Func("forgive", "", forgive),
		bind.Func("global", "word", global),
		bind.Func("golden", "kind, name, text, may_update", golden),
		bind.Func("hold", "problem, expected?, goes_on?", hold),
		bind.Func("is_object", "value", isObject),
		bind.Func("is_opaque", "value", isOpaque),
		bind.Func("left", "", left),
		bind.Func("look", "", look),
		bind.Func("missing", "", missing),
		bind.Func("now", "", now),
		bind.Func("release", "name", release),
		bind.Func("seed", "", seed),
		bind.Func("settle", "directory, keep?", settle),
		bind.Func("shared", "name, fn", shared),
		bind.Func("skips", "test", skips),
		bind.Func("sleep", "seconds", sleep),
		bind.Func("stack", "", captureStack),
		bind.Func("tagged", "test", tagged),
		bind.Func("tagged_out", "element", taggedOut),
		bind.Func("tags", "", tags),
		bind.Func("time", "", unixTime),
		bind.Func("visible", "text", visible),
		bind.Func("within", "seconds, fn, hook?, arg?, cleans?", within),
		bind.Func("workspace", "", workspace),
	},
}

// caller returns the file and the line of the script that called the harness.
func caller(c *bind.Call) error {
	if file, line := vm.Caller(c.L, isScript); file != "" {
		return c.Return(file, line)
	}
	return nil
}

// captureStack returns the stack below an error handler, as a value that Lua passes
// on to emit.
func captureStack(c *bind.Call) error {
	return c.Return(&lua.LUserData{Value: scriptStack(vm.Frames(c.L)), Metatable: lua.LNil})
}

// global returns what a word is as a global variable, even if a script has replaced that.
func global(c *bind.Call) error {
	var word string
	if err := c.Args(&word); err != nil {
		return err
	}
	for value, name := range of(c.L).globals {
		if name == word {
			return c.Return(value)
		}
	}
	return nil
}

// diff compares two texts line by line. It returns nothing if they are equal.
func diff(c *bind.Call) error {
	var expected, actual string
	if err := c.Args(&expected, &actual); err != nil {
		return err
	}
	if expected == actual {
		return nil
	}
	return c.Return(lineDiff(expected, actual))
}

func lineDiff(expected, actual string) string {
	var lines strings.Builder
	unified := udiff.Unified("", "", expected+"\n", actual+"\n")
	for line := range strings.Lines(unified) {
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		case strings.HasPrefix(line, "@@"):
			if lines.Len() > 0 {
				lines.WriteString(" ...\n")
			}
		default:
			lines.WriteString(line)
		}
	}
	return strings.TrimSuffix(lines.String(), "\n")
}

// emit sends an event about a test or a block.
func emit(c *bind.Call) error {
	var kind, status string
	var element, problems *lua.LTable
	if err := c.Args(&kind, &element, &status, &problems); err != nil {
		return err
	}
	s := of(c.L)
	interrupted, uncleaned := howEnded(problems)
	s.interrupted = s.interrupted || interrupted
	s.send(harness.Event{
		Kind:     harness.Kind(kind),
		Status:   harness.Status(status),
		Path:     texts(element.RawGetString("path")),
		Line:     int(lua.LVAsNumber(element.RawGetString("line"))),
		Tags:     texts(c.L.GetField(element, "tags")),
		Problems: problemsOf(problems),

		Attempt:     int(lua.LVAsNumber(element.RawGetString("attempt"))),
		Last:        lua.LVAsBool(element.RawGetString("last")),
		Quarantined: lua.LVAsBool(c.L.GetField(element, "quarantine")),
		Uncleaned:   uncleaned && s.ending.end() != nil,
		Needs:       needsOf(element),
	})
	return nil
}

// howEnded reports whether the end of the run is among the problems, and whether
// one of them is of a hook that cleans up.
func howEnded(problems *lua.LTable) (interrupted, uncleaned bool) {
	if problems == nil {
		return false, false
	}
	for i := range problems.Len() {
		problem := problems.RawGetInt(i + 1).(*lua.LTable)
		interrupted = interrupted || lua.LVAsBool(problem.RawGetString("interrupted"))
		uncleaned = uncleaned || lua.LVAsBool(problem.RawGetString("uncleaned"))
	}
	return interrupted, uncleaned
}

// isEnding tells whether the run is being ended, so that only hooks that clean up
// still run. It returns "quiet" if tests that were running do not count.
func isEnding(c *bind.Call) error {
	end := of(c.L).ending.end()
	switch {
	case end == nil:
		return nil
	case end.Quiet:
		return c.Return("quiet")
	}
	return c.Return("interrupted")
}

// enter sets the block that the interpreter is in; the parent of a worker must know
// it.
func enter(c *bind.Call) error {
	var block *lua.LTable
	if err := c.Args(&block); err != nil {
		return err
	}
	s := of(c.L)
	e := harness.Event{Path: texts(block.RawGetString("path")), Line: int(lua.LVAsNumber(block.RawGetString("line")))}
	s.block.Store(&e)
	if s.opts.Link != nil {
		s.opts.Link.Enter(e)
	}
	return nil
}

// texts converts a list of names, which may contain any bytes, to strings.
func texts(v lua.LValue) []string {
	list, ok := v.(*lua.LTable)
	if !ok || list.Len() == 0 {
		return nil
	}
	texts := make([]string, list.Len())
	for i := range texts {
		texts[i] = harness.Text(list.RawGetInt(i + 1).String())
	}
	return texts
}

// beside returns the absolute path of a file beside the calling script.
func beside(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	file, _ := vm.Caller(c.L, isScript)
	path, err := filepath.Abs(filepath.Join(filepath.Dir(file), name))
	if err != nil {
		return err
	}
	return c.Return(path)
}

// visible writes each byte that is not UTF-8 as in Lua source: \255.
func visible(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\%d`, text[0])
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return c.Return(b.String())
}

// seed returns a random number for an order.
func seed(c *bind.Call) error { return c.Return(rand.IntN(1_000_000)) }

// unixTime returns the seconds since 1970.
func unixTime(c *bind.Call) error { return c.Return(float64(time.Now().UnixMicro()) / 1e6) }

// isObject tells whether a value is an object with a part in Go.
func isObject(c *bind.Call) error {
	_, has := bind.Part[any](c.Arg(1))
	return c.Return(has)
}

// isOpaque tells whether a value is an object that has more than pairs shows: a
// part in Go that no __pairs lists.
func isOpaque(c *bind.Call) error {
	object := c.Arg(1)
	_, has := bind.Part[any](object)
	return c.Return(has && c.L.GetMetaField(object, "__pairs") == lua.LNil)
}

// now returns a time in seconds that never jumps, and stands still while a test is held.
func now(c *bind.Call) error { return c.Return(of(c.L).clock().Now()) }

func sleep(c *bind.Call) error {
	var d bind.Seconds
	if err := c.Args(&d); err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) {
		timer := time.NewTimer(d.Or(0))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})
	return nil
}
