package broker

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/modules/service"
	"avescript/lualib/vm"
)

// lookAround is how often a call that waits for a bell checks whether its client is
// still connected.
const lookAround = time.Second

// bellClass is the class of host.bell. A bell wakes one call that waits.
var bellClass = bind.Class{
	Name: "Bell",
	Init: bind.MadeBy("Bell", "ave.broker.host.bell"),
	Methods: []bind.Fn{
		bind.Func("ring", "", bellRing),
		bind.Func("wait", "client, seconds", bellWait),
	},
}

type bell chan struct{}

func hostBell(c *bind.Call) error {
	return c.Return(bind.New(c.L, &bellClass, make(bell, 1)))
}

func bellRing(c *bind.Call) error {
	b, err := bind.Self[bell](c)
	if err != nil {
		return err
	}
	select {
	case b <- struct{}{}:
	default: // it has rung already
	}
	return nil
}

// bellWait returns when the bell rings or has rung, the time is over, or the client
// has disconnected. Thousands of calls may wait, so it uses neither a descriptor
// nor the interpreter.
func bellWait(c *bind.Call) error {
	b, err := bind.Self[bell](c)
	if err != nil {
		return err
	}
	var object *lua.LTable
	var limit bind.Seconds
	if err := c.Args(&object, &limit); err != nil {
		return err
	}
	client, err := clientOf(object)
	if err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) {
		over, again := time.NewTimer(limit.Or(0)), time.NewTicker(lookAround)
		defer over.Stop()
		defer again.Stop()
		for !client.HungUp() {
			select {
			case <-again.C:
				continue
			case <-b:
			case <-over.C:
			case <-ctx.Done():
			}
			return
		}
	})
	return nil
}

func clientOf(object *lua.LTable) (*control.Conn, error) {
	client, ok := bind.Part[*control.Conn](object)
	if !ok {
		return nil, exceptions.TypeError.Newf("argument 'client': %w", bind.Mismatch("a client's connection", object))
	}
	return client, nil
}

// hostApart calls a function that cannot be interrupted, not even by a takeover:
// for calls that are repeated after one, and the part of them that must be done as
// a whole. Other calls may run before it.
func hostApart(c *bind.Call) error {
	var fn *lua.LFunction
	if err := c.Args(&fn); err != nil {
		return err
	}
	v, ctx := vm.Of(c.L), context.WithoutCancel(vm.Context(c.L))
	var returned bind.Results
	var err error
	c.Unlocked(func(context.Context) {
		err = v.Do(ctx, func(L *lua.LState) error {
			service.ShowConnection(L)
			returned.Of(L, fn)
			return nil
		})
	})
	if err != nil {
		vm.Raise(c.L, bind.Raised(c.L, err))
	}
	return c.Return(returned...)
}
