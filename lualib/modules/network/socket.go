package network

import (
	"errors"
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// socketClass is Socket: a socket that no connection or service uses yet.
var socketClass = bind.Class{
	Name: "Socket",
	Init: func(c *bind.Call) error {
		return exceptions.TypeError.Newf("Socket: sockets are made by ave.network.connection.find_free_port and Socket.from_fd")
	},
	Methods: []bind.Fn{
		bind.Func("address", "", socketAddress),
		bind.Func("close", "", socketClose),
		bind.Func("detach", "", socketDetach),
		bind.Func("fileno", "", socketFileno),
	},
	Funcs: []bind.Fn{bind.Func("from_fd", "fd", socketFromFd)},
	Meta:  map[string]lua.LGFunction{"__tostring": socketToString},
	Copy:  bind.Copy{Pack: packSocket, Unpack: unpackSocket},
}

func packSocket(part any) ([]byte, int, error) {
	fd, err := part.(*connection.Socket).Fileno()
	return nil, fd, err
}

func unpackSocket(L *lua.LState, class *lua.LTable, _ []byte, fd int) (*lua.LTable, error) {
	socket, err := connection.NewSocket(fd)
	if err != nil {
		return nil, err
	}
	return bind.NewOf(L, class, socket), nil
}

// Socket unpacks a Socket.
type Socket struct{ *connection.Socket }

func (s *Socket) UnpackLua(L *lua.LState, v lua.LValue) error {
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
	return c.Return(c.New(s))
}

// SocketOf makes a Socket from a descriptor, which then belongs to it.
func SocketOf(L *lua.LState, fd int) (*lua.LTable, error) {
	s, err := connection.NewSocket(fd)
	if err != nil {
		return nil, err
	}
	return bind.New(L, &socketClass, s), nil
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

// socketClose may be called again, even if the connection that the socket belongs
// to has closed it.
func socketClose(c *bind.Call) error {
	s, err := bind.Self[*connection.Socket](c)
	if err != nil {
		return err
	}
	return CloseSocket(s)
}

// CloseSocket closes a socket. It does nothing if the socket is closed already.
func CloseSocket(s *connection.Socket) error {
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

func socketToString(L *lua.LState) int {
	s, ok := bind.Part[*connection.Socket](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	address, err := s.Address()
	if err != nil {
		return bind.Show(L, s.State())
	}
	return bind.Show(L, ShowAddress(address), s.State())
}
