package lualib

import (
	"context"
	"errors"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// connectionModule is ave.network.connection: frames over TCP.
var connectionModule = bind.Module{
	Name:    "ave.network.connection",
	Funcs:   []bind.Fn{bind.Func("find_free_port", "start?, stop?, listen?", findFreePort)},
	Classes: []*bind.Class{&socketClass, &blockingConnectionClass},
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

// address is a list {host, port}; an absent host is localhost.
type address struct{ connection.Address }

func (a *address) UnpackLua(L *lua.LState, v lua.LValue) error {
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

// timeout is how long the core waits: for ever if it is not set.
func timeout(s bind.Seconds) time.Duration {
	if !s.Set {
		return connection.Forever
	}
	return s.Duration
}

// findFreePort is find_free_port(start?, stop?, listen?), where a table of
// these by name may stand for them.
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
	return c.Return(bind.New(c.L, &socketClass, socket), port)
}

// socketClass is Socket: a socket that nobody uses yet.
var socketClass = bind.Class{
	Name: "Socket",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Socket: sockets are made by find_free_port")
	},
	Methods: []bind.Fn{
		bind.Func("address", "", socketAddress),
		bind.Func("close", "", socketClose),
		bind.Func("fileno", "", socketFileno),
	},
	Copy: bind.Copy{Pack: func(part any) ([]byte, int, error) {
		fd, err := part.(*connection.Socket).Fileno()
		return nil, fd, err
	}},
}

func init() { // it makes objects of the class
	socketClass.Copy.Unpack = func(L *lua.LState, class *lua.LTable, _ []byte, fd int) (*lua.LTable, error) {
		socket, err := connection.NewSocket(fd)
		if err != nil {
			return nil, err
		}
		return bind.NewOf(L, class, socket), nil
	}
}

// socket unpacks a Socket.
type socket struct{ *connection.Socket }

func (s *socket) UnpackLua(L *lua.LState, v lua.LValue) error {
	part, ok := bind.Part[*connection.Socket](v)
	if !ok {
		return bind.Wanted("a Socket")
	}
	s.Socket = part
	return nil
}

func socketAddress(c *bind.Call) error {
	s, err := bind.Self[*connection.Socket](c)
	if err != nil {
		return err
	}
	a, err := s.Address()
	if err != nil {
		return err
	}
	return c.Return(addressValue(a))
}

// socketClose may be called again, also when the connection that owns the
// socket has closed it.
func socketClose(c *bind.Call) error {
	s, err := bind.Self[*connection.Socket](c)
	if err != nil {
		return err
	}
	return closeSocket(s)
}

func closeSocket(s *connection.Socket) error {
	if err := s.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

func socketFileno(c *bind.Call) error {
	s, err := bind.Self[*connection.Socket](c)
	if err != nil {
		return err
	}
	fd, err := s.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

// blockingConnectionClass is BlockingConnection: a queue of messages whose
// operations wait.
var blockingConnectionClass = bind.Class{
	Name:   "BlockingConnection",
	Params: "address, socket?",
	Init:   initBlockingConnection,
	Methods: []bind.Fn{
		bind.Func("address", "", connectionAddress),
		bind.Func("close", "", connectionClose),
		bind.Func("connect", "timeout?, optimist?", connectionConnect),
		bind.Func("fileno", "", connectionFileno),
		bind.Func("get", "timeout?", connectionGet),
		bind.Func("listen", "", connectionListen),
		bind.Func("poll", "mask, timeout?", connectionPoll),
		bind.Func("put", "payload, timeout?", connectionPut),
		bind.Func("read", "size, timeout?", connectionRead),
		bind.Func("write", "obj, timeout?", connectionWrite),
	},
}

func init() { // accept makes objects of the class
	blockingConnectionClass.Methods = append(blockingConnectionClass.Methods,
		bind.Fn{Name: "accept", Params: "timeout?", Call: connectionAccept})
}

func initBlockingConnection(c *bind.Call) error {
	var a address
	var s socket
	if err := c.Args(&a, &s); err != nil {
		return err
	}
	conn, err := connection.NewBlockingConnection(a.Address, s.Socket)
	if err != nil {
		return err
	}
	bind.Attach(c.L, c.Self, conn)
	return nil
}

// withConnection unpacks the arguments of a method and runs op on its
// connection without the lock.
func withConnection(c *bind.Call, op func(ctx context.Context, conn *connection.BlockingConnection) error, args ...any) error {
	conn, err := bind.Self[*connection.BlockingConnection](c)
	if err != nil {
		return err
	}
	if err := c.Args(args...); err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) { err = op(ctx, conn) })
	return err
}

func connectionAccept(c *bind.Call) error {
	var limit bind.Seconds
	var peer *connection.BlockingConnection
	err := withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		peer, err = conn.Accept(ctx, timeout(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &blockingConnectionClass, peer))
}

func connectionAddress(c *bind.Call) error {
	conn, err := bind.Self[*connection.BlockingConnection](c)
	if err != nil {
		return err
	}
	return c.Return(addressValue(conn.Address()))
}

func connectionClose(c *bind.Call) error {
	return withConnection(c, func(_ context.Context, conn *connection.BlockingConnection) error {
		return conn.Close()
	})
}

func connectionConnect(c *bind.Call) error {
	var limit bind.Seconds
	var optimist bool
	return withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Connect(ctx, timeout(limit), optimist)
	}, &limit, &optimist)
}

func connectionFileno(c *bind.Call) error {
	conn, err := bind.Self[*connection.BlockingConnection](c)
	if err != nil {
		return err
	}
	fd, err := conn.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

func connectionGet(c *bind.Call) error {
	var limit bind.Seconds
	var payload []byte
	err := withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		payload, err = conn.Get(ctx, timeout(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(payload)
}

func connectionListen(c *bind.Call) error {
	return withConnection(c, func(_ context.Context, conn *connection.BlockingConnection) error {
		return conn.Listen()
	})
}

// connectionPoll returns a list of {fd, event}, or nil when nothing was seen in
// time.
func connectionPoll(c *bind.Call) error {
	var mask int
	var limit bind.Seconds
	var events []connection.PollEvent
	err := withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		events, err = conn.Poll(ctx, mask, timeout(limit))
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

func connectionPut(c *bind.Call) error {
	var payload string
	var limit bind.Seconds
	return withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Put(ctx, []byte(payload), timeout(limit))
	}, &payload, &limit)
}

func connectionRead(c *bind.Call) error {
	var size int
	var limit bind.Seconds
	var data []byte
	err := withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) (err error) {
		data, err = conn.Read(ctx, size, timeout(limit))
		return err
	}, &size, &limit)
	if err != nil {
		return err
	}
	return c.Return(data)
}

func connectionWrite(c *bind.Call) error {
	var data string
	var limit bind.Seconds
	return withConnection(c, func(ctx context.Context, conn *connection.BlockingConnection) error {
		return conn.Write(ctx, []byte(data), timeout(limit))
	}, &data, &limit)
}
