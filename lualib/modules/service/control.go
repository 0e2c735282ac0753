// Package service has the modules for services: Control, which serves calls, and
// RemoteControl, which makes them.
package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/systemd"
	"avescript/lualib/bind"
	"avescript/lualib/modules/network"
	"avescript/lualib/modules/process"
	"avescript/lualib/vm"
)

// ControlModule is ave.network.control: services and their clients.
var ControlModule = bind.Module{
	Name: "ave.network.control",
	Classes: []*bind.Class{
		&controlClass, &rpcClass,
		&remoteControlClass, &asyncClass, &futureCallsClass, &futureClass,
	},
}

// controlClass is Control, the base class of services. Its settings are fields of
// the object, which are copied to the service's process; there, run makes a
// *control.Server from them.
var controlClass = bind.Class{
	Name:   "Control",
	Parent: &process.Class,
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
	Meta: map[string]lua.LGFunction{"__tostring": controlToString},
}

func initControl(c *bind.Call) error {
	o := newSettings()
	if err := c.Args(&o); err != nil {
		return err
	}
	if err := refuseTakenNames(c); err != nil {
		return err
	}
	process.SetFields(c.Self, o.Logging, o.ProcName)
	// The values are stored unchanged: the service's process reads them again.
	given := c.Arg(1).(*lua.LTable)
	for k, v := given.Next(lua.LNil); k != lua.LNil; k, v = given.Next(k) {
		if k.String() != "proc_name" && k.String() != "logging" {
			c.Self.RawSet(k, v)
		}
	}
	if o.Systemd && o.Socket.Socket == nil {
		return takeSocket(c)
	}
	return nil
}

// ownCalls are the methods that start and run a service. An RPC of the same name
// would be called in their place.
var ownCalls = []string{"init", "start", "close_fds", "redirect", "initialize", "run"}

func refuseTakenNames(c *bind.Call) error {
	methods := methodsOf(c.Self)
	for _, name := range ownCalls {
		if m := methods[name]; m != nil && m.RPC {
			return exceptions.TypeError.Newf("%s.%s: an RPC cannot have this name, because Control has a method %[2]s",
				bind.NameOf(c.Self), name)
		}
	}
	return nil
}

// controlAddConnection takes over an open connection. It returns the object that
// lost_connection will get.
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

