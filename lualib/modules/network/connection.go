// Package network has the modules for data between processes: connections, sockets,
// pipes and descriptors.
package network

import (
	"context"
	"encoding/json"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// ConnectionModule is ave.network.connection: frames over TCP.
var ConnectionModule = bind.Module{
	Name:    "ave.network.connection",
	Funcs:   []bind.Fn{bind.Func("find_free_port", "start?, stop?, listen?", findFreePort)},
	Classes: []*bind.Class{&socketClass, &connectionClass, &blockingConnectionClass},
	Fill: func(L *lua.LState, module *lua.LTable) {
		for name, mask := range map[string]int{
			"POLLIN":   connection.PollIn,
			"POLLOUT":  connection.PollOut,
			"POLLERR":  connection.PollErr,
			"POLLHUP":  connection.PollHup,
			"POLLNVAL": connection.PollInval,
		} {
			module.RawSetString(name, lua.LNumber(mask))
		}
	},
}

// Address is a list {host, port}; without a host it means localhost.
type Address struct{ connection.Address }

func (a *Address) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = "an address {host, port}"
	t, ok := v.(*lua.LTable)
	if !ok {
		return bind.Wanted(want)
	}
	if err := bind.Unpack(L, t.RawGetInt(1), &a.Host); err != nil {
		return bind.Wanted(want + " with a string as the host")
	}
	if err := bind.Unpack(L, t.RawGetInt(2), &a.Port); err != nil || a.Port < 0 || a.Port > 65535 {
		return bind.Wanted(want + " with a port from 0 to 65535")
	}
	return nil
}

func addressValue(a connection.Address) []any { return []any{a.Host, a.Port} }

// findFreePort is find_free_port(start?, stop?, listen?); the arguments can also be
// given by name in a table.
func findFreePort(c *bind.Call) error {
	options := struct {
		Start  int  `lua:"start"`
		Stop   int  `lua:"stop"`
		Listen bool `lua:"listen"`
	}{connection.DefaultPortStart, connection.DefaultPortStop, true}
	var err error
	if _, byName := c.Arg(1).(*lua.LTable); byName {
		err = c.Args(&options)
	} else {
		err = c.Args(&options.Start, &options.Stop, &options.Listen)
	}
	if err != nil {
		return err
	}
	socket, port, err := connection.FindFreePort(options.Start, options.Stop, options.Listen)
	if err != nil {
		return err
	}
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { vm.Made(c.L, vm.MadeDescriptor, int(fd)) })
	}
	return c.Return(bind.New(c.L, &socketClass, socket), port)
}

// connectionClass is Connection: a queue of messages whose methods do not wait. The
// Go part of its objects is that of its child BlockingConnection, so that the
// methods of both work on a BlockingConnection.
var connectionClass = bind.Class{
	Name:   "Connection",
	Params: "address, socket?",
	Init:   initConnection,
	Methods: []bind.Fn{
		bind.Func("accept", "", connectionAccept),
		bind.Func("address", "", connectionAddress),
		bind.Func("close", "", endpointClose),
		bind.Func("connect", "", connectionConnect),
		bind.Func("detach", "", endpointDetach),
		bind.Func("fileno", "", endpointFileno),
		bind.Func("get", "", connectionGet),
		bind.Func("listen", "", connectionListen),
		bind.Func("poll", "mask, timeout?", endpointPoll),
		bind.Func("put", "payload?", connectionPut),
		bind.Func("read", "size", connectionRead),
		bind.Func("write", "obj", connectionWrite),
	},
	Funcs: []bind.Fn{bind.Func("from_fd", "fd, unread?", connectionFromFd)},
	Meta:  map[string]lua.LGFunction{"__tostring": connectionToString},
	Copy:  bind.Copy{Pack: packConnection, Unpack: unpackConnection},
}

func initConnection(c *bind.Call) error {
	var a Address
	var s Socket
	if err := c.Args(&a, &s); err != nil {
		return err
	}
	conn, err := connection.NewBlockingConnection(a.Address, s.Socket)
	if err != nil {
		return err
	}
	bind.Attach(c.Self, conn)
	return nil
}

