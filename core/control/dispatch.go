package control

import (
	"context"
	"errors"
	"sync"
)

// dispatch is held while a call or a callback is served in its turn.
type dispatch struct{ sync.Mutex }

// isBusy reports whether a call or a callback has its turn.
func (d *dispatch) isBusy() bool {
	if !d.TryLock() {
		return true
	}
	d.Unlock()
	return false
}

// serveCall serves a call that has passed all checks.
func (s *Server) serveCall(c *Conn, call *Call, method *Method) (result []byte, err error) {
	s.activity.underWay.Add(1)
	defer func() {
		s.activity.touch()
		s.activity.underWay.Add(-1)
	}()
	done, err := s.room.hold(c, call, method)
	if err != nil {
		return nil, err
	}
	defer done()
	if !s.methods.isOwn(call.Method) {
		s.ongoing.add(c, call)
		defer func() { err = call.ongoing.finish(err) }()
	}
	if !method.Concurrent {
		s.dispatch.Lock()
		defer func() {
			if !method.Concurrent {
				s.dispatch.Unlock()
			}
		}()
	}
	defer s.activity.touch() // with the dispatch lock, so that idle is not called in between
	switch {
	case method.Concurrent:
	case s.ending.begun():
		return nil, errClosing
	case s.gate.frozen.Load():
		return nil, errFrozen // it has not begun
	}
	if s.hasResource(call) {
		if *method, err = s.resolve(c, call); err != nil {
			return nil, err
		}
		if method.Concurrent {
			s.dispatch.Unlock()
		}
	}
	ctx := s.ctx
	if !method.Resumable {
		call.conn = c
	} else {
		var done func()
		if ctx, done, err = s.gate.resumableContext(s.ctx, c); err != nil {
			return nil, err
		}
		defer done()
	}
	call.Target = method.Target
	if err := call.ongoing.begin(); err != nil {
		return nil, err
	}
	err = guard(func() (err error) {
		result, err = s.methods.call(ctx, c, call)
		return err
	})
	if err != nil && errors.Is(context.Cause(ctx), errFrozen) {
		return nil, errFrozen
	}
	if isFault(err) {
		s.journal.callError(call.Method, err)
	}
	if err != nil && isExit(err) {
		// With the dispatch lock, so that no other call comes in between.
		s.Shutdown(withoutTrace(err))
	}
	return result, err
}

// callback runs one of the callbacks in its turn.
func (s *Server) callback(name string, f func() error) {
	s.dispatch.Lock()
	defer s.dispatch.Unlock()
	switch err := guard(f); {
	case err == nil:
	case isExit(err):
		s.Shutdown(withoutTrace(err))
	default:
		s.journal.callbackError(name, err)
	}
}