// controlFileno returns the descriptor of the socket that the service listens on:
// of the server if the service runs here, otherwise of the option socket.
func controlFileno(c *bind.Call) error {
	if s := runningIn(c.L, c.Self); s != nil {
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

// controlStart starts the service's process. The socket then belongs to the service
// and is closed here; otherwise clients would wait at the port after the service
// has ended.
func controlStart(c *bind.Call) error {
	start := process.Start
	if c.Self.RawGetString("systemd") == lua.LTrue {
		start = startUnit
	}
	if err := start(c); err != nil {
		return err
	}
	if sock, ok := bind.Part[*connection.Socket](c.Self.RawGetString("socket")); ok {
		c.Self.RawSetString("socket", lua.LNil) // if it is started again, it listens on the port
		return network.CloseSocket(sock)
	}
	return nil
}

// controlInitialize listens, so that clients can connect when start returns.
func controlInitialize(c *bind.Call) error {
	if err := process.CheckInitialized(c); err != nil {
		return err
	}
	settings, err := settingsOf(c.L, c.Self)
	if err != nil {
		return err
	}
	options, err := serviceOptions(c, &settings)
	if err != nil {
		return err
	}
	s := &service{vm: vm.Of(c.L), self: c.Self, methods: methodsOf(c.Self), log: process.Logger(vm.Of(c.L), c.Self)}
	if settings.Systemd {
		s.manager = systemd.Take()
	}
	options.Log, options.Report = s.log, process.Reporter(vm.Of(c.L), c.Self)
	options.Callbacks = s.callbacks(c.L)
	if s.findsResources(c.L) {
		options.Resource = s.resource
	}
	if settings.Describe {
		options.Describe = s.describe(c.L)
	}
	options.Callbacks.Prepare, options.Callbacks.Serialize = s.prepare, s.serialize
	options.Callbacks.Successor, options.Callbacks.HandedOver = s.maySucceed, s.nameSuccessor
	if settings.Takeover {
		if options.Takeover, err = takeOver(c, &settings, &options); err != nil {
			return err
		}
	}
	if s.server, err = control.NewServer(s, options); err != nil {
		return err
	}
	s.begins(c.L)
	c.Self.RawSetString("port", lua.LNumber(s.server.Address().Port)) // the system may have chosen it
	s.vm.Resumed = ShowConnection
	if options.Takeover != nil {
		return s.completeTakeover(c, options.Takeover)
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
	if runningIn(c.L, c.Self) == nil { // the class implements initialize and does not call this one
		if err := controlInitialize(c); err != nil {
			return err
		}
	}
	s := runningIn(c.L, c.Self)
	defer s.ends(c.L)
	if err := s.tellReady(); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(ctx context.Context) {
		alive, end := context.WithCancel(ctx)
		defer end()
		go s.tellAlive(alive)
		err = s.server.Serve(ctx)
		if s.unwatch != nil {
			s.unwatch()
		}
	})
	return err
}

func runningServer(c *bind.Call) (*control.Server, error) { return ServerOf(c.L, c.Self) }

// PortOf returns what a process reports when it is ready: the port of its service,
// or nothing. It takes the lock.
func PortOf(v *vm.VM, self *lua.LTable) (text []byte) {
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		if s := runningIn(L, self); s != nil {
			text = strconv.AppendInt(nil, int64(s.server.Address().Port), 10)
		}
		return nil
	})
	return text
}

// End shuts down the service of an object, if it is running in v and exit is an
// Exit. It takes the lock.
func End(v *vm.VM, self *lua.LTable, exit *exceptions.Error) bool {
	var s *service
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		s = runningIn(L, self)
		return nil
	})
	if s == nil || !exit.Class.IsA(exceptions.Exit) || exit.Foreign {
		return false
	}
	exit.Trace = nil
	s.server.Shutdown(exit)
	return true
}

// controlShutdown is shutdown(details?): a text, a table of details, or an error
// object, which is sent as it is.
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

// controlJoinLater waits for a process while the service continues. Then
// joined_process is called with its pid and exit status, in turn with other calls.
func controlJoinLater(c *bind.Call) error {
	var proc *lua.LTable
	if err := c.Args(&proc); err != nil {
		return err
	}
	if bind.NameOf(proc) == "" {
		return exceptions.TypeError.Newf("Control:join_later: argument 'proc': %w", bind.Mismatch("a Process that was started", proc))
	}
	s, err := running(c.L, c.Self)
	if err != nil {
		return err
	}
	child, err := process.ChildOf(proc)
	if err != nil {
		return exceptions.TypeError.Newf("Control:join_later: argument 'proc': %w", err)
	}
	pid := proc.RawGetString("pid")
	go func() {
		status, err := process.Join(context.Background(), child, connection.Forever)
		if err != nil {
			s.log(fmt.Sprintf("join process %v: %v", pid, err))
			return
		}
		s.server.Callback("joined_process", func(ctx context.Context) error {
			return s.call(ctx, "joined_process", pid, status)
		})
	}()
	return nil
}

func controlToString(L *lua.LState) int {
	self := L.CheckTable(1)
	parts := process.State(self)
	if runningIn(L, self) != nil {
		parts = []string{fmt.Sprintf("process %d", os.Getpid()), "this one"}
	}
	if port, ok := self.RawGetString("port").(lua.LNumber); ok && port > 0 {
		parts = append([]string{fmt.Sprintf("port %v", port)}, parts...)
	}
	return bind.Show(L, parts...)
}
