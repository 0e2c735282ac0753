package service

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"math"
	"net"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/modules/network"
	"avescript/lualib/vm"
)

// remoteControlClass is RemoteControl, the client of a service. Names that the
// class does not have are methods of the service.
var remoteControlClass = bind.Class{
	Name:   "RemoteControl",
	Params: "address, authkey?, timeout?, optimist?, sock?, options?",
	Init:   initRemoteControl,
	Methods: []bind.Fn{
		bind.Func("call", "method, vargs?, kwargs?, timeout?", remoteCall),
		bind.Func("close", "", remoteClose),
		bind.Func("connect", "", remoteConnect),
	},
	Meta: map[string]lua.LGFunction{"__index": remoteIndex, "__tostring": remoteToString},
}

// asyncClass is the class of remote.async: its methods send a call without an
// answer.
var asyncClass = bind.Class{
	Name: "AsyncCalls",
	Meta: map[string]lua.LGFunction{"__index": asyncIndex},
}

// remote is the Go part of a RemoteControl, and of its fields async and future.
type remote struct {
	client *control.Client
	limit  bind.Seconds // the default timeout of a call
	asked  asked
}

// remoteSettings are the options of a client. They can be given in one table, or
// after the first five arguments.
type remoteSettings struct {
	Address     network.Address `lua:"address"`
	Authkey     string          `lua:"authkey"`
	Timeout     bind.Seconds    `lua:"timeout"`
	Optimist    bool            `lua:"optimist"`
	Sock        stream          `lua:"sock"`
	CallTimeout bind.Seconds    `lua:"call_timeout"`
	Auth        digestKind      `lua:"auth"`
	TLS         clientTLS       `lua:"tls"`
	Resource    lua.LValue      `lua:"resource"`
	Keep        bool            `lua:"keep"`
}

// stream unpacks something that is connected to a service: a Socket, or any kind of
// Connection.
type stream struct {
	socket *connection.Socket
	conn   *connection.BlockingConnection
}

func (s *stream) UnpackLua(_ *lua.LState, v lua.LValue) error {
	var isSocket, isConnection bool
	s.socket, isSocket = bind.Part[*connection.Socket](v)
	s.conn, isConnection = bind.Part[*connection.BlockingConnection](v)
	if !isSocket && !isConnection {
		return bind.Wanted("a Socket or a Connection")
	}
	return nil
}

// take hands over the connection, with what was read from it already. It is nil if
// there is none.
func (s *stream) take() (conn net.Conn, unread []byte, err error) {
	switch {
	case s.socket != nil:
		tcp, err := s.socket.Conn()
		if err != nil {
			return nil, nil, err // not conn: a nil *TCPConn would make a net.Conn that is not nil
		}
		return tcp, nil, nil
	case s.conn != nil:
		return s.conn.DetachConn()
	}
	return nil, nil, nil
}

func initRemoteControl(c *bind.Call) error {
	s, err := remoteSettingsOf(c)
	if err != nil {
		return err
	}
	var secure *tls.Config
	if s.TLS.set {
		if secure, err = s.TLS.files.Config(); err != nil {
			return err
		}
	}
	resource, err := resourceText(c.L, s.Resource)
	if err != nil {
		return err
	}
	conn, unread, err := s.Sock.take()
	if err == nil && secure != nil && len(unread) > 0 {
		err = errors.Join(errors.New("cannot start TLS: the service sent data before the TLS handshake"), conn.Close())
	}
	if err != nil {
		return aboutSock(err)
	}
	if conn != nil && s.Address == (network.Address{}) {
		s.Address.Address = connection.AddressOf(conn.RemoteAddr())
	}
	client := control.NewClient(control.ClientOptions{
		Address:   s.Address.Address,
		Authkey:   s.Authkey,
		Timeout:   s.Timeout.Timeout(),
		Optimist:  s.Optimist,
		Conn:      conn,
		Unread:    unread,
		TLS:       secure,
		RefuseMD5: s.Auth.refusesMD5(),
		Resource:  resource,
		Keep:      s.Keep,
	})
	attachClient(c.L, c.Self, client, s.CallTimeout)
	return nil
}

func attachClient(L *lua.LState, self *lua.LTable, client *control.Client, limit bind.Seconds) {
	r := &remote{client: client, limit: limit}
	bind.Attach(self, r)
	self.RawSetString("async", bind.New(L, &asyncClass, r))
	self.RawSetString("future", bind.New(L, &futureCallsClass, r))
}

