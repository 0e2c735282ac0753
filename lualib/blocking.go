package lualib

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/lualib/bind"
)

// blockingConnectionClass is BlockingConnection: a Connection whose operations
// wait.
var blockingConnectionClass = bind.Class{
	Name:   "BlockingConnection",
	Parent: &connectionClass,
	Params: "address, socket?",
	Init:   initConnection,
	Methods: []bind.Fn{
		bind.Func("connect", "timeout?, optimist?", blockingConnect),
		bind.Func("get", "timeout?", blockingGet),
		bind.Func("put", "payload?, timeout?", blockingPut),
		bind.Func("read", "size, timeout?", blockingRead),
		bind.Func("write", "obj, timeout?", blockingWrite),
	},
}

func init() { // these make objects of the class
	blockingConnectionClass.Methods = append(blockingConnectionClass.Methods, bind.Func("accept", "timeout?", blockingAccept))
	blockingConnectionClass.Funcs = []bind.Fn{bind.Func("from_fd", "fd, unread?", blockingFromFd)}
}

func blockingFromFd(c *bind.Call) error { return makeFromFd(c, &blockingConnectionClass) }

func blockingAccept(c *bind.Call) error {
	var limit bind.Seconds
	var peer *connection.BlockingConnection
	err := withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		peer, err = conn.Accept(ctx, timeout(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &blockingConnectionClass, peer))
}

func blockingConnect(c *bind.Call) error {
	var limit bind.Seconds
	var optimist bool
	return withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Connect(ctx, timeout(limit), optimist)
	}, &limit, &optimist)
}

func blockingGet(c *bind.Call) error {
	var limit bind.Seconds
	var payload []byte
	err := withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		payload, err = conn.Get(ctx, timeout(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(payload)
}

// blockingPut without a payload goes on with the last one.
func blockingPut(c *bind.Call) error {
	var payload string
	var limit bind.Seconds
	resume := c.Arg(1) == lua.LNil
	return withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		if resume {
			return conn.Resume(ctx, timeout(limit))
		}
		return conn.Put(ctx, []byte(payload), timeout(limit))
	}, &payload, &limit)
}

func blockingRead(c *bind.Call) error {
	var size int
	var limit bind.Seconds
	var data []byte
	err := withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		data, err = conn.Read(ctx, size, timeout(limit))
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
	return withPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Write(ctx, []byte(data), timeout(limit))
	}, &data, &limit)
}
