package suite

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"
	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// host is what the Lua modules of ave.test need of Go. It is theirs alone.
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
		bind.Func("enter", "block", enter),
		bind.Func("golden", "kind, name, text, may_update", golden),
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
		bind.Func("time", "", unixTime),
		bind.Func("within", "seconds, fn, hook?, arg?", within),
		bind.Func("workspace", "", workspace),
	},
}

// caller is the file and the line of the script that called the harness.
func caller(c *bind.Call) error {
	if file, line := vm.Caller(c.L, isScript); file != "" {
		return c.Return(file, line)
	}
	return nil
}

// captureStack is the stack below an error handler, as a value that Lua passes
// on to emit.
func captureStack(c *bind.Call) error {
	return c.Return(&lua.LUserData{Value: scriptStack(vm.Frames(c.L)), Metatable: lua.LNil})
}

// diff compares two texts by lines. It returns nothing if they are equal.
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
	of(c.L).send(harness.Event{
		Kind:     harness.Kind(kind),
		Status:   harness.Status(status),
		Path:     texts(element.RawGetString("path")),
		Line:     int(lua.LVAsNumber(element.RawGetString("line"))),
		Tags:     texts(c.L.GetField(element, "tags")),
		Problems: problemsOf(problems),

		Attempt:     int(lua.LVAsNumber(element.RawGetString("attempt"))),
		Last:        lua.LVAsBool(element.RawGetString("last")),
		Quarantined: lua.LVAsBool(c.L.GetField(element, "quarantine")),
	})
	return nil
}

// enter says in which block the interpreter is; a worker's parent has to know.
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

// texts is a list of texts.
func texts(v lua.LValue) []string {
	list, ok := v.(*lua.LTable)
	if !ok || list.Len() == 0 {
		return nil
	}
	texts := make([]string, list.Len())
	for i := range texts {
		texts[i] = list.RawGetInt(i + 1).String()
	}
	return texts
}

// beside is the absolute path of a file that lies beside the script that calls.
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

// seed is a number that an order can be made of, another one each time.
func seed(c *bind.Call) error { return c.Return(rand.IntN(1_000_000)) }

// unixTime is the time in seconds of the epoch.
func unixTime(c *bind.Call) error { return c.Return(float64(time.Now().UnixMicro()) / 1e6) }

// isObject tells of an object that a part of it is Go's.
func isObject(c *bind.Call) error {
	_, has := bind.Part[any](c.Arg(1))
	return c.Return(has)
}

// isOpaque tells of an object that it is more than what pairs shows: that a part
// of it is Go's, and no __pairs knows that part.
func isOpaque(c *bind.Call) error {
	object := c.Arg(1)
	_, has := bind.Part[any](object)
	return c.Return(has && c.L.GetMetaField(object, "__pairs") == lua.LNil)
}

var started = time.Now()

// now is a time in seconds that never jumps.
func now(c *bind.Call) error { return c.Return(time.Since(started)) }

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
