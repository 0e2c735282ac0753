package lualib

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// taskModule is ave.task: functions that run beside each other. Each is a
// goroutine that takes the interpreter's lock, so that the others go on while
// one waits, and only then.
var taskModule = bind.Module{
	Name: "ave.task",
	Funcs: []bind.Fn{
		bind.Func("channel", "capacity?", taskChannel),
		bind.Func("group", "fn, options?", taskGroup),
		bind.Func("select", "channels, timeout?", taskSelect),
		bind.Func("spawn", "fn, ...", taskSpawn),
	},
	Classes: []*bind.Class{&channelClass, &groupClass, &taskClass},
}

// taskClass is Task. It is made by spawn.
var taskClass = bind.Class{
	Name: "Task",
	Init: func(*bind.Call) error { return madeBy("Task", "ave.task.spawn") },
	Methods: []bind.Fn{
		bind.Func("cancel", "", taskCancel),
		bind.Func("done", "", taskDone),
		bind.Func("join", "timeout?", taskJoin),
	},
}

// groupClass is Group. It is made by group.
var groupClass = bind.Class{
	Name:    "Group",
	Init:    func(*bind.Call) error { return madeBy("Group", "ave.task.group") },
	Methods: []bind.Fn{bind.Func("spawn", "fn, ...", groupSpawn)},
}

func madeBy(class, function string) error {
	return exceptions.TypeError.Newf("%s: it is made by %s", class, function)
}

// errCancelled is why a task has ended that was cancelled.
var errCancelled = exceptions.Terminated.Newf("the task was cancelled")

// task is the Go part of a Task. What it has come to is there once done is
// closed.
type task struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
	results
	err  error
	told bool // somebody has its error; under the lock
}

// results are what a function has returned.
type results []any

func (r *results) of(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) {
	base := L.GetTop()
	L.Push(fn)
	for _, arg := range args {
		L.Push(arg)
	}
	L.Call(len(args), lua.MultRet)
	for i := base + 1; i <= L.GetTop(); i++ {
		*r = append(*r, L.Get(i))
	}
}

// current is the key of the task in its context.
type current struct{}

// start runs fn as a task until ctx ends, or what L belongs to is interrupted:
// the script, or the task that L is. ended, if not nil, is called then without
// the lock.
func start(L *lua.LState, ctx context.Context, fn *lua.LFunction, args []lua.LValue, ended func(error)) *task {
	t := &task{done: make(chan struct{})}
	ctx, t.cancel = context.WithCancelCause(context.WithValue(ctx, current{}, t))
	v, end := vm.Of(L), endingOf(L)
	end.tasks[t] = struct{}{}
	root := vm.Root(L)
	forget := context.AfterFunc(root, func() {
		if cause := context.Cause(root); cause != context.Canceled { //nolint:errorlint // that is a normal end
			t.cancel(cause)
		}
	})
	go func() {
		defer close(t.done)
		defer forget()
		t.err = v.Do(ctx, func(L *lua.LState) error {
			defer delete(end.tasks, t)
			if ctx.Err() == nil {
				t.of(L, fn, args...)
			}
			return context.Cause(ctx)
		})
		t.cancel(nil)
		if ended != nil {
			ended(t.err)
		} else if t.err != nil && !errors.Is(t.err, errCancelled) {
			_ = v.Do(context.Background(), func(*lua.LState) error {
				end.keep(t)
				return nil
			})
		}
	}()
	return t
}

func taskSpawn(c *bind.Call) error {
	var fn *lua.LFunction
	if err := c.Args(&fn); err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &taskClass, start(c.L, context.Background(), fn, c.Rest(2), nil)))
}

func taskCancel(c *bind.Call) error {
	t, err := bind.Self[*task](c)
	if err != nil {
		return err
	}
	t.cancel(errCancelled)
	return nil
}

func taskDone(c *bind.Call) error {
	t, err := bind.Self[*task](c)
	if err != nil {
		return err
	}
	return c.Return(t.ended())
}

func (t *task) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

func taskJoin(c *bind.Call) error {
	t, err := bind.Self[*task](c)
	if err != nil {
		return err
	}
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	if vm.Context(c.L).Value(current{}) == t {
		return errors.New("a task cannot wait for its own end")
	}
	c.Unlocked(func(ctx context.Context) {
		select {
		case <-t.done:
		case <-after(limit):
		case <-ctx.Done():
		}
	})
	if !t.ended() {
		return exceptions.Timeout.Newf("the task is not done after %v", limit.Or(0))
	}
	t.told = true
	if t.err != nil {
		vm.Raise(c.L, raisedBy(c.L, t.err))
	}
	return c.Return(t.results...)
}

