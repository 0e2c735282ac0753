package compat

import (
	"fmt"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
)

// The methods of a tcp object in Lua.

// newTCPMetas makes the metatables of the kinds. Each has a table as __index, for the completion
// at the prompt; they differ in the field class.
func newTCPMetas(L *lua.LState) map[string]*lua.LTable {
	metas := map[string]*lua.LTable{}
	for _, kind := range []string{"master", "client", "server"} {
		methods := newTable(L, tcpMethods)
		methods.RawSetString("class", lua.LString("tcp{"+kind+"}"))
		metas[kind] = L.CreateTable(0, 2)
		metas[kind].RawSetString("__index", methods)
		metas[kind].RawSetString("__tostring", stdlib.NewFunction(L, "__tostring", func(a stdlib.Args) int {
			t := anyTCP(a)
			return a.Push(lua.LString(fmt.Sprintf("tcp{%s}: %p", t.kind, t)))
		}))
	}
	return metas
}

var tcpMethods = []function{
	{"accept", tcpAccept},
	{"bind", tcpBind},
	{"close", tcpClose},
	{"connect", tcpConnect},
	{"dirty", func(a stdlib.Args) int { return a.Push(lua.LBool(len(anyTCP(a).unread) > 0)) }},
	{"getfamily", tcpGetfamily},
	{"getfd", func(a stdlib.Args) int { return a.Push(lua.LNumber(anyTCP(a).fd)) }},
	{"getoption", tcpGetoption},
	{"getpeername", tcpGetpeername},
	{"getsockname", tcpGetsockname},
	{"getstats", tcpGetstats},
	{"gettimeout", tcpGettimeout},
	{"listen", tcpListen},
	{"receive", tcpReceive},
	{"send", tcpSend},
	{"setoption", tcpSetoption},
	{"setpeername", tcpConnect},
	{"setsockname", tcpBind},
	{"settimeout", tcpSettimeout},
	{"setstats", tcpSetstats},
	{"shutdown", tcpShutdown},
}

func pushTCP(L *lua.LState, t *tcp) lua.LValue { return newObject(tcpMetas.Of(L)[t.kind], t) }

// showKind gives the object on which a method was called the metatable of what it is now.
func (t *tcp) showKind(a stdlib.Args) {
	a.L.Get(1).(*lua.LUserData).Metatable = tcpMetas.Of(a.L)[t.kind]
}

func anyTCP(a stdlib.Args) *tcp { return tcpOf(a, "any") }

// tcpOf returns the object that a method is called on, which must be of a kind.
func tcpOf(a stdlib.Args, kind string) *tcp {
	if ud, ok := a.L.Get(1).(*lua.LUserData); ok {
		if t, ok := ud.Value.(*tcp); ok && (kind == "any" || t.kind == kind) {
			return t
		}
	}
	a.Reject(1, "tcp{"+kind+"} expected")
	return nil
}

// done returns 1, as LuaSocket does for success, or nil and the error.
func done(a stdlib.Args, err error) int {
	if err != nil {
		return failed(a, socketError(err))
	}
	return a.Push(lua.LNumber(1))
}

func tcpAccept(a stdlib.Args) int {
	client, err := tcpOf(a, "server").accept(a.L)
	if err != nil {
		return failed(a, socketError(err))
	}
	return a.Push(pushTCP(a.L, client))
}

func tcpBind(a stdlib.Args) int {
	return done(a, tcpOf(a, "master").bind(a.L, a.String(2), a.String(3), false))
}

func tcpConnect(a stdlib.Args) int {
	t := anyTCP(a)
	defer t.showKind(a) // also if the script is interrupted
	return done(a, t.connect(a.L, a.String(2), a.String(3)))
}

func tcpListen(a stdlib.Args) int {
	t := tcpOf(a, "master")
	err := t.listen(a.IntegerOr(2, defaultBacklog))
	t.showKind(a)
	return done(a, err)
}

func tcpClose(a stdlib.Args) int {
	anyTCP(a).close()
	return done(a, nil)
}

