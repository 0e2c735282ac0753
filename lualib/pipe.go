package lualib

import (
	"context"
	"encoding/json"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/pipe"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// pipeModule is ave.network.pipe: JSON values between processes.
var pipeModule = bind.Module{Name: "ave.network.pipe", Classes: []*bind.Class{&pipeClass}}

// pipeClass is Pipe: one end of a pipe.
var pipeClass = bind.Class{
	Name: "Pipe",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Pipe: the ends of a pipe are made by Pipe.pair and Pipe.from_fd")
	},
	Methods: []bind.Fn{
		bind.Func("close", "", queueClose),
		bind.Func("detach", "", queueDetach),
		bind.Func("fileno", "", queueFileno),
		bind.Func("get", "timeout?", pipeGet),
		bind.Func("poll", "mask, timeout?", queuePoll),
		bind.Func("put", "value, timeout?", pipePut),
	},
	Copy: bind.Copy{Pack: packPipe, Unpack: unpackPipe},
}

func init() { // these make objects of the class
	pipeClass.Funcs = []bind.Fn{
		bind.Func("from_fd", "fd, unread?", pipeFromFd),
		bind.Func("pair", "", pipePair),
	}
}

func packPipe(part any) ([]byte, int, error) {
	p := part.(*pipe.Pipe)
	unread, err := p.Unread()
	if err != nil {
		return nil, -1, err
	}
	fd, err := p.Fileno()
	return unread, fd, err
}

func unpackPipe(L *lua.LState, class *lua.LTable, unread []byte, fd int) (*lua.LTable, error) {
	p, err := pipe.FromFd(fd, unread)
	if err != nil {
		return nil, err
	}
	return bind.NewOf(L, class, p), nil
}

func pipePair(c *bind.Call) error {
	a, b, err := pipe.New()
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &pipeClass, a), bind.New(c.L, &pipeClass, b))
}

func pipeFromFd(c *bind.Call) error {
	var fd int
	var unread string
	if err := c.Args(&fd, &unread); err != nil {
		return err
	}
	p, err := pipe.FromFd(fd, []byte(unread))
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &pipeClass, p))
}

func pipeGet(c *bind.Call) error {
	var limit bind.Seconds
	var text json.RawMessage
	err := withPart(c, func(ctx context.Context, p *pipe.Pipe) (err error) {
		text, err = p.Get(ctx, timeout(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	value, err := codec.For(c.L).Decode(text)
	if err != nil {
		return err
	}
	return c.Return(value)
}

func pipePut(c *bind.Call) error {
	var value lua.LValue
	var limit bind.Seconds
	text, err := codec.For(c.L).Append(c.L, nil, c.Arg(1))
	if err != nil {
		return err
	}
	return withPart(c, func(ctx context.Context, p *pipe.Pipe) error {
		return p.Put(ctx, text, timeout(limit))
	}, &value, &limit)
}
