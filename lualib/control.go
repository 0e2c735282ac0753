package lualib

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// controlModule is ave.network.control: services and their clients.
var controlModule = bind.Module{
	Name:    "ave.network.control",
	Classes: []*bind.Class{&controlClass, &remoteControlClass, &asyncClass, &rpcClass},
}

// controlClass is Control, the parent of every service. Its settings are fields
// of the object, which go to the service's process with it; there, run makes
// the *control.Server of them.
var controlClass = bind.Class{
	Name:   "Control",
	Parent: &processClass,
	Params: "options",
	Init:   initControl,
	Methods: []bind.Fn{
		bind.Func("close_fds", "exclude", controlCloseFds),
		bind.Func("run", "...", controlRun),
		bind.Func("shutdown", "details?", controlShutdown),
		bind.Func("stop", "", controlStop),
		bind.Func("stop_listening", "", controlStopListening),
	},
	Funcs: []bind.Fn{
		bind.Func("auth", "method", markAuth),
		bind.Func("concurrent", "method", markConcurrent),
		bind.Func("preauth", "...", markPreauth),
		bind.Func("rpc", "method, optional?", markRPC),
	},
}

func initControl(c *bind.Call) error {
	var o struct {
		Port      int          `lua:"port"`
		Authkey   string       `lua:"authkey"`
		Socket    socket       `lua:"socket"`
		AltKeys   *lua.LTable  `lua:"alt_keys"`
		Interval  bind.Seconds `lua:"interval"`
		Home      string       `lua:"home"`
		ProcName  string       `lua:"proc_name"`
		Logging   bool         `lua:"logging"`
		Anonymous bool         `lua:"anonymous"`
		RefuseMD5 bool         `lua:"refuse_md5"`
	}
	if err := c.Args(&o); err != nil {
		return err
	}
	if err := refuseTakenNames(c); err != nil {
		return err
	}
	setProcessFields(c.Self, o.Logging, o.ProcName)
	// What was given is kept as it is: the service's process reads it again.
	given := c.Arg(1).(*lua.LTable)
	for k, v := given.Next(lua.LNil); k != lua.LNil; k, v = given.Next(k) {
		if k.String() != "proc_name" && k.String() != "logging" {
			c.Self.RawSet(k, v)
		}
	}
	return nil
}

// ownCalls are the methods that start and run a service. An RPC in the place of
// one would be called for that.
var ownCalls = []string{"init", "start", "close_fds", "redirect", "initialize", "run"}

func refuseTakenNames(c *bind.Call) error {
	methods := methodsOf(c.Self)
	for _, name := range ownCalls {
		if m := methods[name]; m != nil && m.RPC {
			return exceptions.TypeError.Newf("%s.%s: an RPC cannot have this name, because the service itself is run by a method %[2]s",
				bind.NameOf(c.Self), name)
		}
	}
	return nil
}

// serviceOptions reads the fields of a service's object.
func serviceOptions(c *bind.Call) (control.Options, error) {
	options := control.Options{}
	self := c.Self
	var port int
	var interval bind.Seconds
	var sock socket
	for name, target := range map[string]any{
		"port":       &port,
		"authkey":    &options.Authkey,
		"interval":   &interval,
		"anonymous":  &options.Anonymous,
		"refuse_md5": &options.RefuseMD5,
		"socket":     &sock,
	} {
		v := self.RawGetString(name)
		if v == lua.LNil {
			continue
		}
		if err := bind.Unpack(c.L, v, target); err != nil {
			return options, exceptions.TypeError.Newf("%s: field '%s': %w, got %s", bind.NameOf(self), name, err, bind.Describe(v))
		}
	}
	keys, err := altKeys(self.RawGetString("alt_keys"))
	if err != nil {
		return options, err
	}
	options.AltKeys = keys
	options.Interval = interval.Duration
	options.Address = connection.Address{Port: port}
	if sock.Socket != nil {
		var listener net.Listener
		if listener, err = sock.Listener(); err != nil {
			return options, fmt.Errorf("%s: the socket: %w", bind.NameOf(self), err)
		}
		options.Listener = listener
	}
	return options, nil
}

// altKeys reads a table of accounts and their keys; null is an open account.
func altKeys(v lua.LValue) (map[string]*string, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, nil
	}
	keys := map[string]*string{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, isString := v.(lua.LString)
		switch {
		case isString:
			text := string(key)
			keys[k.String()] = &text
		case codec.IsNull(v):
			keys[k.String()] = nil
		default:
			return nil, exceptions.TypeError.Newf("alt_keys: wanted a string or null as the key of '%s', got %s", k, bind.Describe(v))
		}
	}
	return keys, nil
}

// controlCloseFds keeps the socket that the service listens on.
func controlCloseFds(c *bind.Call) error {
	var exclude *lua.LTable
	if err := c.Args(&exclude); err != nil {
		return err
	}
	if sock, ok := bind.Part[*connection.Socket](c.Self.RawGetString("socket")); ok {
		fd, err := sock.Fileno()
		if err != nil {
			return err
		}
		exclude.Append(lua.LNumber(fd))
	}
	return nil
}

// controlRun serves clients until the service is shut down.
func controlRun(c *bind.Call) error {
	options, err := serviceOptions(c)
	if err != nil {
		return err
	}
	s := &service{vm: vm.Of(c.L), self: c.Self, methods: methodsOf(c.Self)}
	options.Log = logger(c.Self)
	options.Callbacks = s.callbacks(c.L)
	server, err := control.NewServer(s, options)
	if err != nil {
		return err
	}
	s.server = server
	setServer(c.L, c.Self, s)
	defer setServer(c.L, c.Self, nil)
	c.Unlocked(func(ctx context.Context) { err = server.Serve(ctx) })
	return err
}

