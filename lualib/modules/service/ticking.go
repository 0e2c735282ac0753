package service

import (
	"context"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// CallRegularly makes a service in this interpreter call a method regularly, in
// turn with its other callbacks, however busy it is. The next call does not start
// before the last one has returned.
func CallRegularly(L *lua.LState, self *lua.LTable, method string, interval time.Duration) error {
	s, err := running(L, self)
	if err != nil {
		return err
	}
	go func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		var busy atomic.Bool
		for range ticker.C {
			if !s.isRunning() {
				return
			}
			if busy.CompareAndSwap(false, true) {
				s.server.Callback(method, func(ctx context.Context) error {
					defer busy.Store(false)
					return s.call(ctx, method)
				})
			}
		}
	}()
	return nil
}

func (s *service) isRunning() (running bool) {
	_ = s.vm.Do(context.Background(), func(L *lua.LState) error {
		running = runningIn(L, s.self) == s
		return nil
	})
	return running
}
