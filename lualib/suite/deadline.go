package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// deadline ends a test or a hook when its time limit or the run is over. Before
// that it records what the code was doing, because afterwards its stack is gone.
type deadline struct {
	session *session
	vm      *vm.VM
	hook    string          // "" for the test itself
	cleans  bool            // it may clean up after the end of the run
	root    context.Context // the context of the code, but not of tasks
	cancel  context.CancelCauseFunc

	// What the event is about if the process has to be ended: by then, the code may
	// have returned and the session may run another test.
	test, block *harness.Event

	mu    sync.Mutex
	limit string         // the time limit, in words
	timer *harness.Timer // nil if there is no limit

	fired   atomic.Pointer[string]          // why it was ended
	claimed atomic.Bool                     // set by its end or by stuck; the other one must do nothing
	ended   chan struct{}                   // closed
	reached chan struct{}                   // closed when the interpreter was interrupted
	problem atomic.Pointer[harness.Problem] // what expire has recorded
}

func (d *deadline) Error() string { return *d.fired.Load() }

// How long code may go on after its time limit. A Go function that ignores its
// context takes longer; then only the end of the process helps.
const (
	reachGrace = 3 * time.Second  // until the interpreter is interrupted
	endGrace   = 10 * time.Second // after that: commands are asked to end before they are killed
)

// within calls fn(hook) and returns its results. After the time limit, or after the
// end of the run if fn does not clean up, it returns a problem instead. Without
// seconds only the end of the run limits it.
func within(c *bind.Call) error {
	fn, hook, cleans := c.Arg(2), lua.LVAsString(c.Arg(3)), lua.LVAsBool(c.Arg(5))
	limit := time.Duration(float64(lua.LVAsNumber(c.Arg(1))) * float64(time.Second))
	s := of(c.L)
	end := s.ending.end()
	if end != nil {
		if why := s.ending.refuses(end, cleans); why != "" {
			return c.Return(overdueProblem(c.L, &harness.Problem{Message: why}, !cleans))
		}
	}
	ctx, cancel := context.WithCancelCause(vm.Context(c.L))
	defer cancel(nil)
	d := &deadline{
		session: s, vm: vm.Of(c.L), hook: hook, cleans: cleans, root: vm.Root(c.L), cancel: cancel,
		test: s.running(), block: s.block.Load(),
		ended: make(chan struct{}), reached: make(chan struct{}),
	}
	result, err := d.call(c.L, ctx, limit, fn, c.Arg(4))
	if err == nil {
		return c.Return(result)
	}
	if !errors.Is(err, d) {
		return err
	}
	s.remains.overdue = true
	if stack := vm.Stopped(c.L); stack != nil && s.opts.Look != nil {
		s.hold(c.L, d, *d.problem.Load(), stack, false)
	}
	return c.Return(overdueProblem(c.L, d.problem.Load(), !cleans && s.ending.end() != nil))
}

// call calls fn within the time.
func (d *deadline) call(L *lua.LState, ctx context.Context, limit time.Duration, fn lua.LValue, arg lua.LValue) (result lua.LValue, err error) {
	defer d.start(limit)()
	d.vm.KeepStacks = d.vm.KeepStacks || d.session.opts.Look != nil
	err = vm.Within(L, ctx, func(L *lua.LState) error {
		result = bind.Invoke(L, fn, arg)
		return nil
	})
	return result, err
}

// overdueProblem returns the problem of code that was ended, in the form of the
// runner. interrupted means that the end of the run was the reason.
func overdueProblem(L *lua.LState, p *harness.Problem, interrupted bool) *lua.LTable {
	problem := L.NewTable()
	problem.RawSetString("status", lua.LString(harness.Error))
	problem.RawSetString("message", lua.LString(p.Message))
	problem.RawSetString("stack", &lua.LUserData{Value: p.Stack, Metatable: lua.LNil})
	problem.RawSetString("interrupted", lua.LBool(interrupted))
	return problem
}

// start sets the timer, and watches for the end of the run. If the process is being
// ended when stop is called, stop does not return, because nothing must follow what
// has been reported.
func (d *deadline) start(limit time.Duration) (stop func()) {
	if limit > 0 {
		d.setTimer(limit, fmt.Sprintf("%g s", limit.Seconds()))
	}
	around := d.session.deadline.Swap(d)
	if d.session.ending.end() != nil {
		go d.runEnds()
	}
	return func() {
		d.session.deadline.Store(around)
		d.mu.Lock()
		if d.timer != nil {
			d.timer.Stop()
		}
		d.mu.Unlock()
		if !d.claimed.CompareAndSwap(false, true) {
			select {}
		}
		close(d.ended)
	}
}

