package service

import (
	"context"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/systemd"
	"avescript/lualib/bind"
	"avescript/lualib/modules/network"
	"avescript/lualib/modules/process"
)

// A service with the option systemd is the main process of a unit: first the script
// that makes it, then the process that the script starts, then the process that
// takes it over. Each tells systemd the next one. So NotifyAccess=main is enough,
// and programs that clients run cannot send notifications for the service.

// takeSocket makes a service listen on the socket that systemd has opened for it.
func takeSocket(c *bind.Call) error {
	fd, ok, err := systemd.TakeSocket()
	if err != nil || !ok {
		return err
	}
	socket, err := network.SocketOf(c.L, fd)
	if err != nil {
		return err
	}
	c.Self.RawSetString("socket", socket)
	return nil
}

// startUnit starts the service's process, and tells systemd its pid.
func startUnit(c *bind.Call) error {
	var options struct {
		Daemonize   bool `lua:"daemonize"`
		Synchronize bool `lua:"synchronize"`
	}
	if err := c.Args(&options); err != nil {
		return err
	}
	if !options.Synchronize {
		return exceptions.TypeError.Newf("%s:start: the option systemd needs start{ synchronize = true }", bind.NameOf(c.Self))
	}
	if err := process.Start(c); err != nil {
		return err
	}
	if manager := systemd.Take(); manager != nil {
		return manager.Ready(int(lua.LVAsNumber(c.Self.RawGetString("pid"))))
	}
	return nil
}

// maySucceed returns an error if the process with this pid cannot take the service
// over.
func (s *service) maySucceed(pid int) error {
	if s.manager == nil {
		return nil
	}
	return systemd.CheckUnit(pid)
}

// nameSuccessor tells systemd the pid of the process that has taken the service
// over.
func (s *service) nameSuccessor(pid int) {
	if s.manager == nil {
		return
	}
	if err := s.manager.HandedOver(pid); err != nil {
		s.log(err.Error())
	}
}

// tellReady tells systemd that the service is ready, unless the process that
// started the service does that.
func (s *service) tellReady() error {
	if s.manager == nil || s.self.RawGetString("pid") != lua.LNil {
		return nil
	}
	return s.manager.Ready(os.Getpid())
}

// tellAlive tells systemd that the service is alive, as long as Lua code can run in
// it, until ctx ends. The first interval counts from the start or the takeover.
func (s *service) tellAlive(ctx context.Context) {
	if s.manager == nil || s.manager.Watchdog == 0 {
		return
	}
	ticker := time.NewTicker(s.manager.Watchdog / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if s.vm.Do(ctx, func(*lua.LState) error { return nil }) != nil {
			return
		}
		if err := s.manager.Alive(); err != nil {
			s.log(err.Error())
		}
	}
}
