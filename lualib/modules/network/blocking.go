package network

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/lualib/bind"
)

// blockingConnectionClass is BlockingConnection: a Connection whose methods wait.
var blockingConnectionClass = bind.Class{
	Name:   "BlockingConnection",
	Parent: &connectionClass,
	Params: "address, socket?",
	Init:   initConnection,
	Methods: []bind.Fn{
		bind.Func("accept", "timeout?", blockingAccept),
		bind.Func("connect", "timeout?, optimist?", blockingConnect),
		bind.Func("get", "timeout?", blockingGet),
		bind.Func("put", "payload?, timeout?", blockingPut),
		bind.Func("read", "size, timeout?", blockingRead),
		bind.Func("write", "obj, timeout?", blockingWrite),
	},
	Funcs: []bind.Fn{bind.Func("from_fd", "fd, unread?", connectionFromFd)},
}

func blockingAccept(c *bind.Call) error {
	var limit bind.Seconds
	var peer *connection.BlockingConnection
	err := bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		peer, err = conn.Accept(ctx, limit.Timeout())
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(c.New(peer))
}

func blockingConnect(c *bind.Call) error {
	var limit bind.Seconds
	var optimist bool
	return bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Connect(ctx, limit.Timeout(), optimist)
	}, &limit, &optimist)
}

func blockingGet(c *bind.Call) error {
	var limit bind.Seconds
	var payload []byte
	err := bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		payload, err = conn.Get(ctx, limit.Timeout())
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(payload)
}

// blockingPut without a payload continues the last one.
func blockingPut(c *bind.Call) error {
	var payload string
	var limit bind.Seconds
	resume := c.Arg(1) == lua.LNil
	return bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		if resume {
			return conn.Resume(ctx, limit.Timeout())
		}
		return conn.Put(ctx, []byte(payload), limit.Timeout())
	}, &payload, &limit)
}

func blockingRead(c *bind.Call) error {
	var size int
	var limit bind.Seconds
	var data []byte
	err := bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		data, err = conn.Read(ctx, size, limit.Timeout())
		return err
	}, &size, &limit)
	if err != nil {
		return err
	}
	return c.Return(data)
}

func blockingWrite(c *bind.Call) error {
	var data string
	var limit bind.Seconds
	return bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Write(ctx, []byte(data), limit.Timeout())
	}, &data, &limit)
}
