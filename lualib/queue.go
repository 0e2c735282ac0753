package lualib

import (
	"context"
	"time"

	"avescript/core/connection"
	"avescript/lualib/bind"
)

// queue is what connections and pipes have in common.
type queue interface {
	Close() error
	Detach() (fd int, unread []byte, err error)
	Fileno() (int, error)
	Poll(ctx context.Context, mask int, timeout time.Duration) ([]connection.PollEvent, error)
}

// withPart unpacks the arguments of a method and runs op on the object's Go
// part without the lock.
func withPart[T any](c *bind.Call, op func(ctx context.Context, part T) error, args ...any) error {
	part, err := bind.Self[T](c)
	if err != nil {
		return err
	}
	if err := c.Args(args...); err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) { err = op(ctx, part) })
	return err
}

func queueClose(c *bind.Call) error {
	return withPart(c, func(_ context.Context, q queue) error { return q.Close() })
}

func queueDetach(c *bind.Call) error {
	var fd int
	var unread []byte
	err := withPart(c, func(_ context.Context, q queue) (err error) {
		fd, unread, err = q.Detach()
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(fd, unread)
}

func queueFileno(c *bind.Call) error {
	q, err := bind.Self[queue](c)
	if err != nil {
		return err
	}
	fd, err := q.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

// queuePoll returns a list of {fd, event}, or nil when nothing was seen in
// time.
func queuePoll(c *bind.Call) error {
	var mask int
	var limit bind.Seconds
	var events []connection.PollEvent
	err := withPart(c, func(ctx context.Context, q queue) (err error) {
		events, err = q.Poll(ctx, mask, timeout(limit))
		return err
	}, &mask, &limit)
	if err != nil || events == nil {
		return err
	}
	list := []any{}
	for _, e := range events {
		list = append(list, []any{e.Fd, e.Events})
	}
	return c.Return(list)
}
