package service

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/modules/network"
	"avescript/lualib/vm"
)

// clientConnectionClass is the class of a client's connection in a service. It is
// the same object for all calls of the client, with the fields id, address, authkey
// and accounts, and the methods of a Connection. Methods that read are refused,
// because the service itself reads.
var clientConnectionClass = bind.Class{
	Name: "ClientConnection",
	Methods: []bind.Fn{
		bind.Func("accept", "", clientNoListener),
		bind.Func("close", "", clientClose),
		bind.Func("connect", "", clientConnect),
		bind.Func("detach", "", clientNoReader),
		bind.Func("fileno", "", clientFileno),
		bind.Func("get", "", clientNoReader),
		bind.Func("listen", "", clientNoListener),
		bind.Func("poll", "mask, timeout?", clientPoll),
		bind.Func("put", "payload", clientPut),
		bind.Func("read", "size", clientNoReader),
		bind.Func("write", "obj", clientWrite),
	},
	Meta: map[string]lua.LGFunction{"__tostring": clientConnectionToString},
}

func connectionValue(L *lua.LState, conn *control.Conn) *lua.LTable {
	if object, ok := conn.Object.(*lua.LTable); ok {
		return object
	}
	object := bind.New(L, &clientConnectionClass, conn)
	object.RawSetString("id", lua.LNumber(conn.ID()))
	object.RawSetString("address", clientAddress(L, conn.Address()))
	object.RawSetString("authkey", lua.LString(conn.Identity().Key))
	object.RawSetString("accounts", bind.Value(L, conn.Identity().Accounts))
	conn.Object = object
	return object
}

// clientAddresses is the metatable of clients' addresses.
var clientAddresses = vm.Keep(func(L *lua.LState) *lua.LTable {
	return L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"__call": func(L *lua.LState) int {
		L.SetTop(1)
		return 1
	}})
})

// clientAddress makes a value that is both the field address and the method
// address.
func clientAddress(L *lua.LState, a connection.Address) *lua.LTable {
	t := L.CreateTable(2, 0)
	t.Append(lua.LString(a.Host))
	t.Append(lua.LNumber(a.Port))
	t.Metatable = clientAddresses.Of(L)
	return t
}

func clientClose(c *bind.Call) error {
	conn, err := bind.Self[*control.Conn](c)
	if err == nil {
		conn.Close()
	}
	return err
}

// clientConnect does nothing: the connection of a client is always connected.
func clientConnect(c *bind.Call) error {
	_, err := bind.Self[*control.Conn](c)
	return err
}

func clientFileno(c *bind.Call) error {
	conn, err := bind.Self[*control.Conn](c)
	if err != nil {
		return err
	}
	fd, err := conn.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

func clientPoll(c *bind.Call) error {
	conn, err := bind.Self[*control.Conn](c)
	if err != nil {
		return err
	}
	var mask int
	var limit bind.Seconds
	if err := c.Args(&mask, &limit); err != nil {
		return err
	}
	var events []connection.PollEvent
	c.Unlocked(func(ctx context.Context) { events, err = conn.Poll(ctx, mask, limit.Timeout()) })
	return network.ReturnEvents(c, events, err)
}

func clientPut(c *bind.Call) error   { return clientSend(c, (*control.Conn).Put) }
func clientWrite(c *bind.Call) error { return clientSend(c, (*control.Conn).Write) }

func clientSend(c *bind.Call, send func(*control.Conn, []byte) error) error {
	conn, err := bind.Self[*control.Conn](c)
	if err != nil {
		return err
	}
	var data string
	if err := c.Args(&data); err != nil {
		return err
	}
	c.Unlocked(func(context.Context) { err = send(conn, []byte(data)) })
	return err
}

func clientNoReader(*bind.Call) error {
	return exceptions.Exception.Newf("cannot read from the connection of a client: the service itself reads the calls from it")
}

func clientNoListener(*bind.Call) error {
	return exceptions.ConnectionClosed.Newf("connection closed: the connection of a client does not listen")
}

func clientConnectionToString(L *lua.LState) int {
	conn, ok := bind.Part[*control.Conn](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	return bind.Show(L, fmt.Sprintf("client %d", conn.ID()), network.ShowAddress(conn.Address()))
}
