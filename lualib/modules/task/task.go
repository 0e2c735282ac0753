// Package task has the module for tasks: Lua functions that run concurrently.
package task

import (
	"context"
	"errors"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// Module is ave.task. Each task is a goroutine that takes the interpreter's lock,
// so other tasks run only while it waits.
var Module = bind.Module{
	Name: "ave.task",
	Funcs: []bind.Fn{
		bind.Func("channel", "capacity?", taskChannel),
		bind.Func("group", "fn, options?", taskGroup),
		bind.Func("select", "channels, timeout?", taskSelect),
		bind.Func("spawn", "fn, ...", taskSpawn),
	},
	Classes: []*bind.Class{&channelClass, &groupClass, &taskClass},
}

// taskClass is Task. spawn makes tasks.
var taskClass = bind.Class{
	Name: "Task",
	Init: bind.MadeBy("Task", "ave.task.spawn"),
	Methods: []bind.Fn{
		bind.Func("cancel", "", taskCancel),
		bind.Func("done", "", taskDone),
		bind.Func("join", "timeout?", taskJoin),
	},
	Meta: map[string]lua.LGFunction{"__tostring": taskToString},
}

// groupClass is Group. group makes groups.
var groupClass = bind.Class{
	Name:    "Group",
	Init:    bind.MadeBy("Group", "ave.task.group"),
	Methods: []bind.Fn{bind.Func("spawn", "fn, ...", groupSpawn)},
}

// errCancelled is the cause of a cancelled task's end.
var errCancelled = exceptions.Terminated.Newf("the task was cancelled")

// task is the Go part of a Task. Its results are set when done is closed.
type task struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
	bind.Results
	err  error
	told bool // its error was returned to somebody; under the lock
}

// current is the key of the running task in its context.
type current struct{}

// start runs fn as a task until ctx ends, or until what L belongs to is
// interrupted: the script, or the task that L is. If `of` is not nil, it is a task
// of that group.
func start(L *lua.LState, ctx context.Context, fn *lua.LFunction, args []lua.LValue, of *group) *task {
	t := &task{done: make(chan struct{})}
	ctx, t.cancel = context.WithCancelCause(context.WithValue(ctx, current{}, t))
	v, all := vm.Of(L), keptTasks.Of(L)
	all.running[t] = struct{}{}
	root := vm.Root(L)
	forget := context.AfterFunc(root, func() {
		if cause := context.Cause(root); cause != context.Canceled { //nolint:errorlint // that is a normal end
			t.cancel(cause)
		}
	})
	tests := vm.TestRunOf(L).Tasks()
	spare := context.AfterFunc(tests, func() { t.cancel(context.Cause(tests)) })
	go func() {
		if of != nil {
			defer of.running.Done() // last, because who waits for a group wants its tasks done
		}
		defer close(t.done)
		defer forget()
		defer spare()
		t.err = v.Do(ctx, func(L *lua.LState) error {
			defer delete(all.running, t)
			if ctx.Err() == nil {
				t.Of(L, fn, args...)
			}
			return context.Cause(ctx)
		})
		t.cancel(nil)
		if of != nil {
			of.ended(t.err)
		} else if t.err != nil && !errors.Is(t.err, errCancelled) {
			_ = v.Do(context.Background(), func(*lua.LState) error {
				all.keep(t)
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

func taskToString(L *lua.LState) int {
	t, ok := bind.Part[*task](L.Get(1))
	switch {
	case !ok:
		return bind.Show(L, bind.Uninitialized)
	case !t.ended():
		return bind.Show(L, "running")
	case errors.Is(t.err, errCancelled):
		return bind.Show(L, "cancelled")
	case t.err != nil:
		first, _, _ := strings.Cut(t.err.Error(), "\n")
		return bind.Show(L, "failed: "+printable.Line(first))
	}
	return bind.Show(L, "done")
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
		return errors.New("a task cannot join itself")
	}
	c.Unlocked(func(ctx context.Context) {
		select {
		case <-t.done:
		case <-limit.After():
		case <-ctx.Done():
		}
	})
	if !t.ended() {
		return exceptions.Timeout.Newf("the task is still running after %v", limit.Or(0))
	}
	t.told = true
	if t.err != nil {
		vm.Raise(c.L, bind.Raised(c.L, t.err))
	}
	return c.Return(t.Results...)
}

// group is the Go part of a Group: the first failure cancels all its tasks.
type group struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
	slots   chan struct{} // one for each task that may run; nil for no limit
}

// memberError is the cause of the end of a group's context.
type memberError struct{ error }

func (e memberError) Unwrap() error { return e.error }

var errGroupOver = exceptions.Terminated.Newf("the group of the task has ended")

// taskGroup calls fn with a new group, waits for its tasks, and returns the results
// of fn.
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
	defer func() { // even if the caller is interrupted
		g.cancel(errGroupOver)
		c.Unlocked(func(context.Context) { g.running.Wait() })
	}()
	var returned bind.Results
	err := vm.Within(c.L, g.ctx, func(L *lua.LState) error {
		returned.Of(L, fn, bind.New(L, &groupClass, g))
		vm.Unlocked(L, func(context.Context) { g.running.Wait() })
		return nil
	})
	var failed memberError
	switch {
	case errors.As(err, &failed):
		vm.Raise(c.L, bind.Raised(c.L, failed.error))
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
	taken = false // now it belongs to the task
	g.running.Add(1)
	return c.Return(bind.New(c.L, &taskClass, start(c.L, g.ctx, fn, c.Rest(2), g)))
}

// ended is called when a task of the group has ended.
func (g *group) ended(err error) {
	if err != nil && !errors.Is(err, errCancelled) {
		g.cancel(memberError{err})
	}
	if g.slots != nil {
		<-g.slots
	}
}