var shutdowns = map[string]int{"both": unix.SHUT_RDWR, "receive": unix.SHUT_RD, "send": unix.SHUT_WR}

func tcpShutdown(a stdlib.Args) int {
	t, how := tcpOf(a, "client"), "both"
	if !a.Absent(2) {
		how = a.Option(2, "receive", "send", "both")
	}
	_ = unix.Shutdown(t.fd, shutdowns[how]) // as the original, which does not look
	return done(a, nil)
}

// tcpSend is send(data [, i [, j]]). It returns the index of the last byte that was sent; after
// an error as the third result.
func tcpSend(a stdlib.Args) int {
	t, data := tcpOf(a, "client"), a.String(2)
	first, last := a.IntegerOr(3, 1), a.IntegerOr(4, -1)
	if first < 0 {
		first = max(len(data)+first+1, 1)
	}
	if last < 0 {
		last = len(data) + last + 1
	}
	first, last = max(first, 1), min(last, len(data))
	sent, err := 0, error(nil)
	if first <= last {
		sent, err = t.send(a.L, data[first-1:last])
	}
	index := lua.LNumber(sent + first - 1)
	if err != nil {
		return a.Push(lua.LNil, lua.LString(socketError(err)), index)
	}
	return a.Push(index, lua.LNil, lua.LNil)
}

func seconds(d time.Duration) lua.LNumber {
	if d < 0 {
		return -1
	}
	return lua.LNumber(d.Seconds())
}

// tcpSettimeout is settimeout([seconds [, mode]]): for each wait, or with t for each call.
func tcpSettimeout(a stdlib.Args) int {
	t := anyTCP(a)
	limit := noLimit
	if x := a.NumberOr(2, -1); x >= 0 {
		const most = float64(1 << 32)
		limit = time.Duration(min(x, most) * float64(time.Second))
	}
	mode := "b"
	if !a.Absent(3) {
		mode = a.String(3)
	}
	switch (mode + " ")[0] {
	case 'b':
		t.perWait = limit
	case 'r', 't':
		t.perCall = limit
	default:
		a.Reject(3, "invalid timeout mode")
	}
	return done(a, nil)
}

func tcpGettimeout(a stdlib.Args) int {
	t := anyTCP(a)
	return a.Push(seconds(t.perWait), seconds(t.perCall))
}

func tcpGetstats(a stdlib.Args) int {
	t := tcpOf(a, "client")
	return a.Push(lua.LNumber(t.received), lua.LNumber(t.sent), lua.LNumber(time.Since(t.created).Seconds()))
}

// tcpSetstats is setstats([received [, sent [, age]]]), and age is in seconds.
func tcpSetstats(a stdlib.Args) int {
	t := tcpOf(a, "client")
	t.received, t.sent = a.IntegerOr(2, t.received), a.IntegerOr(3, t.sent)
	if !a.Absent(4) {
		t.created = time.Now().Add(-time.Duration(a.Number(4) * float64(time.Second)))
	}
	return done(a, nil)
}

func tcpGetfamily(a stdlib.Args) int {
	name := map[int]string{unix.AF_INET: "inet4", unix.AF_INET6: "inet6"}[anyTCP(a).family]
	if name == "" {
		name = "unspec"
	}
	return a.Push(lua.LString(name))
}

// tcpGetsockname returns the address, the port as a string, and the family.
func tcpGetsockname(a stdlib.Args) int {
	address, err := unix.Getsockname(anyTCP(a).fd)
	name, ok := addrPort(address)
	if err != nil || !ok {
		return failed(a, socketError(err))
	}
	family := familyNames[familyOf(name.Addr())]
	return a.Push(lua.LString(name.Addr().String()), lua.LString(strconv.Itoa(int(name.Port()))), lua.LString(family))
}

func tcpGetpeername(a stdlib.Args) int {
	address, err := unix.Getpeername(anyTCP(a).fd)
	name, ok := addrPort(address)
	if err != nil || !ok {
		return failed(a, socketError(err))
	}
	family := familyNames[familyOf(name.Addr())]
	return a.Push(lua.LString(name.Addr().String()), lua.LNumber(name.Port()), lua.LString(family))
}