// packConnection returns the descriptor and the part of a message that was read, or
// the address of a connection without a socket.
func packConnection(part any) ([]byte, int, error) {
	conn := part.(*connection.BlockingConnection)
	fd, err := conn.Fileno()
	if errors.Is(err, exceptions.ConnectionClosed) {
		data, err := json.Marshal(conn.Address())
		return data, -1, err
	}
	if err != nil {
		return nil, -1, err
	}
	unread, err := conn.Unread()
	return unread, fd, err
}

func unpackConnection(L *lua.LState, class *lua.LTable, data []byte, fd int) (*lua.LTable, error) {
	conn, err := unpackedConnection(data, fd)
	if err != nil {
		return nil, err
	}
	return bind.NewOf(L, class, conn), nil
}

func unpackedConnection(data []byte, fd int) (*connection.BlockingConnection, error) {
	if fd >= 0 {
		return connection.FromFd(fd, data)
	}
	var a connection.Address
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, err
	}
	return connection.NewBlockingConnection(a, nil)
}

func connectionFromFd(c *bind.Call) error {
	var fd int
	var unread string
	if err := c.Args(&fd, &unread); err != nil {
		return err
	}
	conn, err := connection.FromFd(fd, []byte(unread))
	if err != nil {
		return err
	}
	return c.Return(c.New(conn))
}

// withNonBlocking is [bind.WithPart] for operations that do not wait.
func withNonBlocking(c *bind.Call, op func(conn connection.Connection) error, args ...any) error {
	return bind.WithPart(c, func(_ context.Context, conn *connection.BlockingConnection) error {
		return op(connection.Connection{BlockingConnection: conn})
	}, args...)
}

func connectionAccept(c *bind.Call) error {
	var peer connection.Connection
	err := withNonBlocking(c, func(conn connection.Connection) (err error) {
		peer, err = conn.Accept()
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(c.New(peer.BlockingConnection))
}

func connectionAddress(c *bind.Call) error {
	conn, err := bind.Self[*connection.BlockingConnection](c)
	if err != nil {
		return err
	}
	return c.Return(addressValue(conn.Address()))
}

func connectionConnect(c *bind.Call) error {
	return bind.WithPart(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return connection.Connection{BlockingConnection: conn}.Connect(ctx)
	})
}

// connectionGet returns nil when there is no message yet.
func connectionGet(c *bind.Call) error {
	var payload []byte
	err := withNonBlocking(c, func(conn connection.Connection) (err error) {
		payload, err = conn.Get()
		return err
	})
	if errors.Is(err, exceptions.ConnectionAgain) {
		return c.Return(nil)
	}
	if err != nil {
		return err
	}
	return c.Return(payload)
}

func connectionListen(c *bind.Call) error {
	return bind.WithPart(c, func(_ context.Context, conn *connection.BlockingConnection) error {
		return conn.Listen()
	})
}

// connectionPut without a payload continues the last one.
func connectionPut(c *bind.Call) error {
	if c.Arg(1) == lua.LNil {
		return withNonBlocking(c, connection.Connection.Resume)
	}
	var payload string
	return withNonBlocking(c, func(conn connection.Connection) error {
		return conn.Put([]byte(payload))
	}, &payload)
}

func connectionRead(c *bind.Call) error {
	var size int
	var data []byte
	err := withNonBlocking(c, func(conn connection.Connection) (err error) {
		data, err = conn.Read(size)
		return err
	}, &size)
	if err != nil {
		return err
	}
	return c.Return(data)
}

func connectionWrite(c *bind.Call) error {
	var data string
	return withNonBlocking(c, func(conn connection.Connection) error {
		return conn.Write([]byte(data))
	}, &data)
}

// ShowAddress returns an address as [bind.Show] shows it.
func ShowAddress(a connection.Address) string {
	if a.Host == "" {
		a.Host = "localhost"
	}
	return a.String()
}

func connectionToString(L *lua.LState) int {
	conn, ok := bind.Part[*connection.BlockingConnection](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	return bind.Show(L, ShowAddress(conn.Address()), conn.State())
}
