package compat

import (
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
)

// socketOption is an option of setsockopt.
type socketOption struct{ level, name int }

// switches are the options that are on or off.
var switches = map[string]socketOption{
	"keepalive":   {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	"reuseaddr":   {unix.SOL_SOCKET, unix.SO_REUSEADDR},
	"reuseport":   {unix.SOL_SOCKET, unix.SO_REUSEPORT},
	"tcp-nodelay": {unix.IPPROTO_TCP, unix.TCP_NODELAY},
	"ipv6-v6only": {unix.IPPROTO_IPV6, unix.IPV6_V6ONLY},
}

// unsupported is also said in an error of ours, as in LuaSocket.
func unsupported(a stdlib.Args, name string) {
	a.Reject(2, "unsupported option `"+name+"'")
}

func tcpSetoption(a stdlib.Args) int {
	t, name := anyTCP(a), a.String(2)
	if name == "linger" {
		return optionSet(a, t.setLinger(a))
	}
	option, ok := switches[name]
	if !ok {
		unsupported(a, name)
	}
	on, ok := a.L.Get(3).(lua.LBool)
	if !ok {
		a.RejectType(3, "boolean")
	}
	value := 0
	if on {
		value = 1
	}
	return optionSet(a, unix.SetsockoptInt(t.fd, option.level, option.name, value))
}

// optionSet says no more of an error, as the original.
func optionSet(a stdlib.Args, err error) int {
	if err != nil {
		return failed(a, "setsockopt failed")
	}
	return done(a, nil)
}

// setLinger is setoption("linger", {on = boolean, timeout = seconds}).
func (t *tcp) setLinger(a stdlib.Args) error {
	settings := a.Table(3)
	on, ok := settings.RawGetString("on").(lua.LBool)
	if !ok {
		a.Reject(3, "boolean 'on' field expected")
	}
	timeout, ok := settings.RawGetString("timeout").(lua.LNumber)
	if !ok {
		a.Reject(3, "number 'timeout' field expected")
	}
	linger := unix.Linger{Linger: int32(timeout)}
	if on {
		linger.Onoff = 1
	}
	return unix.SetsockoptLinger(t.fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger)
}

func tcpGetoption(a stdlib.Args) int {
	t, name := anyTCP(a), a.String(2)
	if name == "error" {
		if err := t.pending(); err != nil {
			return a.Push(lua.LString(socketError(err)))
		}
		return a.Push(lua.LNil)
	}
	option, ok := switches[name]
	if !ok {
		unsupported(a, name)
	}
	value, err := unix.GetsockoptInt(t.fd, option.level, option.name)
	if err != nil {
		return failed(a, "getsockopt failed")
	}
	return a.Push(lua.LBool(value != 0))
}
