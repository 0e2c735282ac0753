package compat

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
)

// The methods of a tcp object in Lua.

func newTCPMeta(L *lua.LState) *lua.LTable {
	methods := newTable(L, []function{
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
	})
	meta := L.CreateTable(0, 2)
	meta.RawSetString("__index", stdlib.NewFunction(L, "__index", func(a stdlib.Args) int {
		if a.L.Get(2) == lua.LString("class") {
			return a.Push(lua.LString(className(anyTCP(a))))
		}
		return a.Push(methods.RawGet(a.L.Get(2)))
	}))
	meta.RawSetString("__tostring", stdlib.NewFunction(L, "__tostring", func(a stdlib.Args) int {
		t := anyTCP(a)
		return a.Push(lua.LString(fmt.Sprintf("%s: %p", className(t), t)))
	}))
	return meta
}

func pushTCP(L *lua.LState, t *tcp) lua.LValue { return newObject(tcpMeta.Of(L), t) }

func className(t *tcp) string { return "tcp{" + t.kind + "}" }

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
	return done(a, t.connect(a.L, a.String(2), a.String(3)))
}

func tcpListen(a stdlib.Args) int {
	return done(a, tcpOf(a, "master").listen(a.IntegerOr(2, defaultBacklog)))
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

// tcpReceive is receive([pattern [, prefix]]). After an error the third result is what has
// come.
func tcpReceive(a stdlib.Args) int {
	t := tcpOf(a, "client")
	var prefix string
	if !a.Absent(3) {
		prefix = a.String(3)
	}
	t.started = time.Now()
	text, err := t.receive(a, len(prefix))
	all := lua.LString(prefix + string(text))
	if err != nil {
		return a.Push(lua.LNil, lua.LString(socketError(err)), all)
	}
	return a.Push(all, lua.LNil, lua.LNil)
}

// receive reads what argument 2 says: a number of bytes, *l or *a with anything behind it. The
// caller has had some bytes already.
func (t *tcp) receive(a stdlib.Args, had int) ([]byte, error) {
	if a.IsNumber(2) {
		count := a.Number(2)
		if count < 0 {
			a.Reject(2, "invalid receive pattern")
		}
		size := int(min(count, math.MaxInt32))
		if had > 0 && size <= had {
			return nil, nil
		}
		return t.receiveCount(a.L, size-had)
	}
	word := "*l"
	if !a.Absent(2) {
		word = a.String(2)
	}
	switch {
	case strings.HasPrefix(word, "*l"):
		return t.receiveLine(a.L)
	case strings.HasPrefix(word, "*a"):
		return t.receiveAll(a.L)
	}
	a.Reject(2, "invalid receive pattern")
	return nil, nil
}

// receiveCount reads n bytes. For none it waits until there are some.
func (t *tcp) receiveCount(L *lua.LState, n int) ([]byte, error) {
	for len(t.unread) < max(n, 1) {
		if err := t.fill(L); err != nil {
			return t.take(len(t.unread)), err
		}
	}
	return t.take(n), nil
}

// receiveLine returns a line without its end; carriage returns are left out anywhere.
func (t *tcp) receiveLine(L *lua.LState) ([]byte, error) {
	for {
		at := bytes.IndexByte(t.unread[t.lines:], '\n')
		n := t.lines + at + 1
		var err error
		if at < 0 {
			t.lines = len(t.unread)
			if err = t.fill(L); err == nil {
				continue
			}
			n = len(t.unread)
		}
		line := t.take(n)
		return bytes.ReplaceAll(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"), nil), err
	}
}

// receiveAll reads up to the end; there is none if nothing comes before it.
func (t *tcp) receiveAll(L *lua.LState) ([]byte, error) {
	for {
		err := t.fill(L)
		if err != nil {
			all := t.take(len(t.unread))
			if err == errClosed && len(all) > 0 { //nolint:errorlint // it is fill's own
				err = nil
			}
			return all, err
		}
	}
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
