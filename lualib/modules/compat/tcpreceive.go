package compat

import (
	"bytes"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/stdlib"
)

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
