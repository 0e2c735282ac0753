package lualib

import (
	"context"
	"errors"
	"fmt"
	"net"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/process"
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
		bind.Func("initialize", "", controlInitialize),
		bind.Func("join_later", "proc", controlJoinLater),
		bind.Func("run", "...", controlRun),
		bind.Func("shutdown", "details?", controlShutdown),
		bind.Func("start", "options?", controlStart),
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

// controlStart starts the service's process. The socket is the service's from
// then on: were it still open here, clients would wait at the port of a service
// that has ended.
func controlStart(c *bind.Call) error {
	if err := processStart(c); err != nil {
		return err
	}
	if sock, ok := bind.Part[*connection.Socket](c.Self.RawGetString("socket")); ok {
		return closeSocket(sock)
	}
	return nil
}

// controlInitialize listens, so that whoever waits for the start knows that
// clients can connect.
func controlInitialize(c *bind.Call) error {
	options, err := serviceOptions(c)
	if err != nil {
		return err
	}
	s := &service{vm: vm.Of(c.L), self: c.Self, methods: methodsOf(c.Self), log: logger(c.Self)}
	options.Log = s.log
	options.Callbacks = s.callbacks(c.L)
	if s.server, err = control.NewServer(s, options); err != nil {
		return err
	}
	s.vm.Attached[serviceKey{c.Self}] = s
	s.vm.Resumed = showConnection
	return nil
}

// controlRun serves clients until the service is shut down.
func controlRun(c *bind.Call) error {
	if serviceOf(c) == nil { // the class has an initialize of its own
		if err := controlInitialize(c); err != nil {
			return err
		}
	}
	defer delete(vm.Of(c.L).Attached, serviceKey{c.Self})
	server := serviceOf(c).server
	var err error
	c.Unlocked(func(ctx context.Context) { err = server.Serve(ctx) })
	return err
}

// serviceKey is where the service of an object lies, beside the Go part that
// its starter has.
type serviceKey struct{ self *lua.LTable }

func serviceOf(c *bind.Call) *service {
	s, _ := vm.Of(c.L).Attached[serviceKey{c.Self}].(*service)
	return s
}

func runningServer(c *bind.Call) (*control.Server, error) {
	s := serviceOf(c)
	if s == nil {
		return nil, errors.New(bind.NameOf(c.Self) + " is not running in this process")
	}
	return s.server, nil
}

// EndService shuts the service of an object down if it is running in v and exit
// is an Exit. It takes the lock.
func EndService(v *vm.VM, self *lua.LTable, exit *exceptions.Error) bool {
	var s *service
	_ = v.Do(context.Background(), func(*lua.LState) error {
		s, _ = v.Attached[serviceKey{self}].(*service)
		return nil
	})
	if s == nil || !exit.Class.IsA(exceptions.Exit) {
		return false
	}
	exit.Trace = nil
	s.server.Shutdown(exit)
	return true
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

// controlJoinLater waits for a process beside the service's work. The method
// joined_process is called with its pid and exit status, in its turn.
func controlJoinLater(c *bind.Call) error {
	s := serviceOf(c)
	if s == nil {
		return errors.New(bind.NameOf(c.Self) + " is not running in this process")
	}
	var proc *lua.LTable
	if err := c.Args(&proc); err != nil {
		return err
	}
	child, ok := bind.Part[*process.Child](proc)
	if !ok {
		return exceptions.TypeError.Newf("Control:join_later: argument 'proc': %w",
			bind.Mismatch("a process that was started here", proc))
	}
	go func() {
		<-child.Ended()
		status, err := child.Join(context.Background(), 0)
		if err != nil {
			s.log(fmt.Sprintf("join process %d: %v", child.Pid, err))
			return
		}
		s.server.Callback("joined process", func(ctx context.Context) error {
			return s.call(ctx, "joined_process", child.Pid, status)
		})
	}()
	return nil
}