// after is a channel that gets something when the time is over; never if there
// is no limit.
func after(limit bind.Seconds) <-chan time.Time {
	if d := limit.Or(-1); d >= 0 {
		return time.After(d)
	}
	return nil
}

// raisedBy is what the end of a task is to whoever waits for it: the value that
// it has raised, with where that was. A text becomes an Exception, since it has
// no room for that.
func raisedBy(L *lua.LState, err error) lua.LValue {
	var raised *vm.Error
	if !errors.As(err, &raised) {
		return bind.ErrorValue(L, err)
	}
	_, isText := raised.Value.(lua.LString)
	if !isText && !bind.IsErrorObject(raised.Value) {
		return raised.Value
	}
	e, bad := bind.Exception(L, raised.Value, raised.Frames)
	if isText {
		return bind.ErrorObject(L, e)
	}
	if bad == nil && L.GetField(raised.Value, "trace") == lua.LNil {
		L.SetField(raised.Value, "trace", L.GetField(bind.ErrorObject(L, e), "trace"))
	}
	return raised.Value
}

// group is the Go part of a Group: tasks of which the first failure ends all.
type group struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
	slots   chan struct{} // as many as may run at a time; nil for no limit
}

// memberError is why the context of a group has ended.
type memberError struct{ error }

func (e memberError) Unwrap() error { return e.error }

var errGroupOver = exceptions.Terminated.Newf("the group of the task has ended")

// taskGroup calls fn with a new group, and returns what it returns when all
// tasks of the group are done.
func taskGroup(c *bind.Call) error {
	var fn *lua.LFunction
	var options struct {
		Limit int `lua:"limit"`
	}
	if err := c.Args(&fn, &options); err != nil {
		return err
	}
	g := &group{}
	if options.Limit > 0 {
		g.slots = make(chan struct{}, options.Limit)
	}
	g.ctx, g.cancel = context.WithCancelCause(vm.Context(c.L))
	defer func() { // also when the caller is interrupted
		g.cancel(errGroupOver)
		c.Unlocked(func(context.Context) { g.running.Wait() })
	}()
	var returned results
	err := vm.Within(c.L, g.ctx, func(L *lua.LState) error {
		returned.of(L, fn, bind.New(L, &groupClass, g))
		vm.Unlocked(L, func(context.Context) { g.running.Wait() })
		return nil
	})
	var failed memberError
	switch {
	case errors.As(err, &failed):
		vm.Raise(c.L, raisedBy(c.L, failed.error))
	case err != nil:
		return err
	}
	return c.Return(returned...)
}

func groupSpawn(c *bind.Call) error {
	g, err := bind.Self[*group](c)
	if err != nil {
		return err
	}
	var fn *lua.LFunction
	if err := c.Args(&fn); err != nil {
		return err
	}
	taken := false
	defer func() { // the caller may be interrupted when it has just got a slot
		if taken {
			<-g.slots
		}
	}()
	if g.slots != nil {
		c.Unlocked(func(ctx context.Context) {
			select {
			case g.slots <- struct{}{}:
				taken = true
			case <-g.ctx.Done():
			case <-ctx.Done():
			}
		})
	}
	if g.ctx.Err() != nil {
		return context.Cause(g.ctx)
	}
	taken = false // by now it is the task's
	g.running.Add(1)
	return c.Return(bind.New(c.L, &taskClass, start(c.L, g.ctx, fn, c.Rest(2), g.ended)))
}

// ended is called when a task of the group has ended.
func (g *group) ended(err error) {
	if err != nil && !errors.Is(err, errCancelled) {
		g.cancel(memberError{err})
	}
	if g.slots != nil {
		<-g.slots
	}
	g.running.Done()
}

const (
	taskGrace    = 3 * time.Second // for the tasks that are left when a script ends
	keptFailures = 100             // that nobody has joined yet
)

// keep remembers a task that has failed, until the script ends.
func (e *ending) keep(t *task) {
	if len(e.failed) == keptFailures {
		e.failed = e.failed[1:]
	}
	e.failed = append(e.failed, t)
}

// endTasks cancels the tasks that are left, and says which have failed without
// anybody having joined them.
func (e *ending) endTasks(L *lua.LState) {
	var left []*task
	for t := range e.tasks {
		t.cancel(errCancelled)
		left = append(left, t)
	}
	vm.Unlocked(L, func(context.Context) {
		limit := time.After(taskGrace)
		for _, t := range left {
			select {
			case <-t.done:
			case <-limit:
				return
			}
		}
	})
	for _, t := range e.failed {
		if !t.told {
			fmt.Fprintf(os.Stderr, "avescript: a task has failed that nobody joined: %v\n", t.err)
		}
	}
	e.failed = nil
}
