package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// frames are the calls that one can look at, and the selected one. Names mean the variables
// of the selected call. The interpreter's lock guards frames; only the goroutine that runs
// the inputs changes it.
type frames struct {
	raised  *calls // those of the last error
	stands  *calls // those of the code that opened the prompt, nil for none
	looked  *calls // raised or stands if a call of it is selected; nil: names are global variables
	require lua.LValue
}

// calls are the calls of a stack that scripts made, the innermost first.
type calls struct {
	stack  *vm.Stack
	frames []vm.Frame
	index  []int // in the stack
	at     int   // the selected call
	scopes []*scope
}

func callsOf(stack *vm.Stack) *calls {
	if stack == nil {
		return nil
	}
	c := &calls{stack: stack}
	for i, f := range stack.Frames() {
		if f.Source != "" && (!f.Internal() || os.Getenv(script.DebugVariable) != "") {
			c.frames, c.index = append(c.frames, f), append(c.index, i)
		}
	}
	if len(c.frames) == 0 {
		return nil
	}
	c.scopes = make([]*scope, len(c.frames))
	return c
}

// keepStacks makes errors keep their stacks as long as the prompt is open.
func (r *repl) keepStacks(ctx context.Context) (stop func()) {
	before := false
	set := func(ctx context.Context, keep bool) {
		_ = r.do(ctx, func(L *lua.LState) error {
			before, r.v.KeepStacks = r.v.KeepStacks, keep
			if r.frames.require == nil {
				r.frames.require = L.G.Global.RawGetString("require")
				r.frames.stands = callsOf(r.Stack)
				r.look(L, r.frames.stands, 0)
			}
			return nil
		})
	}
	set(ctx, true)
	return func() {
		ctx, cancel := brief(ctx)
		defer cancel()
		set(ctx, before)
	}
}

// look selects a call: names then mean its variables.
func (r *repl) look(L *lua.LState, c *calls, at int) {
	r.frames.looked = c
	if c == nil {
		return
	}
	c.at = at
	if c.scopes[at] == nil {
		library := r.frames.require
		if !r.HasAve {
			library = nil
		}
		c.scopes[at] = newScope(L, c.stack, c.index[at], library)
	}
}

// scope is the scope in which inputs run.
func (r *repl) scope() *scope {
	if c := r.frames.looked; c != nil {
		return c.scopes[c.at]
	}
	return nil
}

// enter makes a function that was typed run in the scope.
func (r *repl) enter(_ *lua.LState, fn *lua.LFunction) {
	if s := r.scope(); s != nil {
		fn.Env = s.table
	}
}

// framePrompt is the prompt while a call is selected, with its number. It is "" if no call
// is selected, or if the selected call is the one that opened the prompt.
func (r *repl) framePrompt() string {
	c := r.frames.looked
	switch {
	case c == nil || c == r.frames.stands && c.at == 0:
		return ""
	case c == r.frames.raised:
		return fmt.Sprintf("error %d> ", c.at+1)
	}
	return fmt.Sprintf("%d> ", c.at+1)
}

// keepFrames keeps the calls of the error or Ctrl-C that ended an input. The calls that
// somebody looks at stay.
func (r *repl) keepFrames(ctx context.Context, err error) {
	if err == nil {
		return
	}
	ctx, cancel := brief(ctx)
	defer cancel()
	_ = r.do(ctx, func(L *lua.LState) error {
		stack := vm.Stopped(L)
		if raised, ok := errors.AsType[*vm.Error](err); ok {
			stack = raised.Stack
		}
		if c := callsOf(stack); c != nil && (r.frames.looked == nil || r.frames.looked != r.frames.raised) {
			r.frames.raised = c
		}
		return nil
	})
}

// showWhere shows where the prompt stands when it is opened.
func (r *repl) showWhere(ctx context.Context) {
	if r.frames.looked == nil {
		return
	}
	if shown, err := r.runWhere(ctx, ""); err == nil {
		fmt.Fprintln(r.Out, shown)
	}
}

var errNoFrames = errors.New("there are no frames to look at: no error was raised here")

// seen are the calls that the commands are about.
func (r *repl) seen() *calls {
	for _, c := range []*calls{r.frames.looked, r.frames.stands, r.frames.raised} {
		if c != nil {
			return c
		}
	}
	return nil
}

