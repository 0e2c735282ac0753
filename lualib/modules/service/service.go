package service

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
	"avescript/core/systemd"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/modules/process"
	"avescript/lualib/vm"
)

// service handles the calls of a Control with the methods of a Lua object.
type service struct {
	vm      *vm.VM
	self    *lua.LTable
	server  *control.Server
	methods map[string]*method
	manager *systemd.Manager // nil if systemd did not start it
	log     func(message string)
	watch   sync.Once // for the context of the calls; most calls have the same
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
	m := call.Target.(*method)
	if !m.Resumable { // a resumable call has its own context
		s.watch.Do(func() { s.unwatch = s.vm.Watch(ctx) })
	}
	ending := s.vm.NewEnding(bind.Throw)
	call.OnEnd(ending.End)
	err = s.vm.DoEnding(s.serving(ctx, conn), ending, func(L *lua.LState) error {
		args, err := m.arguments(L, call)
		if err != nil {
			return err
		}
		call.Release()
		ShowConnection(L)
		defer s.self.RawSetString("current_connection", lua.LNil)
		L.Push(m.fn)
		L.Push(m.object)
		for _, arg := range args {
			L.Push(arg)
		}
		base := L.GetTop() - len(args) - 2
		L.Call(len(args)+1, lua.MultRet)
		if err := conn.CanAnswer(leastSize(L, base)); err != nil {
			return err
		}
		result, err = resultOf(L, base)
		return unsendable(call.Method, err)
	})
	return result, s.asException(err, call.Method)
}

// servingKey is the key in a call's context for its service and connection.
type servingKey struct{}

type serving struct {
	*service
	conn *control.Conn
}

func (s *service) serving(ctx context.Context, conn *control.Conn) context.Context {
	return context.WithValue(ctx, servingKey{}, serving{s, conn})
}

// ShowConnection sets the field current_connection for the call that L serves. It
// is called at the beginning and after every wait, because another call may have
// set its own in the meantime.
func ShowConnection(L *lua.LState) {
	if s, ok := vm.Root(L).Value(servingKey{}).(serving); ok {
		s.self.RawSetString("current_connection", connectionValue(L, s.conn))
	}
}

// leastSize returns a lower bound for the size of the text of a handler's results,
// as far as that is cheap to find out.
func leastSize(L *lua.LState, base int) (size int) {
	for i := base + 1; i <= L.GetTop(); i++ {
		if s, ok := L.Get(i).(lua.LString); ok {
			size += len(s) + len(`""`)
		}
	}
	return size
}

// resultOf returns the result of a handler from the stack: its value, or a list if
// there are several values.
func resultOf(L *lua.LState, base int) ([]byte, error) {
	switch L.GetTop() - base {
	case 0:
		return nil, nil
	case 1:
		return codec.ForRPC(L).Append(L, nil, L.Get(-1))
	}
	values := make([]lua.LValue, 0, L.GetTop()-base)
	for i := base + 1; i <= L.GetTop(); i++ {
		values = append(values, L.Get(i))
	}
	return codec.ForRPC(L).AppendList(L, nil, values)
}

// unsendable adds the name of the method to the error of a result that cannot be
// encoded.
func unsendable(method string, err error) error {
	var value *codec.Error
	if !errors.As(err, &value) {
		return err
	}
	return exceptions.TypeError.Newf("the result of %s() cannot be sent: %w; return nil, booleans, numbers, strings and tables of these", method, err)
}

// asException returns an error of the script in the form that is sent. The
// outermost function of its trace gets the name of the method, which the function
// itself does not know.
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
// method itself, and not a function that the method called at its end with
// `return`.
func endsInMethod(frames []vm.Frame) bool {
	for _, f := range slices.Backward(frames) {
		if f.Source != "" {
			return !f.Tail
		}
	}
	return false
}

// callbacks are the callbacks that the class implements. Without one of them,
// clients can connect and disconnect while a method is stuck.
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

// call calls a callback, if the class implements it.
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

// services are the services that run in an interpreter, by object. The Go part of
// an object belongs to the process that started it.
var services = vm.Keep(func(*lua.LState) map[*lua.LTable]*service { return map[*lua.LTable]*service{} })

// runningIn returns the service of an object in this interpreter; nil if it is not
// running here.
func runningIn(L *lua.LState, self *lua.LTable) *service { return services.Of(L)[self] }

// running returns the service of an object, or an error if it is not running in
// this interpreter.
func running(L *lua.LState, self *lua.LTable) (*service, error) {
	if s := runningIn(L, self); s != nil {
		return s, nil
	}
	return nil, errors.New(bind.NameOf(self) + " is not running in this process")
}

// ServerOf returns the server of a service that is running in this interpreter.
func ServerOf(L *lua.LState, self *lua.LTable) (*control.Server, error) {
	s, err := running(L, self)
	if err != nil {
		return nil, err
	}
	return s.server, nil
}

// begins registers the service with its interpreter.
func (s *service) begins(L *lua.LState) {
	services.Of(L)[s.self] = s
	process.AddToHickup(L, s, s.hickup)
}

func (s *service) ends(L *lua.LState) {
	delete(services.Of(L), s.self)
	process.AddToHickup(L, s, nil)
}

// hickup lists the clients for a hickup file, and returns their keys, which are
// masked there.
func (s *service) hickup() (text string, keys []string) {
	var b strings.Builder
	conns := s.server.Connections()
	fmt.Fprintf(&b, "%d connections:\n", len(conns))
	for _, conn := range conns {
		fmt.Fprintf(&b, "  %d %v\n", conn.ID(), conn.Address())
		keys = append(keys, conn.Identity().Key)
	}
	b.WriteString("\n")
	return b.String(), keys
}