// NewRemoteControl makes a RemoteControl of a client. limit is how long each call may
// take, unless the call gets its own timeout; negative means no limit.
func NewRemoteControl(L *lua.LState, client *control.Client, limit time.Duration) *lua.LTable {
	self := L.NewTable()
	self.Metatable = remoteControlClass.In(L)
	attachClient(L, self, client, bind.SecondsOf(limit))
	return self
}

// keepsConnections is the default of the option keep.
var keepsConnections = vm.Keep(func(*lua.LState) bool { return false })

// KeepConnections sets the default of the option keep, and returns what it was. It is true
// at the prompt, where people interrupt calls and go on.
func KeepConnections(L *lua.LState, keep bool) (before bool) {
	before = keepsConnections.Of(L)
	keepsConnections.Set(L, keep)
	return before
}

// aboutSock adds the option to an error, and keeps the class of the error.
func aboutSock(err error) error {
	class := exceptions.Exception
	if named := (*exceptions.Error)(nil); errors.As(err, &named) {
		class = named.Class
	}
	return class.Newf("RemoteControl: sock: %w", err)
}

// remoteSettingsOf reads the arguments, in order or by name. The first argument is
// an address if it is a list, and a table of options if it has names.
func remoteSettingsOf(c *bind.Call) (s remoteSettings, err error) {
	s.Keep = keepsConnections.Of(c.L)
	if named, ok := c.Arg(1).(*lua.LTable); ok && c.Len() == 1 && hasNames(named) {
		err = c.Args(&s)
		if err == nil && named.RawGetString("address") == lua.LNil && named.RawGetString("sock") == lua.LNil {
			err = exceptions.TypeError.Newf("RemoteControl: option 'address': wanted an address {host, port}, got nothing")
		}
		return s, err
	}
	return s, c.Args(&s.Address, &s.Authkey, &s.Timeout, &s.Optimist, &s.Sock, &s)
}

func hasNames(t *lua.LTable) bool {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if _, ok := k.(lua.LString); ok {
			return true
		}
	}
	return false
}

// resourceText returns the option resource as it is sent with every call; nil if it
// is not given.
func resourceText(L *lua.LState, v lua.LValue) (json.RawMessage, error) {
	if v == nil || v == lua.LNil || codec.IsNull(v) {
		return nil, nil
	}
	text, err := codec.ForRPC(L).Append(L, nil, v)
	if err == nil && text[0] != '{' {
		err = bind.Mismatch("a table that is an object in JSON", v)
	}
	if err != nil {
		return nil, exceptions.TypeError.Newf("RemoteControl: option 'resource': %w", err)
	}
	return text, nil
}

// clientTLS unpacks the option tls.
type clientTLS struct {
	set   bool
	files control.ClientTLS
}

func (t *clientTLS) UnpackLua(L *lua.LState, v lua.LValue) error {
	var files struct {
		CA         string `lua:"ca"`
		Cert       string `lua:"cert"`
		Key        string `lua:"key"`
		ServerName string `lua:"server_name"`
	}
	if err := bind.Unpack(L, v, &files); err != nil {
		return err
	}
	t.set, t.files = true, control.ClientTLS(files)
	return nil
}

func remoteConnect(c *bind.Call) error {
	r, err := bind.Self[*remote](c)
	if err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) { err = r.client.Connect(ctx) })
	return err
}

func remoteClose(c *bind.Call) error {
	r, err := bind.Self[*remote](c)
	if err != nil {
		return err
	}
	return r.client.Close()
}

