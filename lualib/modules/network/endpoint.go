package network

import (
	"context"
	"time"

	"avescript/core/connection"
	"avescript/lualib/bind"
)

// endpoint is what connections and pipes have in common.
type endpoint interface {
	Close() error
	Detach() (fd int, unread []byte, err error)
	Fileno() (int, error)
	Poll(ctx context.Context, mask int, timeout time.Duration) ([]connection.PollEvent, error)
}

func endpointClose(c *bind.Call) error {
	return bind.WithPart(c, func(_ context.Context, e endpoint) error { return e.Close() })
}

func endpointDetach(c *bind.Call) error {
	var fd int
	var unread []byte
	err := bind.WithPart(c, func(_ context.Context, e endpoint) (err error) {
		fd, unread, err = e.Detach()
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(fd, unread)
}

func endpointFileno(c *bind.Call) error {
	e, err := bind.Self[endpoint](c)
	if err != nil {
		return err
	}
	fd, err := e.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

// endpointPoll returns a list of {fd, event}, or nil after the timeout.
func endpointPoll(c *bind.Call) error {
	var mask int
	var limit bind.Seconds
	var events []connection.PollEvent
	err := bind.WithPart(c, func(ctx context.Context, e endpoint) (err error) {
		events, err = e.Poll(ctx, mask, limit.Timeout())
		return err
	}, &mask, &limit)
	return ReturnEvents(c, events, err)
}

// ReturnEvents returns the events of Poll to Lua: a list of {fd, event}, or nil if
// there are none.
func ReturnEvents(c *bind.Call, events []connection.PollEvent, err error) error {
	if err != nil || events == nil {
		return err
	}
	list := []any{}
	for _, e := range events {
		list = append(list, []any{e.Fd, e.Events})
	}
	return c.Return(list)
}
