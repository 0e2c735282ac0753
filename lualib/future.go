package lualib

import (
	"context"
	"encoding/json"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// Calls that are under way together are futures and not a list of calls to be
// made at once: a future is made like any other call, has its result or error
// to itself, and those of several services can be waited for together.

// futureCallsClass is what remote.future is: its methods call and give a Future.
var futureCallsClass = bind.Class{
	Name: "FutureCalls",
	Meta: map[string]lua.LGFunction{"__index": futureIndex},
}

// futureClass is Future, a call whose result is asked for later.
var futureClass = bind.Class{
	Name: "Future",
	Methods: []bind.Fn{
		bind.Func("done", "", futureDone),
		bind.Func("get", "timeout?", futureGet),
	},
}

// future is the Go part of a Future.
type future struct {
	pending *control.Pending
	limit   bind.Seconds // of get, unless it is told another
}

func futureIndex(L *lua.LState) int {
	method, ok := L.Get(2).(lua.LString)
	if !ok {
		return 0
	}
	L.Push(proxy(L, proxies(L).futures, string(method), func(L *lua.LState, r *remote, vargs []byte) error {
		var pending *control.Pending
		var err error
		vm.Unlocked(L, func(ctx context.Context) {
			pending, err = r.client.Start(ctx, string(method), vargs, nil, timeout(r.limit))
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
	c.Unlocked(func(ctx context.Context) { answer, err = f.pending.Wait(ctx, timeout(limit)) })
	if err != nil {
		return err
	}
	value, err := codec.For(c.L).Decode(answer)
	if err != nil {
		return err
	}
	return c.Return(value)
}
