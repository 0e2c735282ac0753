package compat

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/posix"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// waiting are the objects that select looks at.
type waiting struct {
	objects []lua.LValue
	fds     []unix.PollFd
	ready   []bool // has data that was read already
}

// socketSelect is select(readers, writers [, timeout]). The objects are tables or objects with
// getfd, and with dirty if they have data that was read already.
func socketSelect(a stdlib.Args) int {
	limit := noLimit
	if x := a.NumberOr(3, -1); x >= 0 {
		const most = float64(1 << 32)
		limit = time.Duration(min(x, most) * float64(time.Second))
	}
	var w waiting
	w.add(a, 1, unix.POLLIN)
	readers := len(w.objects)
	w.add(a, 2, unix.POLLOUT)
	for _, ready := range w.ready {
		if ready {
			limit = 0
		}
	}
	if err := w.poll(a.L, limit); err != nil {
		a.Fail("select failed: %s", stdlib.ErrorText(err))
	}
	lists := [2]*lua.LTable{a.L.NewTable(), a.L.NewTable()}
	some := false
	for i, object := range w.objects {
		if w.fds[i].Revents == 0 && !w.ready[i] {
			continue
		}
		some = true
		list := lists[0]
		if i >= readers {
			list = lists[1]
		}
		list.Append(object)
		list.RawSet(object, lua.LNumber(list.Len()))
	}
	if !some {
		return a.Push(lists[0], lists[1], lua.LString("timeout"))
	}
	return a.Push(lists[0], lists[1])
}

// poll waits without the lock. It may not return, if the script is interrupted.
func (w *waiting) poll(L *lua.LState, limit time.Duration) (err error) {
	w.hold(1)
	defer w.hold(-1)
	vm.Unlocked(L, func(ctx context.Context) { _, err = posix.Poll(ctx, w.fds, limit) })
	return err
}

// hold keeps the descriptors of tcp objects from being closed, or no longer.
func (w *waiting) hold(change int) {
	for _, object := range w.objects {
		ud, _ := object.(*lua.LUserData)
		if ud == nil {
			continue
		}
		if t, ok := ud.Value.(*tcp); ok {
			t.waits += change
			if t.closed {
				t.close()
			}
		}
	}
}

// add adds the objects of argument n.
func (w *waiting) add(a stdlib.Args, n int, events int16) {
	if a.Absent(n) {
		return
	}
	list := a.Table(n)
	for i := 1; ; i++ {
		object := list.RawGetInt(i)
		if object == lua.LNil {
			return
		}
		fd := call(a.L, object, "getfd")
		number, ok := fd.(lua.LNumber)
		if !ok || number < 0 {
			continue
		}
		w.objects = append(w.objects, object)
		w.fds = append(w.fds, unix.PollFd{Fd: int32(number), Events: events})
		w.ready = append(w.ready, events == unix.POLLIN && lua.LVAsBool(call(a.L, object, "dirty")))
	}
}

// call calls a method that an object may have.
func call(L *lua.LState, object lua.LValue, name string) lua.LValue {
	switch object.(type) {
	case *lua.LTable, *lua.LUserData:
	default:
		L.RaiseError("attempt to index a %s value", object.Type())
	}
	method := L.GetField(object, name)
	if method == lua.LNil {
		return lua.LNil
	}
	return bind.Invoke(L, method, object)
}
