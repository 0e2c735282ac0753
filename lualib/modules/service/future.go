package service

import (
	"context"
	"encoding/json"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// Calls at the same time are futures, not a list of calls: a future is made like
// any other call, has its own result or error, and futures of several services can
// be waited for together.

// futureCallsClass is the class of remote.future: its methods send a call and
// return a Future.
var futureCallsClass = bind.Class{
	Name: "FutureCalls",
	Meta: map[string]lua.LGFunction{"__index": futureIndex},
}

// futureClass is Future, a call whose result is fetched later.
var futureClass = bind.Class{
	Name: "Future",
	Methods: []bind.Fn{
		bind.Func("done", "", futureDone),
		bind.Func("get", "timeout?", futureGet),
	},
	Meta: map[string]lua.LGFunction{"__tostring": futureToString},
}

// future is the Go part of a Future.
type future struct {
	pending *control.Pending
	limit   bind.Seconds // the default timeout of get
}

func futureIndex(L *lua.LState) int {
	method, ok := L.Get(2).(lua.LString)
	if !ok {
		return 0
	}
	L.Push(proxy(L, proxies.Of(L).futures, string(method), func(L *lua.LState, r *remote, vargs []byte) error {
		var pending *control.Pending
		var err error
		vm.Unlocked(L, func(ctx context.Context) {
			pending, err = r.client.Start(ctx, string(method), vargs, nil, r.limit.Timeout())
		})
		if err != nil {
			return err
		}
		L.Push(bind.New(L, &futureClass, &future{pending, r.limit}))
		return nil
	}))
	return 1
}

func futureDone(c *bind.Call) error {
	f, err := bind.Self[*future](c)
	if err != nil {
		return err
	}
	return c.Return(f.pending.Ready())
}

func futureToString(L *lua.LState) int {
	f, ok := bind.Part[*future](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	state := "not answered yet"
	if f.pending.Ready() {
		state = "answered"
	}
	return bind.Show(L, f.pending.Method(), state)
}

func futureGet(c *bind.Call) error {
	f, err := bind.Self[*future](c)
	if err != nil {
		return err
	}
	limit := f.limit
	if err := c.Args(&limit); err != nil {
		return err
	}
	var answer json.RawMessage
	c.Unlocked(func(ctx context.Context) { answer, err = f.pending.Wait(ctx, limit.Timeout()) })
	if err != nil {
		return err
	}
	value, err := codec.ForRPC(c.L).Decode(answer)
	if err != nil {
		return err
	}
	return c.Return(value)
}