// serverKey is where the running service of an object lies, beside the Go part
// that its starter has.
type serverKey struct{ self *lua.LTable }

func setServer(L *lua.LState, self *lua.LTable, s *service) {
	attached := vm.Of(L).Attached
	if s == nil {
		delete(attached, serverKey{self})
		return
	}
	attached[serverKey{self}] = s
}

func runningServer(c *bind.Call) (*control.Server, error) {
	s, ok := vm.Of(c.L).Attached[serverKey{c.Self}].(*service)
	if !ok {
		return nil, errors.New(bind.NameOf(c.Self) + " is not running in this process")
	}
	return s.server, nil
}

// controlShutdown is shutdown(details?): a text, a table of details, or an
// error object that is sent as itself.
func controlShutdown(c *bind.Call) error {
	server, err := runningServer(c)
	if err != nil {
		return err
	}
	var exit *exceptions.Error
	if details := c.Arg(1); details != lua.LNil {
		if !bind.IsErrorObject(details) {
			details = bind.Invoke(c.L, bind.ExceptionClass(c.L, exceptions.Exit), details)
		}
		if exit, err = bind.Exception(c.L, details, nil); err != nil {
			return err
		}
		exit.Trace = nil
	}
	server.Shutdown(exit)
	return nil
}

func controlStop(c *bind.Call) error {
	server, err := runningServer(c)
	if err != nil {
		return err
	}
	server.Shutdown(nil)
	return nil
}

func controlStopListening(c *bind.Call) error {
	server, err := runningServer(c)
	if err != nil {
		return err
	}
	return server.StopListening()
}

// service is the handler of a Control's calls: the methods of a Lua object.
type service struct {
	vm      *vm.VM
	self    *lua.LTable
	server  *control.Server
	methods map[string]*method
}

func (s *service) Lookup(name string) (control.Method, bool) {
	m, ok := s.methods[name]
	if !ok {
		return control.Method{}, false
	}
	return m.Method, true
}

func (s *service) Call(ctx context.Context, conn *control.Conn, call *control.Call) (result json.RawMessage, err error) {
	err = s.vm.Do(ctx, func(L *lua.LState) error {
		m := s.methods[call.Method]
		args, err := m.arguments(L, call)
		if err != nil {
			return err
		}
		s.self.RawSetString("current_connection", connectionValue(L, conn))
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
	var e *exceptions.Error
	_ = s.vm.Do(context.Background(), func(L *lua.LState) error {
		e = bind.AsException(L, err)
		return nil
	})
	var raised *vm.Error
	switch {
	case e.Trace == nil:
		e.Trace = []exceptions.Frame{}
	case len(e.Trace) > 0 && errors.As(err, &raised) && !outermost(raised.Frames).Tail && strings.HasPrefix(e.Trace[0].Func, "<"):
		e.Trace[0].Func = method
	}
	return e
}

// outermost is the Lua function at the bottom of a stack.
func outermost(frames []vm.Frame) vm.Frame {
	for _, f := range slices.Backward(frames) {
		if f.Source != "" {
			return f
		}
	}
	return vm.Frame{}
}

// callbacks are the methods that the class has implemented.
func (s *service) callbacks(L *lua.LState) control.Callbacks {
	var callbacks control.Callbacks
	if L.GetField(s.self, "idle") != lua.LNil {
		callbacks.Idle = func(ctx context.Context) error { return s.call(ctx, "idle", nil) }
	}
	if L.GetField(s.self, "new_connection") != lua.LNil {
		callbacks.NewConnection = func(ctx context.Context, conn *control.Conn) error {
			return s.call(ctx, "new_connection", conn)
		}
	}
	lost := L.GetField(s.self, "lost_connection") != lua.LNil
	callbacks.LostConnection = func(ctx context.Context, conn *control.Conn) (err error) {
		if lost {
			err = s.call(ctx, "lost_connection", conn)
		}
		s.forget(conn)
		return err
	}
	return callbacks
}

// call calls a callback with the connection that it is about, if any.
func (s *service) call(ctx context.Context, name string, conn *control.Conn) error {
	err := s.vm.Do(ctx, func(L *lua.LState) error {
		if conn == nil {
			bind.Method(L, s.self, name)
			return nil
		}
		c := connectionValue(L, conn)
		bind.Method(L, s.self, name, c, c.RawGetString("authkey"))
		return nil
	})
	return s.asException(err, name)
}

// clientConnectionClass is the class of a client's connection as a service
// sees it: an object that is the same for all its calls, with the fields id,
// address and authkey.
var clientConnectionClass = bind.Class{Name: "ClientConnection"}

func connectionValue(L *lua.LState, conn *control.Conn) *lua.LTable {
	attached := vm.Of(L).Attached
	if object, ok := attached[conn].(*lua.LTable); ok {
		return object
	}
	object := bind.New(L, &clientConnectionClass, conn)
	object.RawSetString("id", lua.LNumber(conn.ID()))
	object.RawSetString("address", bind.Value(L, addressValue(conn.Address())))
	object.RawSetString("authkey", lua.LString(conn.Identity().Key))
	object.RawSetString("accounts", bind.Value(L, conn.Identity().Accounts))
	attached[conn] = object
	return object
}

func (s *service) forget(conn *control.Conn) {
	_ = s.vm.Do(context.Background(), func(L *lua.LState) error {
		delete(s.vm.Attached, conn)
		return nil
	})
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
