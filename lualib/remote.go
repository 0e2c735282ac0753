package lualib

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"math"
	"net"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// remoteControlClass is RemoteControl, the client of a service. A name that the
// class doesn't have is a method of the service.
var remoteControlClass = bind.Class{
	Name:   "RemoteControl",
	Params: "address, authkey?, timeout?, optimist?, sock?, options?",
	Init:   initRemoteControl,
	Methods: []bind.Fn{
		bind.Func("call", "method, vargs?, kwargs?, timeout?", remoteCall),
		bind.Func("close", "", remoteClose),
		bind.Func("connect", "", remoteConnect),
	},
	Meta: map[string]lua.LGFunction{"__index": remoteIndex},
}

// asyncClass is what remote.async is: its methods call and wait for nothing.
var asyncClass = bind.Class{
	Name: "AsyncCalls",
	Meta: map[string]lua.LGFunction{"__index": asyncIndex},
}

// remote is the Go part of a RemoteControl, and of its async and future.
type remote struct {
	client *control.Client
	limit  bind.Seconds // of a call, unless it is told another
}

func initRemoteControl(c *bind.Call) error {
	var a address
	var key string
	var limit bind.Seconds
	var optimist bool
	var sock socket
	var options struct {
		CallTimeout bind.Seconds `lua:"call_timeout"`
		Auth        digestKind   `lua:"auth"`
		TLS         clientTLS    `lua:"tls"`
	}
	if err := c.Args(&a, &key, &limit, &optimist, &sock, &options); err != nil {
		return err
	}
	var secure *tls.Config
	if options.TLS.set {
		var err error
		if secure, err = options.TLS.files.Config(); err != nil {
			return err
		}
	}
	var conn net.Conn
	if sock.Socket != nil {
		var err error
		if conn, err = sock.Conn(); err != nil {
			return err
		}
	}
	client := control.NewClient(control.ClientOptions{
		Address:   a.Address,
		Authkey:   key,
		Timeout:   timeout(limit),
		Optimist:  optimist,
		Conn:      conn,
		TLS:       secure,
		RefuseMD5: options.Auth.refusesMD5(),
	})
	r := &remote{client, options.CallTimeout}
	bind.Attach(c.L, c.Self, r)
	c.Self.RawSetString("async", bind.New(c.L, &asyncClass, r))
	c.Self.RawSetString("future", bind.New(c.L, &futureCallsClass, r))
	return nil
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

// remoteCall is remote:call(method, vargs?, kwargs?, timeout?), for keyword
// arguments and for methods whose names the class has itself.
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
			return exceptions.TypeError.Newf("RemoteControl:call: argument 'vargs': wanted a list, got a table with the key %v; arguments by name are kwargs", k)
		}
	}
	list := make([]lua.LValue, vargs.MaxN())
	for i := range list {
		list[i] = vargs.RawGetInt(i + 1)
	}
	positional, err := codec.For(c.L).AppendList(c.L, nil, list)
	if err != nil {
		return err
	}
	keyword := []byte("{}")
	if first, _ := kwargs.Next(lua.LNil); first != lua.LNil {
		if keyword, err = codec.For(c.L).Append(c.L, nil, kwargs); err != nil {
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
		answer, err = client.Call(ctx, method, vargs, kwargs, timeout(limit))
	})
	if err != nil {
		return nil, err
	}
	return codec.For(L).Decode(answer)
}

// proxyMethods are the functions that remote:name(...), remote.async:name(...)
// and remote.future:name(...) find, by their names.
type proxyMethods struct{ calls, asyncs, futures map[string]*lua.LFunction }

type proxyKey struct{}

func proxies(L *lua.LState) *proxyMethods {
	attached := vm.Of(L).Attached
	p, ok := attached[proxyKey{}].(*proxyMethods)
	if !ok {
		p = &proxyMethods{map[string]*lua.LFunction{}, map[string]*lua.LFunction{}, map[string]*lua.LFunction{}}
		attached[proxyKey{}] = p
	}
	return p
}

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
	L.Push(proxy(L, proxies(L).calls, string(method), func(L *lua.LState, r *remote, vargs []byte) error {
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
	L.Push(proxy(L, proxies(L).asyncs, string(method), func(L *lua.LState, r *remote, vargs []byte) (err error) {
		vm.Unlocked(L, func(ctx context.Context) {
			err = r.client.Async(ctx, string(method), vargs, nil, timeout(r.limit))
		})
		L.Push(lua.LNil)
		return err
	}))
	return 1
}

// proxy makes the function that calls a method of a service, once.
func proxy(L *lua.LState, known map[string]*lua.LFunction, method string, call func(L *lua.LState, r *remote, vargs []byte) error) *lua.LFunction {
	if fn, ok := known[method]; ok {
		return fn
	}
	fn := L.NewFunction(func(L *lua.LState) int {
		r, ok := bind.Part[*remote](L.Get(1))
		if !ok {
			bind.Throw(L, exceptions.TypeError.Newf("remote.%s: wanted a RemoteControl in front of the colon, got %s; a call is remote:%[1]s(...)",
				method, bind.Describe(L.Get(1))))
		}
		args := make([]lua.LValue, L.GetTop()-1)
		for i := range args {
			args[i] = L.Get(i + 2)
		}
		vargs, err := codec.For(L).AppendList(L, nil, args)
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
