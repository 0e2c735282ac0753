package suite

import (
	"context"
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
		bind.Func("caller", "", caller),
		bind.Func("diff", "expected, actual", diff),
		bind.Func("emit", "kind, element, status?, problems?", emit),
		bind.Func("filter", "", filter),
		bind.Func("is_opaque", "value", isOpaque),
		bind.Func("now", "", now),
		bind.Func("sleep", "seconds", sleep),
		bind.Func("stack", "", captureStack),
	},
}

// caller is the file and the line of the script that called the harness.
func caller(c *bind.Call) error {
	if stack := scriptStack(vm.Frames(c.L)); len(stack) > 0 {
		return c.Return(stack[0].File, stack[0].Line)
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
		Path:     path(element),
		Line:     int(lua.LVAsNumber(element.RawGetString("line"))),
		Problems: problemsOf(problems),
	})
	return nil
}

func path(element *lua.LTable) []string {
	names, _ := element.RawGetString("path").(*lua.LTable)
	list := make([]string, names.Len())
	for i := range list {
		list[i] = names.RawGetInt(i + 1).String()
	}
	return list
}

// filter is the filter of the run, or nothing.
func filter(c *bind.Call) error {
	if text := of(c.L).filter; text != "" {
		return c.Return(text)
	}
	return nil
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
