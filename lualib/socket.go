package lualib

import (
	"errors"
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// socketClass is Socket: a socket that nobody uses yet.
var socketClass = bind.Class{
	Name: "Socket",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Socket: sockets are made by find_free_port and Socket.from_fd")
	},
	Methods: []bind.Fn{
		bind.Func("address", "", socketAddress),
		bind.Func("close", "", socketClose),
		bind.Func("detach", "", socketDetach),
		bind.Func("fileno", "", socketFileno),
	},
	Copy: bind.Copy{Pack: func(part any) ([]byte, int, error) {
		fd, err := part.(*connection.Socket).Fileno()
		return nil, fd, err
	}},
}

func init() { // these make objects of the class
	socketClass.Funcs = []bind.Fn{bind.Func("from_fd", "fd", socketFromFd)}
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

func socketFromFd(c *bind.Call) error {
	var fd int
	if err := c.Args(&fd); err != nil {
		return err
	}
	s, err := connection.NewSocket(fd)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &socketClass, s))
}

func socketDetach(c *bind.Call) error {
	s, err := bind.Self[*connection.Socket](c)
	if err != nil {
		return err
	}
	fd, err := s.Detach()
	if err != nil {
		return err
	}
	return c.Return(fd)
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
