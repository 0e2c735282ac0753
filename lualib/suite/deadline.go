package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// deadline ends what a test or a hook does when its time is over. What it was
// doing is written down before: afterwards its stack is gone.
type deadline struct {
	session *session
	limit   time.Duration
	hook    string // "" for the test itself
	cancel  context.CancelCauseFunc

	// Under the interpreter's lock.
	over    bool
	problem harness.Problem
}

func (d *deadline) Error() string {
	return fmt.Sprintf("it did not end within %g s", d.limit.Seconds())
}

// stuckGrace is how long code may go on when its time is over. A Go function
// that does not heed its context takes longer; only the end of the process ends
// it then.
const stuckGrace = 3 * time.Second

// within calls fn(hook) and returns what it returns. When the seconds are over, it
// returns nothing, and a problem instead. Without seconds there is no limit.
func within(c *bind.Call) error {
	limit, fn, hook := lua.LVAsNumber(c.Arg(1)), c.Arg(2), lua.LVAsString(c.Arg(3))
	if limit <= 0 {
		return c.Return(bind.Invoke(c.L, fn, c.Arg(4)))
	}
	s := of(c.L)
	ctx, cancel := context.WithCancelCause(vm.Context(c.L))
	defer cancel(nil)
	d := &deadline{session: s, limit: time.Duration(float64(limit) * float64(time.Second)), hook: hook, cancel: cancel}
	defer d.start(vm.Of(c.L))()
	var result lua.LValue
	err := vm.Within(c.L, ctx, func(L *lua.LState) error {
		result = bind.Invoke(L, fn, c.Arg(4))
		return nil
	})
	d.over = true
	if err == nil {
		return c.Return(result)
	}
	if !errors.Is(err, d) {
		return err
	}
	s.remains.overdue = true
	problem := c.L.NewTable()
	problem.RawSetString("status", lua.LString(harness.Error))
	problem.RawSetString("message", lua.LString(d.problem.Message))
	problem.RawSetString("stack", &lua.LUserData{Value: d.problem.Stack, Metatable: lua.LNil})
	return c.Return(problem)
}

// start sets the timers.
func (d *deadline) start(v *vm.VM) (stop func()) {
	ended := make(chan struct{})
	timer := time.AfterFunc(d.limit, func() {
		v.Post(d.expire, func(error) {})
		select {
		case <-ended:
		case <-time.After(stuckGrace):
			d.stuck()
		}
	})
	return func() {
		timer.Stop()
		close(ended)
	}
}

// expire runs in the middle of what has taken too long.
func (d *deadline) expire(L *lua.LState) {
	if d.over {
		return
	}
	d.problem = harness.Problem{Message: d.Error()}
	for _, frames := range vm.Stacks(L) {
		if stack := scriptStack(frames); len(stack) > 0 {
			d.problem.Stack = stack
			break
		}
	}
	d.problem.Message += d.session.describe(L)
	d.cancel(d)
}

// describe is what there is to be seen of a test that hangs.
func (s *session) describe(L *lua.LState) string {
	var text bytes.Buffer
	vm.DumpIf(L, &text, func(f vm.Frame) bool { return f.Source != "" && isScript(f.Source) })
	section := func(title, body string) {
		if body = strings.TrimSpace(body); body != "" {
			fmt.Fprintf(&text, "%s:\n%s\n\n", title, indent(body))
		}
	}
	section("waits for", s.awaited())
	section("children", processTree(os.Getpid()))
	for _, show := range s.views {
		for title, body := range show() {
			section(title, body)
		}
	}
	return "\n\n" + strings.TrimSpace(text.String())
}

// awaited is what the test needs and another worker has.
func (s *session) awaited() string {
	if s.opts.Link == nil {
		return ""
	}
	ask, why := s.opts.Link.Waiting()
	switch {
	case why == "":
		return ""
	case ask.Verb == workers.Lock:
		return fmt.Sprintf("exclusive %q: %s", ask.Name, why)
	}
	return fmt.Sprintf("shared %q: %s", ask.Name, why)
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// processTree has a line for each descendant.
func processTree(pid int) string {
	const deepest = 20
	var lines []string
	var add func(pid, depth int)
	add = func(pid, depth int) {
		children, err := process.Children(pid)
		if err != nil || depth == deepest {
			return
		}
		for _, c := range children {
			line, _ := os.ReadFile(filepath.Join("/proc", fmt.Sprint(c.PID), "cmdline"))
			text := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
			lines = append(lines, fmt.Sprintf("%s%d %c %s", strings.Repeat("  ", depth), c.PID, c.State, text))
			add(c.PID, depth+1)
		}
	}
	add(pid, 0)
	return strings.Join(lines, "\n")
}

// stuck is called when even the end of its context has not ended the test. In a
// worker, it reports what is known and ends the process: the rest of the file is
// run by another one. Without workers nothing can be done.
func (d *deadline) stuck() {
	link := d.session.opts.Link
	if link == nil {
		return
	}
	problem := d.problem // a race only with what is stuck
	if problem.Message == "" {
		problem.Message = d.Error()
	}
	var goroutines bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&goroutines, 1)
	problem.Message += "\n\nIt is stuck in a Go function, and its process was ended.\n\n" + goroutines.String()
	problem.Hook = d.hook
	e := broken(problem)
	if block := d.session.block.Load(); block != nil {
		e.Path, e.Line = block.Path, block.Line
	}
	if current := d.session.running(); current != nil {
		e = current.Broken("")
		e.Problems = []harness.Problem{problem}
	}
	e.Died = true
	link.Report(e)
	link.Gone()
	d.session.opts.Exit()
}

// ShowAtDeadline has what show returns, texts by their titles, be part of what is
// said about a test that hangs: the screens of sessions.
func ShowAtDeadline(L *lua.LState, show func() map[string]string) {
	s := of(L)
	s.views = append(s.views, show)
}