// setTimer sets the time that is left, unless less is left already.
func (d *deadline) setTimer(left time.Duration, limit string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	clock := d.session.opts.Clock
	if d.timer != nil && d.timer.Due() < clock.Now()+left {
		return
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.limit = limit
	d.timer = clock.AfterFunc(left, d.overdue)
}

// overdue is called when the time limit is over.
func (d *deadline) overdue() {
	d.mu.Lock()
	why := "it did not end within " + d.limit
	d.mu.Unlock()
	d.fire(why, true, func() (ended bool) {
		if d.session.ending.end() != nil {
			return d.awaitEnd(lastGrace)
		}
		return d.awaitReach() && d.awaitEnd(endGrace)
	})
}

// runEnds ends code that does not clean up, and limits the time of code that does.
func (d *deadline) runEnds() {
	e := &d.session.ending
	end := e.end()
	left, limited := e.left()
	switch {
	case !d.cleans && limited:
		d.fire(end.Message(), end.Overdue, func() bool { return d.awaitEnd(left + lastGrace) })
	case !d.cleans:
		d.fire(end.Message(), end.Overdue, func() bool { return d.awaitEnd(math.MaxInt64) })
	case limited:
		d.setTimer(left, e.limitText())
	}
	if d.cleans {
		d.haveTurns()
	}
}

// haveTurns ends the tasks if one of them never waits, until the code has ended:
// the interrupted test may have started that task, and nothing else can run. Code
// that cleans up, and does not wait itself, may need its tasks.
func (d *deadline) haveTurns() {
	var last uint64
	for !d.awaitEnd(reachGrace) {
		looked := make(chan struct{})
		d.vm.Post(func(L *lua.LState) {
			defer close(looked)
			turns := d.vm.Turns()
			if turns == last && vm.Root(L) != d.root {
				d.session.stopTasks(d.session.ending.end())
			}
			last = turns
		}, func(error) {})
		select {
		case <-looked:
		case <-d.ended:
		}
	}
}

// fire ends the code; if the code ignores that and another process can continue, it
// ends the process.
func (d *deadline) fire(why string, show bool, await func() (ended bool)) {
	if !d.fired.CompareAndSwap(nil, &why) {
		return
	}
	d.vm.Post(func(L *lua.LState) { d.expire(L, show) }, func(error) {})
	time.AfterFunc(reachGrace, func() {
		select {
		case <-d.ended:
		default:
			d.vm.Post(func(*lua.LState) { d.session.stopTasks(d) }, func(error) {})
		}
	})
	if link := d.session.opts.Link; link != nil && !await() && d.claimed.CompareAndSwap(false, true) {
		d.stuck(link)
	}
}

// awaitReach waits until the interpreter is interrupted, and reports whether it
// was.
func (d *deadline) awaitReach() bool {
	select {
	case <-d.ended:
	case <-d.reached:
	case <-time.After(reachGrace):
		return false
	}
	return true
}

// awaitEnd waits until the code has ended, and reports whether it has.
func (d *deadline) awaitEnd(grace time.Duration) bool {
	select {
	case <-d.ended:
		return true
	case <-time.After(grace):
		return false
	}
}

// expire runs inside the code that took too long.
func (d *deadline) expire(L *lua.LState, show bool) {
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
	if show {
		problem.Message += d.session.describe(L)
	}
	d.problem.Store(&problem)
	d.cancel(d)
}

// describe returns what can be seen of a test that hangs.
func (s *session) describe(L *lua.LState) string {
	var text bytes.Buffer
	vm.DumpIf(L, &text, func(f vm.Frame) bool { return f.Source != "" && isScript(f.Source) })
	section := func(title, body string) {
		if body = strings.TrimSpace(body); body != "" {
			fmt.Fprintf(&text, "%s:\n%s\n\n", title, indent(body))
		}
	}
	section("waiting for", s.awaited())
	section("children", processTree(os.Getpid()))
	for _, show := range s.views {
		for title, body := range show() {
			section(title, body)
		}
	}
	return "\n\n" + strings.TrimSpace(text.String())
}

// awaited returns the name that the test waits for, if another worker has it.
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

// processTree returns a line for each descendant; of many, only the first ones.
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
		delete(children, pid) // so that a loop ends
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

// stuck is called if code has not ended even after its context did. It reports what
// is known and ends the process. Another process runs the rest of the file.
func (d *deadline) stuck(link *workers.Link) {
	problem := harness.Problem{Message: d.Error()}
	if seen := d.problem.Load(); seen != nil {
		problem = *seen
	}
	var goroutines bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&goroutines, 1)
	problem.Message += "\n\nIt is stuck in a Go function, so its process was ended"
	if d.session.ending.end() != nil {
		problem.Message += "; " + workers.NotCleaned
	}
	problem.Message += ".\n\n" + goroutines.String()
	problem.Hook = d.hook
	e := broken(d.session.file, problem)
	if d.block != nil {
		e.Path, e.Line = d.block.Path, d.block.Line
	}
	if d.test != nil {
		e = d.test.Broken("")
		e.Problems = []harness.Problem{problem}
	}
	e.Died, e.Uncleaned = true, d.session.ending.end() != nil
	link.Report(e.AsText())
	link.Gone()
	d.session.opts.Exit()
}

// ShowAtDeadline implements [vm.TestRun].
func (s *session) ShowAtDeadline(show func() map[string]string) {
	s.views = append(s.views, show)
}
