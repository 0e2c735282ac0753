package lualib

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// takeoverTimeout is how long a takeover may take unless the service says.
const takeoverTimeout = 10 * time.Second

const (
	// entrustTime is how long a process of a service may take to rely on its
	// lifeline, while the service goes on.
	entrustTime = 5 * time.Second

	// entrustAgain is how long it may take when the service stands still. Only
	// one that was started in between has not done it yet.
	entrustAgain = time.Second
)

// legacy is what a service leaves to the one that takes it over: what its class
// gives by serialize, and its processes, whose lifelines are the descriptors.
type legacy struct {
	State     json.RawMessage `json:"state"`
	Processes []kinsman       `json:"processes"`
}

// prepare spares the clients the wait for the service's processes.
func (s *service) prepare(ctx context.Context) error {
	var family *kin
	if err := s.vm.Do(ctx, func(L *lua.LState) error { family = kinOf(L); return nil }); err != nil {
		return err
	}
	_, err := family.entrust(ctx, entrustTime)
	return asNotEntrusted(err)
}

func asNotEntrusted(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a process of the service cannot be handed over: %w", err)
}

// serialize is called when nothing else happens in the service any more.
func (s *service) serialize(ctx context.Context) (control.Legacy, error) {
	var l legacy
	var family *kin
	err := s.vm.Do(ctx, func(L *lua.LState) (err error) {
		family = kinOf(L)
		if L.GetField(s.self, "serialize") == lua.LNil {
			return nil
		}
		l.State, err = codec.For(L).Append(L, nil, bind.Method(L, s.self, "serialize"))
		return err
	})
	if err != nil {
		return control.Legacy{}, s.asException(err, "serialize")
	}
	relatives, err := family.entrust(ctx, entrustAgain)
	if err != nil {
		return control.Legacy{}, asNotEntrusted(err)
	}
	left := control.Legacy{}
	for _, relative := range relatives {
		switch file, err := duplicate(relative.lifeline); {
		case err == nil:
			l.Processes, left.Files = append(l.Processes, relative), append(left.Files, file)
		case relative.process.Alive():
			return left, err
		}
	}
	left.State, err = json.Marshal(l)
	return left, err
}

// duplicate gives a file that stays open when the process ends meanwhile.
func duplicate(lifeline *os.File) (file *os.File, err error) {
	raw, err := lifeline.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := raw.Control(func(fd uintptr) {
		var dup int
		if dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			file = os.NewFile(uintptr(dup), lifeline.Name())
		}
	})
	return file, errors.Join(failed, err)
}

// takeOver gets the estate of the service that runs at the port.
func takeOver(c *bind.Call, s *settings, options *control.Options) (estate *control.Estate, err error) {
	if options.TLS != nil {
		return nil, exceptions.Exception.Newf("take over the service on port %d: a service with TLS can neither be handed over nor take over another one", s.Port)
	}
	asks := control.ClientOptions{
		Address: connection.Address{Port: options.Address.Port}, Authkey: options.Authkey, RefuseMD5: options.RefuseMD5,
	}
	if key := options.AltKeys[control.AdminAccount]; key != nil {
		asks.Authkey = *key
	}
	c.Unlocked(func(ctx context.Context) {
		estate, err = control.TakeOver(ctx, asks, s.TakeoverTimeout.Or(takeoverTimeout))
	})
	var known *exceptions.Error
	if errors.As(err, &known) {
		return nil, known.Class.Newf("take over the service on port %d: %w", s.Port, err)
	}
	return estate, err
}

// succeed has the class adopt what the service has left, and then has it let go.
func (s *service) succeed(c *bind.Call, estate *control.Estate) error {
	succeeded := false
	defer func() { // also when adopt raises
		if !succeeded {
			s.server.Renounce()
			estate.Close()
			delete(s.vm.Attached, serviceKey{s.self})
		}
	}()
	err := s.adopt(c.L, estate)
	if err == nil {
		c.Unlocked(func(ctx context.Context) { err = s.server.Succeed(ctx) })
	}
	succeeded = err == nil
	return err
}

// adopt gives the class what was left: its state, the processes by their
// numbers and the clients by their ids.
func (s *service) adopt(L *lua.LState, estate *control.Estate) error {
	var left legacy
	if err := json.Unmarshal(estate.State, &left); err != nil {
		return fmt.Errorf("the state of the service: %w", err)
	}
	if len(left.Processes) != len(estate.Files) {
		return fmt.Errorf("wanted %d lifelines of processes, got %d", len(left.Processes), len(estate.Files))
	}
	processes := L.NewTable()
	for i, relative := range left.Processes {
		object, err := adoptProcess(L, relative, estate.Files[i])
		if err != nil {
			return err
		}
		if object != nil {
			processes.RawSetInt(relative.Pid, object)
		}
	}
	if L.GetField(s.self, "adopt") == lua.LNil {
		return nil
	}
	clients := L.NewTable()
	for _, conn := range s.server.Connections() {
		clients.RawSetInt(int(conn.ID()), connectionValue(L, conn))
	}
	state := lua.LNil
	if left.State != nil {
		var err error
		if state, err = codec.For(L).Decode(left.State); err != nil {
			return err
		}
	}
	bind.Method(L, s.self, "adopt", state, processes, clients)
	return nil
}

// adoptProcess makes an object of a process that another service has started.
// It is nil if the process has ended.
func adoptProcess(L *lua.LState, relative kinsman, lifeline *os.File) (*lua.LTable, error) {
	found, err := process.FindDaemon(relative.Pid)
	if errors.Is(err, unix.ESRCH) {
		return nil, lifeline.Close()
	}
	if err != nil {
		return nil, err
	}
	relative.process, relative.lifeline = adopted{found}, lifeline
	kinOf(L).add(relative)
	object := bind.New(L, &processClass, relative.process)
	object.RawSetString("pid", lua.LNumber(relative.Pid))
	object.RawSetString("adopted", lua.LTrue)
	setProcessFields(object, false, relative.Name)
	return object, nil
}
