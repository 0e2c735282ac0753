package service

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
	"avescript/core/systemd"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/modules/process"
)

// takeoverTimeout is the default of the option takeover_timeout.
const takeoverTimeout = 10 * time.Second

const (
	// entrustTime is how long a process of a service may take to rely on its
	// lifeline, while the service still serves.
	entrustTime = 5 * time.Second

	// entrustAgain is the same limit while the service stands still. Only processes
	// that were started in between need it.
	entrustAgain = time.Second
)

// handedOver is what a service hands to the one that takes it over: the result of
// serialize, its processes, whose lifelines are the descriptors, and its systemd
// unit.
type handedOver struct {
	State     json.RawMessage         `json:"state"`
	Processes []process.LivingProcess `json:"processes"`
	Manager   *systemd.Manager        `json:"manager,omitempty"`
}

// prepare makes the service's processes ready for the takeover while clients are
// still served.
func (s *service) prepare(ctx context.Context) error {
	var started *process.Living
	if err := s.vm.Do(ctx, func(L *lua.LState) error { started = process.LivingOf(L); return nil }); err != nil {
		return err
	}
	_, err := started.Entrust(ctx, entrustTime)
	return asNotEntrusted(err)
}

func asNotEntrusted(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a process of the service cannot be handed over: %w", err)
}

// serialize is called when nothing else runs in the service any more.
func (s *service) serialize(ctx context.Context) (control.Serialized, error) {
	l := handedOver{Manager: s.manager}
	var started *process.Living
	err := s.vm.Do(ctx, func(L *lua.LState) (err error) {
		started = process.LivingOf(L)
		if L.GetField(s.self, "serialize") == lua.LNil {
			return nil
		}
		l.State, err = codec.For(L).Append(L, nil, bind.Method(L, s.self, "serialize"))
		return err
	})
	if err != nil {
		return control.Serialized{}, s.asException(err, "serialize")
	}
	living, err := started.Entrust(ctx, entrustAgain)
	if err != nil {
		return control.Serialized{}, asNotEntrusted(err)
	}
	left := control.Serialized{}
	for _, p := range living {
		switch file, err := duplicate(p.Lifeline); {
		case err == nil:
			l.Processes, left.Files = append(l.Processes, p), append(left.Files, file)
		case p.Alive():
			return left, err
		}
	}
	left.State, err = json.Marshal(l)
	return left, err
}

// duplicate returns a file that stays open even if the process ends in the
// meantime.
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

// takeOver starts the takeover of the service that listens on the port.
func takeOver(c *bind.Call, s *settings, options *control.Options) (takeover *control.Takeover, err error) {
	if options.TLS != nil {
		return nil, exceptions.Exception.Newf("take over the service on port %d: a service with TLS cannot take over another service or be taken over", s.Port)
	}
	asks := control.ClientOptions{
		Address: connection.Address{Host: s.Listen.host(), Port: options.Address.Port}, Authkey: options.Authkey, RefuseMD5: options.RefuseMD5,
	}
	if key := options.AltKeys[control.AdminAccount]; key != nil {
		asks.Authkey = *key
	}
	c.Unlocked(func(ctx context.Context) {
		takeover, err = control.TakeOver(ctx, asks, s.TakeoverTimeout.Or(takeoverTimeout))
		if errors.Is(err, exceptions.ConnectionRefused) && asks.Address.Host != "" { // the other service may listen on another address
			asks.Address.Host = ""
			takeover, err = control.TakeOver(ctx, asks, s.TakeoverTimeout.Or(takeoverTimeout))
		}
	})
	var known *exceptions.Error
	if errors.As(err, &known) {
		return nil, known.Class.Newf("take over the service on port %d: %w", s.Port, err)
	}
	return takeover, err
}

// completeTakeover lets the class adopt what was handed over, and then makes the
// other service let go.
func (s *service) completeTakeover(c *bind.Call, takeover *control.Takeover) error {
	completed := false
	defer func() { // even if adopt raises an error
		if !completed {
			s.server.AbandonTakeover()
			takeover.Close()
			s.ends(c.L)
		}
	}()
	err := s.adopt(c.L, takeover)
	if err == nil {
		c.Unlocked(func(ctx context.Context) { err = s.server.CompleteTakeover(ctx) })
	}
	completed = err == nil
	return err
}

// adopt passes to the class what was handed over: the state, the processes by pid
// and the clients by id.
func (s *service) adopt(L *lua.LState, takeover *control.Takeover) error {
	var left handedOver
	if err := json.Unmarshal(takeover.State, &left); err != nil {
		return fmt.Errorf("the state of the service: %w", err)
	}
	if len(left.Processes) != len(takeover.Files) {
		return fmt.Errorf("handover refused: wanted the lifelines of %d processes, got %d", len(left.Processes), len(takeover.Files))
	}
	if left.Manager != nil {
		s.manager = left.Manager
	}
	processes := L.NewTable()
	for i, p := range left.Processes {
		object, err := process.Adopt(L, p, takeover.Files[i])
		if err != nil {
			return err
		}
		if object != nil {
			processes.RawSetInt(p.Pid, object)
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
