package lualib

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// service is the handler of a Control's calls: the methods of a Lua object.
type service struct {
	vm      *vm.VM
	self    *lua.LTable
	server  *control.Server
	methods map[string]*method
	log     func(message string)
	watch   sync.Once // for the context of the calls, which is the same for most
	unwatch func()    // nil before the first call
}

func (s *service) Lookup(name string) (control.Method, bool) {
	m, ok := s.methods[name]
	if !ok {
		return control.Method{}, false
	}
	return m.Method, true
}

func (s *service) Call(ctx context.Context, conn *control.Conn, call *control.Call) (result json.RawMessage, err error) {
	m := s.methods[call.Method]
	if !m.Resumable { // the context of such a call is its own
		s.watch.Do(func() { s.unwatch = s.vm.Watch(ctx) })
	}
	err = s.vm.Do(s.serving(ctx, conn), func(L *lua.LState) error {
		args, err := m.arguments(L, call)
		if err != nil {
			return err
		}
		showConnection(L)
		defer s.self.RawSetString("current_connection", lua.LNil)
		L.Push(m.fn)
		L.Push(s.self)
		for _, arg := range args {
			L.Push(arg)
		}
		base := L.GetTop() - len(args) - 2
		L.Call(len(args)+1, lua.MultRet)
		result, err = resultOf(L, base)
		return err
	})
	return result, s.asException(err, call.Method)
}

// servingKey is where the context of a call has its service and connection.
type servingKey struct{}

type serving struct {
	*service
	conn *control.Conn
}

func (s *service) serving(ctx context.Context, conn *control.Conn) context.Context {
	return context.WithValue(ctx, servingKey{}, serving{s, conn})
}

// showConnection sets the field current_connection for the call that L serves:
// at its beginning, and after every wait, in which another call may have had its
// own there.
func showConnection(L *lua.LState) {
	if s, ok := vm.Context(L).Value(servingKey{}).(serving); ok {
		s.self.RawSetString("current_connection", connectionValue(L, s.conn))
	}
}

// resultOf is what a handler has left on the stack: its value, or the list of
// its values if there are several.
func resultOf(L *lua.LState, base int) ([]byte, error) {
	switch L.GetTop() - base {
	case 0:
		return nil, nil
	case 1:
		return codec.For(L).Append(L, nil, L.Get(-1))
	}
	values := make([]lua.LValue, 0, L.GetTop()-base)
	for i := base + 1; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i))
	}
	return codec.For(L).AppendList(L, nil, values)
}

// asException gives an error of the script the form that is sent. The outermost
// function of its trace is the method, whose name the function itself does not
// know.
func (s *service) asException(err error, method string) error {
	if err == nil {
		return nil
	}
	e := bind.AsException(s.vm, err)
	var raised *vm.Error
	switch {
	case e.Trace == nil:
		e.Trace = []exceptions.Frame{}
	case errors.As(err, &raised) && endsInMethod(raised.Frames) && strings.HasPrefix(e.Trace[0].Func, "<"):
		e.Trace[0].Func = method
	}
	return e
}

// endsInMethod reports whether the Lua function at the bottom of a stack is the
// method, rather than one whose result the method was to return.
func endsInMethod(frames []vm.Frame) bool {
	for _, f := range slices.Backward(frames) {
		if f.Source != "" {
			return !f.Tail
		}
	}
	return false
}

// callbacks are the methods that the class has implemented. A service without
// one of them has its clients come and go while a method is stuck.
func (s *service) callbacks(L *lua.LState) control.Callbacks {
	var callbacks control.Callbacks
	if L.GetField(s.self, "idle") != lua.LNil {
		callbacks.Idle = func(ctx context.Context) error { return s.call(ctx, "idle") }
	}
	if L.GetField(s.self, "new_connection") != lua.LNil {
		callbacks.NewConnection = func(ctx context.Context, conn *control.Conn) error {
			return s.callAbout(ctx, "new_connection", conn)
		}
	}
	if L.GetField(s.self, "lost_connection") != lua.LNil {
		callbacks.LostConnection = func(ctx context.Context, conn *control.Conn) error {
			return s.callAbout(ctx, "lost_connection", conn)
		}
	}
	return callbacks
}

// call calls a callback, if the class has it.
func (s *service) call(ctx context.Context, name string, args ...any) error {
	return s.asException(s.vm.Do(ctx, func(L *lua.LState) error {
		if L.GetField(s.self, name) != lua.LNil {
			bind.Method(L, s.self, name, args...)
		}
		return nil
	}), name)
}

// callAbout calls a callback with a connection and its key.
func (s *service) callAbout(ctx context.Context, name string, conn *control.Conn) error {
	return s.asException(s.vm.Do(ctx, func(L *lua.LState) error {
		if L.GetField(s.self, name) != lua.LNil {
			c := connectionValue(L, conn)
			bind.Method(L, s.self, name, c, c.RawGetString("authkey"))
		}
		return nil
	}), name)
}

// clientConnectionClass is the class of a client's connection as a service
// sees it: an object that is the same for all its calls, with the fields id,
// address and authkey.
var clientConnectionClass = bind.Class{Name: "ClientConnection"}

func connectionValue(L *lua.LState, conn *control.Conn) *lua.LTable {
	if object, ok := conn.Object.(*lua.LTable); ok {
		return object
	}
	object := bind.New(L, &clientConnectionClass, conn)
	object.RawSetString("id", lua.LNumber(conn.ID()))
	object.RawSetString("address", bind.Value(L, addressValue(conn.Address())))
	object.RawSetString("authkey", lua.LString(conn.Identity().Key))
	object.RawSetString("accounts", bind.Value(L, conn.Identity().Accounts))
	conn.Object = object
	return object
}

// method is what a service knows of one of its methods.
type method struct {
	control.Method
	fn       lua.LValue
	params   []string // without self
	variadic bool
	optional map[string]lua.LValue // a default, or nil, by the parameter's name
}

// methodsOf finds the methods of an object: its own and those of its classes.
// All are known, so that one that is no RPC can be told from none at all.
func methodsOf(self *lua.LTable) map[string]*method {
	methods := map[string]*method{}
	add := func(t *lua.LTable) {
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			name, ok := k.(lua.LString)
			if !ok || strings.HasPrefix(string(name), "__") || methods[string(name)] != nil {
				continue
			}
			if m := newMethod(v); m != nil {
				methods[string(name)] = m
			}
		}
	}
	add(self)
	for class, _ := self.Metatable.(*lua.LTable); class != nil; class = bind.ParentOf(class) {
		add(class)
	}
	return methods
}

// describeConnections lists the clients, for a person.
func (s *service) describeConnections() string {
	var b strings.Builder
	conns := s.server.Connections()
	fmt.Fprintf(&b, "%d connections:\n", len(conns))
	for _, conn := range conns {
		fmt.Fprintf(&b, "  %d %v\n", conn.ID(), conn.Address())
	}
	b.WriteString("\n")
	return b.String()
}