// remoteCall is remote:call(method, vargs?, kwargs?, timeout?): for arguments by
// name, and for methods whose names the class has itself.
func remoteCall(c *bind.Call) error {
	r, err := bind.Self[*remote](c)
	if err != nil {
		return err
	}
	var method string
	limit := r.limit
	vargs, kwargs := c.L.NewTable(), c.L.NewTable()
	if err := c.Args(&method, &vargs, &kwargs, &limit); err != nil {
		return err
	}
	for k, _ := vargs.Next(lua.LNil); k != lua.LNil; k, _ = vargs.Next(k) {
		if n, ok := k.(lua.LNumber); !ok || n < 1 || float64(n) != math.Trunc(float64(n)) {
			return exceptions.TypeError.Newf("RemoteControl:call: argument 'vargs': wanted a list, got a table with the key %v; arguments by name go into kwargs", k)
		}
	}
	list := make([]lua.LValue, vargs.MaxN())
	for i := range list {
		list[i] = vargs.RawGetInt(i + 1)
	}
	positional, err := codec.ForRPC(c.L).AppendList(c.L, nil, list)
	if err != nil {
		return err
	}
	keyword := []byte("{}")
	if first, _ := kwargs.Next(lua.LNil); first != lua.LNil {
		if keyword, err = codec.ForRPC(c.L).Append(c.L, nil, kwargs); err != nil {
			return err
		}
		if keyword[0] != '{' {
			return exceptions.TypeError.Newf("RemoteControl:call: argument 'kwargs': wanted a table of arguments by name, got a list")
		}
	}
	result, err := callService(c.L, r.client, method, positional, keyword, limit)
	if err != nil {
		return err
	}
	return c.Return(result)
}

func callService(L *lua.LState, client *control.Client, method string, vargs, kwargs json.RawMessage, limit bind.Seconds) (lua.LValue, error) {
	var answer json.RawMessage
	var err error
	vm.Unlocked(L, func(ctx context.Context) {
		answer, err = client.Call(ctx, method, vargs, kwargs, limit.Timeout())
	})
	if err != nil {
		return nil, err
	}
	return codec.ForRPC(L).Decode(answer)
}

// proxyMethods are the functions behind remote:name(...), remote.async:name(...)
// and remote.future:name(...), by name.
type proxyMethods struct{ calls, asyncs, futures map[string]*lua.LFunction }

var proxies = vm.Keep(func(*lua.LState) *proxyMethods {
	return &proxyMethods{map[string]*lua.LFunction{}, map[string]*lua.LFunction{}, map[string]*lua.LFunction{}}
})

func remoteIndex(L *lua.LState) int {
	self, name := L.CheckTable(1), L.Get(2)
	for class, _ := self.Metatable.(*lua.LTable); class != nil; class = bind.ParentOf(class) {
		if v := class.RawGet(name); v != lua.LNil {
			L.Push(v)
			return 1
		}
	}
	method, ok := name.(lua.LString)
	if !ok {
		return 0
	}
	L.Push(proxy(L, proxies.Of(L).calls, string(method), func(L *lua.LState, r *remote, vargs []byte) error {
		result, err := callService(L, r.client, string(method), vargs, nil, r.limit)
		if err == nil {
			L.Push(result)
		}
		return err
	}))
	return 1
}

func asyncIndex(L *lua.LState) int {
	method, ok := L.Get(2).(lua.LString)
	if !ok {
		return 0
	}
	L.Push(proxy(L, proxies.Of(L).asyncs, string(method), func(L *lua.LState, r *remote, vargs []byte) (err error) {
		vm.Unlocked(L, func(ctx context.Context) {
			err = r.client.Async(ctx, string(method), vargs, nil, r.limit.Timeout())
		})
		L.Push(lua.LNil)
		return err
	}))
	return 1
}

// proxy returns the function that calls a method of a service, and caches it.
func proxy(L *lua.LState, known map[string]*lua.LFunction, method string, call func(L *lua.LState, r *remote, vargs []byte) error) *lua.LFunction {
	if fn, ok := known[method]; ok {
		return fn
	}
	fn := L.NewFunction(func(L *lua.LState) int {
		r, ok := bind.Part[*remote](L.Get(1))
		if !ok {
			bind.Throw(L, exceptions.TypeError.Newf("remote.%s: wanted a RemoteControl as self, got %s; call it as remote:%[1]s(...)",
				method, bind.Describe(L.Get(1))))
		}
		args := make([]lua.LValue, L.GetTop()-1)
		for i := range args {
			args[i] = L.Get(i + 2)
		}
		vargs, err := codec.ForRPC(L).AppendList(L, nil, args)
		if err == nil {
			err = call(L, r, vargs)
		}
		if err != nil {
			bind.Throw(L, err)
		}
		return 1
	})
	known[method] = fn
	return fn
}

func remoteToString(L *lua.LState) int {
	r, ok := bind.Part[*remote](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	return bind.Show(L, network.ShowAddress(r.client.Address()), r.client.State())
}