// goTo selects a call of c, and shows it.
func (r *repl) goTo(ctx context.Context, c *calls, at int) (shown string, err error) {
	switch {
	case c == nil:
		return "", errNoFrames
	case at < 0 || at >= len(c.frames):
		return "", fmt.Errorf("there is no frame %d: wanted a number from 1 to %d (:frames lists them)", at+1, len(c.frames))
	}
	err = r.do(ctx, func(L *lua.LState) error {
		r.look(L, c, at)
		shown = c.describe(at)
		return nil
	})
	return shown, err
}

// numberOf reads the argument of a command.
func numberOf(args string, otherwise int) (int, error) {
	if args == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(args)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("wanted a number from 1 on, got %s", args)
	}
	return n, nil
}

func (r *repl) runFrames(context.Context, string) (string, error) {
	c := r.seen()
	if c == nil {
		return "", errNoFrames
	}
	var b strings.Builder
	for i, f := range c.frames {
		mark := " "
		if c == r.frames.looked && i == c.at {
			mark = "*"
		}
		fmt.Fprintf(&b, "%s %2d  %s\n", mark, i+1, f)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func (r *repl) runFrame(ctx context.Context, args string) (string, error) {
	n, err := numberOf(args, 1)
	if err != nil {
		return "", err
	}
	return r.goTo(ctx, r.seen(), n-1)
}

func (r *repl) runUp(ctx context.Context, args string) (string, error) {
	n, err := numberOf(args, 1)
	c := r.seen()
	switch {
	case err != nil:
		return "", err
	case c == nil || c != r.frames.looked:
		return r.goTo(ctx, c, n-1) // from the input into the innermost call
	case c.at+n >= len(c.frames):
		return "", errors.New("cannot go up: frame " + strconv.Itoa(len(c.frames)) + " is the outermost")
	}
	return r.goTo(ctx, c, c.at+n)
}

// runDown goes back to where the prompt stands from the innermost call of an error.
func (r *repl) runDown(ctx context.Context, args string) (string, error) {
	n, err := numberOf(args, 1)
	c := r.frames.looked
	switch {
	case err != nil:
		return "", err
	case c == nil && r.frames.raised == nil:
		return "", errNoFrames
	case c == nil:
		return "", errors.New("no frame is selected: :up selects the innermost frame of the last error")
	case c.at-n >= 0:
		return r.goTo(ctx, c, c.at-n)
	case c == r.frames.stands:
		return "", errors.New("cannot go down: frame 1 is the innermost")
	case r.frames.stands != nil:
		return r.goTo(ctx, r.frames.stands, r.frames.stands.at)
	}
	err = r.do(ctx, func(L *lua.LState) error {
		r.look(L, nil, 0)
		return nil
	})
	return "", err
}

func (r *repl) runError(ctx context.Context, _ string) (string, error) {
	return r.goTo(ctx, r.frames.raised, 0)
}

func (r *repl) runWhere(ctx context.Context, _ string) (shown string, err error) {
	c := r.frames.looked
	if c == nil {
		return "", errors.New("no frame is selected, so there are only global variables: :up selects a frame")
	}
	return r.goTo(ctx, c, c.at)
}

func (r *repl) runLocals(ctx context.Context, _ string) (shown string, err error) {
	c := r.frames.looked
	if c == nil {
		return "", errors.New("no frame is selected, so there are only global variables: :up selects a frame")
	}
	err = r.do(ctx, func(*lua.LState) error {
		var b strings.Builder
		for _, v := range c.stack.Variables(c.index[c.at]) {
			kind := ""
			if v.Upvalue {
				kind = "  (upvalue)"
			}
			fmt.Fprintf(&b, "%s = %s%s\n", v.Name, printable.Line(vm.Line(v)), kind)
		}
		shown = strings.TrimSuffix(b.String(), "\n")
		return nil
	})
	if err == nil && shown == "" {
		shown = "there are no local variables"
	}
	return shown, err
}

// linesAround is how many source lines are shown on each side of a call's.
const linesAround = 3

// describe is a call with its source.
func (c *calls) describe(at int) string {
	f := c.frames[at]
	var b strings.Builder
	fmt.Fprintf(&b, "frame %d of %d, %s\n", at+1, len(c.frames), f)
	first, lines := f.Around(linesAround)
	for i, line := range lines {
		mark := "  "
		if first+i == f.Line {
			mark = "->"
		}
		line = printable.Lines(strings.ReplaceAll(line, "\t", "    "), "")
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("%s %4d | %s", mark, first+i, line), " "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
