package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
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

	// What the event is about if the process has to be ended: the code may go on
	// meanwhile, and the session with another test.
	test, block *harness.Event

	claimed atomic.Bool                     // by its end, or by stuck: the other one must do nothing
	ended   chan struct{}                   // closed
	reached chan struct{}                   // closed when the interpreter has been stopped
	problem atomic.Pointer[harness.Problem] // what expire has seen
}

func newDeadline(s *session, limit time.Duration, hook string, cancel context.CancelCauseFunc) *deadline {
	return &deadline{
		session: s, limit: limit, hook: hook, cancel: cancel,
		test: s.running(), block: s.block.Load(),
		ended: make(chan struct{}), reached: make(chan struct{}),
	}
}

func (d *deadline) Error() string {
	return fmt.Sprintf("it did not end within %g s", d.limit.Seconds())
}

// How long code may go on when its time is over. A Go function that does not heed its
// context takes longer; only the end of the process ends it then.
const (
	reachGrace = 3 * time.Second  // until the interpreter can be stopped
	endGrace   = 10 * time.Second // from then on: commands are asked to end before they are killed
)

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
	d := newDeadline(s, time.Duration(float64(limit)*float64(time.Second)), hook, cancel)
	defer d.start(vm.Of(c.L))()
	var result lua.LValue
	err := vm.Within(c.L, ctx, func(L *lua.LState) error {
		result = bind.Invoke(L, fn, c.Arg(4))
		return nil
	})
	if err == nil {
		return c.Return(result)
	}
	if !errors.Is(err, d) {
		return err
	}
	s.remains.overdue = true
	seen := d.problem.Load()
	problem := c.L.NewTable()
	problem.RawSetString("status", lua.LString(harness.Error))
	problem.RawSetString("message", lua.LString(seen.Message))
	problem.RawSetString("stack", &lua.LUserData{Value: seen.Stack, Metatable: lua.LNil})
	return c.Return(problem)
}

// start sets the timers. If the process is being ended when stop is called, stop does
// not return: nothing must follow what has been reported.
func (d *deadline) start(v *vm.VM) (stop func()) {
	timer := time.AfterFunc(d.limit, func() {
		v.Post(d.expire, func(error) {})
		// Without workers nothing can be done about what is stuck.
		if link := d.session.opts.Link; link != nil && !d.awaitEnd() && d.claimed.CompareAndSwap(false, true) {
			d.stuck(link)
		}
	})
	return func() {
		timer.Stop()
		if !d.claimed.CompareAndSwap(false, true) {
			select {}
		}
		close(d.ended)
	}
}

// awaitEnd waits until the code has ended, or is stuck.
func (d *deadline) awaitEnd() (ended bool) {
	select {
	case <-d.ended:
		return true
	case <-time.After(reachGrace):
		return false
	case <-d.reached:
	}
	select {
	case <-d.ended:
		return true
	case <-time.After(endGrace):
		return false
	}
}

// expire runs in the middle of what has taken too long.
func (d *deadline) expire(L *lua.LState) {
	if d.claimed.Load() {
		return
	}
	close(d.reached)
	problem := harness.Problem{Message: d.Error()}
	for _, frames := range vm.Stacks(L) {
		if stack := scriptStack(frames); len(stack) > 0 {
			problem.Stack = stack
			break
		}
	}
	problem.Message += d.session.describe(L)
	d.problem.Store(&problem)
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

// processTree has a line for each descendant, but for the last ones of many.
func processTree(pid int) string {
	const most = 50
	children, err := process.ByParent()
	if err != nil {
		return ""
	}
	var lines []string
	more := 0
	var add func(pid int, indent string)
	add = func(pid int, indent string) {
		siblings := children[pid]
		delete(children, pid) // to come to an end in any case
		for _, c := range siblings {
			if len(lines) < most {
				lines = append(lines, indent+describeProcess(c))
			} else {
				more++
			}
			add(c.PID, indent+"  ")
		}
	}
	add(pid, "")
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func describeProcess(p process.Stat) string {
	line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "cmdline"))
	return fmt.Sprintf("%d %c %s", p.PID, p.State, strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " ")))
}

// stuck is called when even the end of its context has not ended the code. It reports
// what is known and ends the process: the rest of the file is run by another one.
func (d *deadline) stuck(link *workers.Link) {
	problem := harness.Problem{Message: d.Error()}
	if seen := d.problem.Load(); seen != nil {
		problem = *seen
	}
	var goroutines bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&goroutines, 1)
	problem.Message += "\n\nIt is stuck in a Go function, and its process was ended.\n\n" + goroutines.String()
	problem.Hook = d.hook
	e := broken(problem)
	if d.block != nil {
		e.Path, e.Line = d.block.Path, d.block.Line
	}
	if d.test != nil {
		e = d.test.Broken("")
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
