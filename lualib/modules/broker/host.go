package broker

import (
	"context"
	"errors"
	"net"
	"os"
	"os/user"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/files"
	"avescript/core/persona"
	"avescript/lualib/bind"
	"avescript/lualib/modules/service"
)

// What a broker asks about its host: accounts, addresses, and files that other
// processes have left.

// hostAccount returns the name and uid of an account, which is given by either; by
// default of the account that this process runs as. If the account does not exist,
// the name is nil; so is the uid, if a name was given.
func hostAccount(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	if name == "" {
		name = strconv.Itoa(os.Geteuid())
	}
	account, err := persona.Find(name)
	var unknown user.UnknownUserIdError
	switch {
	case errors.As(err, &unknown): // common in containers
		return c.Return(nil, int(unknown))
	case errors.As(err, new(user.UnknownUserError)):
		return c.Return(nil)
	case err != nil:
		return err
	}
	return c.Return(account.Name, account.UID)
}

// hostGive changes the owner of a directory.
func hostGive(c *bind.Call) error {
	var path, name string
	if err := c.Args(&path, &name); err != nil {
		return err
	}
	account, err := persona.Find(name)
	if err != nil {
		return err
	}
	return os.Lchown(path, account.UID, account.GID)
}

// hostClearParts removes the temporary files of processes that were killed while
// they wrote a file.
func hostClearParts(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(context.Context) { err = files.RemoveParts(path) })
	return err
}

// hostListens returns the address that a service of this process listens on; ""
// means all.
func hostListens(c *bind.Call) error {
	var object *lua.LTable
	if err := c.Args(&object); err != nil {
		return err
	}
	server, err := service.ServerOf(c.L, object)
	if err != nil {
		return err
	}
	address := server.Address().Host
	if net.ParseIP(address).IsUnspecified() {
		address = ""
	}
	return c.Return(address)
}

// hostLoopback tells whether only this host can reach an address; nil if it is not
// an IP address.
func hostLoopback(c *bind.Call) error {
	var address string
	if err := c.Args(&address); err != nil {
		return err
	}
	ip := net.ParseIP(address)
	if ip == nil {
		return c.Return(nil)
	}
	return c.Return(ip.IsLoopback())
}
