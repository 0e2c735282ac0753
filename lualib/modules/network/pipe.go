package network

import (
	"context"
	"encoding/json"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/pipe"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// PipeModule is ave.network.pipe: it carries JSON values between processes.
var PipeModule = bind.Module{Name: "ave.network.pipe", Classes: []*bind.Class{&pipeClass}}

// pipeClass is Pipe: one end of a pipe.
var pipeClass = bind.Class{
	Name: "Pipe",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Pipe: the ends of a pipe are made by Pipe.pair and Pipe.from_fd")
	},
	Methods: []bind.Fn{
		bind.Func("close", "", endpointClose),
		bind.Func("detach", "", endpointDetach),
		bind.Func("fileno", "", endpointFileno),
		bind.Func("get", "timeout?", pipeGet),
		bind.Func("poll", "mask, timeout?", endpointPoll),
		bind.Func("put", "value, timeout?", pipePut),
	},
	Funcs: []bind.Fn{
		bind.Func("from_fd", "fd, unread?", pipeFromFd),
		bind.Func("pair", "", pipePair),
	},
	Meta: map[string]lua.LGFunction{"__tostring": pipeToString},
	Copy: bind.Copy{Pack: packPipe, Unpack: unpackPipe},
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
	return c.Return(c.New(a), c.New(b))
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
	return c.Return(c.New(p))
}

func pipeGet(c *bind.Call) error {
	var limit bind.Seconds
	var text json.RawMessage
	err := bind.WithPart(c, func(ctx context.Context, p *pipe.Pipe) (err error) {
		text, err = p.Get(ctx, limit.Timeout())
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
	return bind.WithPart(c, func(ctx context.Context, p *pipe.Pipe) error {
		return p.Put(ctx, text, limit.Timeout())
	}, &value, &limit)
}

func pipeToString(L *lua.LState) int {
	p, ok := bind.Part[*pipe.Pipe](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	fd, err := p.Fileno()
	if err != nil {
		return bind.Show(L, "closed")
	}
	return bind.Show(L, fmt.Sprintf("descriptor %d", fd))
}
