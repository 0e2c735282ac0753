package suite

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// The chunks of the harness begin with modules. Calls below a call of catcher
// belong to the harness, not to the script.
const (
	modules = "ave/test/"
	catcher = "ave/test/failure.lua"
)

// isScript tells the source of a user's code from that of the harness.
func isScript(source string) bool { return !strings.HasPrefix(source, modules) }

// scriptStack returns the part of a stack that a user has written: without the
// harness at the top, which raised the error and examines it, without everything
// below the test, and without the Go functions in between.
func scriptStack(frames []vm.Frame) []harness.Frame {
	var stack []harness.Frame
	for _, f := range frames {
		switch {
		case f.Source == catcher && len(stack) > 0:
			return shortened(stack)
		case f.Source == "" || !isScript(f.Source):
			continue
		}
		stack = append(stack, harness.Frame{File: f.Source, Line: f.Line, Func: function(f), Source: f.Text()})
	}
	return shortened(stack)
}

// shortened removes the middle of a long stack, which nobody would read.
func shortened(stack []harness.Frame) []harness.Frame {
	const head, tail = 10, 5
	if len(stack) <= head+tail+1 {
		return stack
	}
	gap := harness.Frame{Func: fmt.Sprintf("%d more calls", len(stack)-head-tail)}
	return slices.Concat(stack[:head], []harness.Frame{gap}, stack[len(stack)-tail:])
}

// function returns the name of a frame's function, or "".
func function(f vm.Frame) string {
	switch {
	case f.Main:
		return "the main chunk"
	case strings.HasPrefix(f.Name, "<"):
		return ""
	}
	return f.Name
}

// problemsOf reads the list of problems of the runner.
func problemsOf(list *lua.LTable) []harness.Problem {
	if list == nil {
		return nil
	}
	problems := make([]harness.Problem, list.Len())
	for i := range problems {
		problems[i] = problemOf(list.RawGetInt(i + 1).(*lua.LTable))
	}
	return problems
}

func problemOf(t *lua.LTable) harness.Problem {
	p := harness.Problem{
		Hook:    lua.LVAsString(t.RawGetString("hook")),
		Message: lua.LVAsString(t.RawGetString("message")),
		Diff:    lua.LVAsString(t.RawGetString("diff")),
	}
	if ud, ok := t.RawGetString("stack").(*lua.LUserData); ok {
		p.Stack, _ = ud.Value.([]harness.Frame)
	}
	return blame(p)
}

// blame moves the position at the beginning of a message to the top of the stack:
// error(message, 2) means the caller.
func blame(p harness.Problem) harness.Problem {
	for i, f := range p.Stack {
		if rest, ok := strings.CutPrefix(p.Message, fmt.Sprintf("%s:%d: ", f.File, f.Line)); ok {
			p.Message, p.Stack = rest, p.Stack[i:]
			break
		}
	}
	return p
}

// loadProblem describes why a file could not be loaded.
func loadProblem(err error) harness.Problem {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return harness.Problem{Message: err.Error()}
	}
	return harness.Problem{
		Message: e.Message,
		Stack:   []harness.Frame{{File: e.Name, Line: e.Line, Source: sourceLine(e.Name, e.Line)}},
	}
}

func sourceLine(file string, line int) string {
	source, err := os.ReadFile(file)
	lines := strings.Split(string(source), "\n")
	if err != nil || line < 1 || line > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[line-1])
}
