package lualib

import (
	"context"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// controlModule is ave.network.control: services and their clients.
var controlModule = bind.Module{
	Name: "ave.network.control",
	Classes: []*bind.Class{
		&controlClass, &rpcClass,
		&remoteControlClass, &asyncClass, &futureCallsClass, &futureClass,
	},
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
		bind.Func("add_connection", "connection, authkey?", controlAddConnection),
		bind.Func("close_fds", "exclude", controlCloseFds),
		bind.Func("fileno", "", controlFileno),
		bind.Func("initialize", "", controlInitialize),
		bind.Func("join_later", "proc", controlJoinLater),
		bind.Func("remove_connection", "client", controlRemoveConnection),
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
		bind.Func("resumable", "method", markResumable),
		bind.Func("rpc", "method, optional?", markRPC),
	},
}

func initControl(c *bind.Call) error {
	o := newSettings()
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

// controlAddConnection takes over a connection that is open. What it gives back
// is the object that lost_connection will get.
func controlAddConnection(c *bind.Call) error {
	server, err := runningServer(c)
	if err != nil {
		return err
	}
	var object *lua.LTable
	var authkey string
	if err := c.Args(&object, &authkey); err != nil {
		return err
	}
	open, ok := bind.Part[*connection.BlockingConnection](object)
	if !ok {
		return exceptions.TypeError.Newf("Control:add_connection: argument 'connection': %w", bind.Mismatch("a Connection", object))
	}
	client, err := server.AddConnection(open, authkey)
	if err != nil {
		return err
	}
	return c.Return(connectionValue(c.L, client))
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
			return fmt.Errorf("%s: the socket that it should listen on: %w", bind.NameOf(c.Self), err)
		}
		exclude.Append(lua.LNumber(fd))
	}
	return nil
}

// controlFileno is the descriptor of the socket that the service listens on:
// here if it runs here, and otherwise the one that it was given.
func controlFileno(c *bind.Call) error {
	if s := serviceOf(c); s != nil {
		fd, err := s.server.Fileno()
		if err != nil {
			return err
		}
		return c.Return(fd)
	}
	sock, ok := bind.Part[*connection.Socket](c.Self.RawGetString("socket"))
	if !ok {
		return errors.New(bind.NameOf(c.Self) + " has no socket in this process")
	}
	fd, err := sock.Fileno()
	if err != nil {
		return err
	}
	return c.Return(fd)
}

// controlStart starts the service's process. The socket is the service's from
// then on: were it still open here, clients would wait at the port of a service
// that has ended.
func controlStart(c *bind.Call) error {
	if err := processStart(c); err != nil {
		return err
	}
	if sock, ok := bind.Part[*connection.Socket](c.Self.RawGetString("socket")); ok {
		c.Self.RawSetString("socket", lua.LNil) // another start listens on the port
		return closeSocket(sock)
	}
	return nil
}

// controlInitialize listens, so that whoever waits for the start knows that
// clients can connect.
func controlInitialize(c *bind.Call) error {
	settings, err := settingsOf(c.L, c.Self)
	if err != nil {
		return err
	}
	options, err := serviceOptions(c, &settings)
	if err != nil {
		return err
	}
	s := &service{vm: vm.Of(c.L), self: c.Self, methods: methodsOf(c.Self), log: logger(c.Self)}
	options.Log = s.log
	options.Callbacks = s.callbacks(c.L)
	if settings.Describe {
		options.Describe = s.describe(c.L)
	}
	options.Callbacks.Prepare, options.Callbacks.Serialize = s.prepare, s.serialize
	if settings.Takeover {
		if options.Estate, err = takeOver(c, &settings, &options); err != nil {
			return err
		}
	}
	if s.server, err = control.NewServer(s, options); err != nil {
		return err
	}
	s.vm.Attached[serviceKey{c.Self}] = s
	s.vm.Resumed = showConnection
	if options.Estate != nil {
		return s.succeed(c, options.Estate)
	}
	return nil
}

func controlRemoveConnection(c *bind.Call) error {
	server, err := runningServer(c)
	if err != nil {
		return err
	}
	var object *lua.LTable
	if err := c.Args(&object); err != nil {
		return err
	}
	client, ok := bind.Part[*control.Conn](object)
	if !ok {
		return exceptions.TypeError.Newf("Control:remove_connection: argument 'client': %w", bind.Mismatch("a client's connection", object))
	}
	server.RemoveConnection(client)
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
	s := serviceOf(c)
	var err error
	c.Unlocked(func(ctx context.Context) {
		err = s.server.Serve(ctx)
		if s.unwatch != nil {
			s.unwatch()
		}
	})
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
	if s == nil || !exit.Class.IsA(exceptions.Exit) || exit.Foreign {
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
	child, err := childOf(proc)
	if err != nil {
		return exceptions.TypeError.Newf("Control:join_later: argument 'proc': %w", err)
	}
	pid := proc.RawGetString("pid")
	go func() {
		status, err := join(context.Background(), child, connection.Forever)
		if err != nil {
			s.log(fmt.Sprintf("join process %v: %v", pid, err))
			return
		}
		s.server.Callback("joined process", func(ctx context.Context) error {
			return s.call(ctx, "joined_process", pid, status)
		})
	}()
	return nil
}
