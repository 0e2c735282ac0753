package compat

import (
	_ "embed"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// protection has try, newtry and protect, which are about errors of Lua.
//
//go:embed protect.lua
var protection []byte

// tcpMetas are the metatables of the tcp objects of an interpreter, by kind.
var tcpMetas *vm.Kept[map[string]*lua.LTable]

func init() { tcpMetas = vm.Keep(newTCPMetas) } // the methods make objects with them

// openSocket makes socket, as of LuaSocket 3.0, without udp, sources and sinks. Waits let
// other threads run, and end with the time limits of tests.
func openSocket(L *lua.LState) *lua.LTable {
	socket := newTable(L, []function{
		{"bind", socketBind},
		{"connect", func(a stdlib.Args) int { return socketConnect(a, unix.AF_UNSPEC) }},
		{"connect4", func(a stdlib.Args) int { return socketConnect(a, unix.AF_INET) }},
		{"connect6", func(a stdlib.Args) int { return socketConnect(a, unix.AF_INET6) }},
		{"gettime", func(a stdlib.Args) int { return a.Push(clock(unix.CLOCK_REALTIME)) }},
		{"select", socketSelect},
		{"skip", socketSkip},
		{"sleep", func(a stdlib.Args) int {
			pause(a.L, a.Number(1))
			return 0
		}},
		{"tcp", func(a stdlib.Args) int { return a.Push(pushTCP(a.L, newTCP())) }},
		{"tcp4", func(a stdlib.Args) int { return socketTCP(a, unix.AF_INET) }},
		{"tcp6", func(a stdlib.Args) int { return socketTCP(a, unix.AF_INET6) }},
	})
	socket.RawSetString("dns", openDNS(L))
	socket.RawSetString("_SETSIZE", lua.LNumber(1024))
	socket.RawSetString("_SOCKETINVALID", lua.LNumber(-1))
	socket.RawSetString("BLOCKSIZE", lua.LNumber(receiveSize))
	setStrings(socket, map[string]string{"_VERSION": "LuaSocket 3.0.0"})
	const name = "socket/protect.lua"
	fn, err := vm.Of(L).LoadShared(name, func() (*lua.FunctionProto, []byte, error) {
		proto, err := syntax.Compile(protection, name)
		return proto, protection, err
	})
	if err != nil {
		panic(err) // a test compiles it
	}
	L.Push(fn)
	L.Push(socket)
	L.Call(1, 0)
	return socket
}

// socketTCP makes an object that has its socket already.
func socketTCP(a stdlib.Args, family int) int {
	t := newTCP()
	if err := t.create(a.L, family); err != nil {
		return a.Push(lua.LNil, lua.LString(socketError(err)))
	}
	t.fix()
	return a.Push(pushTCP(a.L, t))
}

// socketSkip is skip(n, ...): the values without the first n.
func socketSkip(a stdlib.Args) int { return max(0, a.Len()-1-max(0, a.Integer(1))) }

// socketBind is bind(host, port [, backlog]): a server.
func socketBind(a stdlib.Args) int {
	host, port, backlog := a.String(1), a.String(2), a.IntegerOr(3, defaultBacklog)
	t := newTCP()
	err := t.bind(a.L, host, port, true)
	if err == nil {
		err = t.listen(backlog)
	}
	if err != nil {
		t.close()
		return a.Push(lua.LNil, lua.LString(socketError(err)))
	}
	return a.Push(pushTCP(a.L, t))
}

// socketConnect is connect(host, port [, local host [, local port]]): a client.
func socketConnect(a stdlib.Args, family int) int {
	host, port := a.String(1), a.String(2)
	t := newTCP()
	t.wanted = family
	var err error
	if !a.Absent(3) {
		localPort := "0"
		if !a.Absent(4) {
			localPort = a.String(4)
		}
		err = t.bind(a.L, a.String(3), localPort, false)
	}
	if err == nil {
		err = t.connect(a.L, host, port)
	}
	if err != nil {
		t.close()
		return a.Push(lua.LNil, lua.LString(socketError(err)))
	}
	return a.Push(pushTCP(a.L, t))
}
