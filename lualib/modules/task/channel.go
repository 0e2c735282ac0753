package task

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// channelClass is Channel: it passes values from task to task.
var channelClass = bind.Class{
	Name: "Channel",
	Init: bind.MadeBy("Channel", "ave.task.channel"),
	Methods: []bind.Fn{
		bind.Func("close", "", channelClose),
		bind.Func("get", "timeout?", channelGet),
		bind.Func("put", "value, timeout?", channelPut),
		bind.Func("values", "", channelValues),
	},
	Meta: map[string]lua.LGFunction{"__tostring": channelToString},
}

// channel is the Go part of a Channel. values is never closed, because a put may be
// waiting; closed says that no more values come. It is closed under the lock.
type channel struct {
	values chan lua.LValue
	closed chan struct{}
}

const maxCapacity = 1 << 20

func taskChannel(c *bind.Call) error {
	var capacity int
	if err := c.Args(&capacity); err != nil {
		return err
	}
	if capacity < 0 || capacity > maxCapacity {
		return exceptions.TypeError.Newf("ave.task.channel: argument 'capacity': wanted a number from 0 to %d, got %d", maxCapacity, capacity)
	}
	ch := &channel{make(chan lua.LValue, capacity), make(chan struct{})}
	return c.Return(bind.New(c.L, &channelClass, ch))
}

func (ch *channel) isClosed() bool {
	select {
	case <-ch.closed:
		return true
	default:
		return false
	}
}

func channelClose(c *bind.Call) error {
	ch, err := bind.Self[*channel](c)
	if err == nil && !ch.isClosed() {
		close(ch.closed)
	}
	return err
}

var errChannelClosed = errors.New("the channel is closed")

func channelPut(c *bind.Call) error {
	ch, err := bind.Self[*channel](c)
	if err != nil {
		return err
	}
	value := c.Arg(1)
	var limit bind.Seconds
	if err := c.Args(&value, &limit); err != nil {
		return err
	}
	if value == lua.LNil {
		return exceptions.TypeError.Newf("Channel:put: argument 'value': nil cannot be put, because get returns it when the channel is closed")
	}
	if ch.isClosed() {
		return errChannelClosed
	}
	select {
	case ch.values <- value:
		return nil
	default:
	}
	c.Unlocked(func(ctx context.Context) {
		select {
		case ch.values <- value:
		case <-ch.closed:
			err = errChannelClosed
		case <-limit.After():
			err = exceptions.Timeout.Newf("no task took the value within %v", limit.Or(0))
		case <-ctx.Done():
		}
	})
	return err
}

func channelGet(c *bind.Call) error {
	ch, err := bind.Self[*channel](c)
	if err != nil {
		return err
	}
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	_, value, err := receive(c, []*channel{ch}, limit)
	if err != nil {
		return err
	}
	return c.Return(value)
}

func channelValues(c *bind.Call) error {
	ch, err := bind.Self[*channel](c)
	if err != nil {
		return err
	}
	return c.Return(bind.Function(c.L, "Channel:values", "...", func(c *bind.Call) error {
		_, value, err := receive(c, []*channel{ch}, bind.Seconds{})
		if err != nil {
			return err
		}
		return c.Return(value)
	}))
}

func taskSelect(c *bind.Call) error {
	var list *lua.LTable
	var limit bind.Seconds
	if err := c.Args(&list, &limit); err != nil {
		return err
	}
	channels := make([]*channel, list.Len())
	for i := range channels {
		ch, ok := bind.Part[*channel](list.RawGetInt(i + 1))
		if !ok {
			return exceptions.TypeError.Newf("ave.task.select: argument 'channels': %w at index %d",
				bind.Mismatch("a list of channels", list.RawGetInt(i+1)), i+1)
		}
		channels[i] = ch
	}
	i, value, err := receive(c, channels, limit)
	if err != nil {
		return err
	}
	return c.Return(list.RawGetInt(i+1), value)
}

// receive waits until one of the channels has a value, or is closed and empty,
// which gives nil.
func receive(c *bind.Call, channels []*channel, limit bind.Seconds) (index int, value lua.LValue, err error) {
	for i, ch := range channels {
		if value, ok := ch.take(); ok {
			return i, value, nil
		}
	}
	n := len(channels)
	cases := make([]reflect.SelectCase, 2*n, 2*n+2)
	for i, ch := range channels {
		cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch.values)}
		cases[n+i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch.closed)}
	}
	value = lua.LNil
	c.Unlocked(func(ctx context.Context) {
		cases = append(cases,
			reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
			reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(limit.After())})
		chosen, received, _ := reflect.Select(cases)
		switch {
		case chosen < n:
			index, value = chosen, received.Interface().(lua.LValue)
		case chosen < 2*n:
			// A put may have come before the close.
			index = chosen - n
			if last, ok := channels[index].take(); ok {
				value = last
			}
		default:
			err = exceptions.Timeout.Newf("no value came within %v", limit.Or(0))
		}
	})
	return index, value, err
}

// take returns a value that is available, or nil if the channel is closed.
func (ch *channel) take() (value lua.LValue, ok bool) {
	closed := ch.isClosed() // checked first, because the last value comes before the close
	select {
	case value = <-ch.values:
		return value, true
	default:
		return lua.LNil, closed
	}
}

func channelToString(L *lua.LState) int {
	ch, ok := bind.Part[*channel](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	parts := []string{fmt.Sprintf("%d of %d values", len(ch.values), cap(ch.values))}
	if ch.isClosed() {
		parts = append(parts, "closed")
	}
	return bind.Show(L, parts...)
}
