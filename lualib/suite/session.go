package suite

import (
	"errors"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// session is what one interpreter knows of its tests. It is used under the
// interpreter's lock.
type session struct {
	require *lua.LFunction        // as it was before any script ran
	assert  *lua.LFunction        // the one that can be indexed
	globals map[lua.LValue]string // the words, by the functions that stand for them
	used    bool                  // whether any of the modules was loaded

	words      *lua.LTable // the module ave.test, nil until it is used
	runner     *lua.LTable // the module ave.test.runner, likewise
	each       *lua.LTable // the module ave.test.each, likewise
	assertions *lua.LTable // what follows "assert.", likewise

	run     *harness.Run // where events go
	file    string       // the test file
	opts    Options
	current atomic.Pointer[harness.Event] // the test that is running
	block   atomic.Pointer[harness.Event] // the block that is running

	views     []func() map[string]string // see ShowAtDeadline
	remains   remains
	artifacts []harness.Artifact // for the next event

	recordings []harness.Artifact // of its commands
}

type sessionKey struct{}

func of(L *lua.LState) *session { return vm.Of(L).Attached[sessionKey{}].(*session) }

// load loads the words.
func (s *session) load(L *lua.LState) {
	if s.words == nil {
		s.words = bind.Invoke(L, s.require, "ave.test").(*lua.LTable)
		s.runner = bind.Invoke(L, s.require, "ave.test.runner").(*lua.LTable)
		s.each = bind.Invoke(L, s.require, "ave.test.each").(*lua.LTable)
	}
}

// call calls a function of the runner.
func (s *session) call(L *lua.LState, name string, args ...any) lua.LValue {
	s.load(L)
	return bind.Invoke(L, s.runner.RawGetString(name), args...)
}

// declaredIn is the file in which tests have been declared, or "".
func (s *session) declaredIn(L *lua.LState) string {
	if !s.used {
		return ""
	}
	declaring := bind.Invoke(L, s.require, "ave.test.declaring").(*lua.LTable)
	return lua.LVAsString(bind.Invoke(L, declaring.RawGetString("file")))
}

// begin makes the session that of a file.
func (s *session) begin(v *vm.VM, run *harness.Run, file string, opts Options) {
	s.run, s.file, s.opts = run, file, opts
	if opts.Watcher != nil {
		s.remains = remains{
			watcher: opts.Watcher,
			made:    map[leftovers.Identity]harness.Frame{},
			parts:   map[leftovers.Identity]bool{},
		}
		v.OnMade = s.remains.noteMade
	}
}

// running is the test that is running, or nil. Any goroutine may ask.
func (s *session) running() *harness.Event { return s.current.Load() }

// send passes on an event, with what was found since the last one that tells how
// something ended, and remembers which test it leaves running.
func (s *session) send(e harness.Event) {
	s.current.Store(nil)
	switch e.Kind {
	case harness.TestStarted:
		s.current.Store(&e)
	case harness.TestFinished, harness.BlockFailed:
		e.Leaks, s.remains.leaks = s.remains.leaks, nil
		e.Artifacts, s.artifacts = s.artifacts, nil
		if e.Kind == harness.TestFinished {
			s.keepRecordings(&e)
		}
	}
	s.run.Send(e)
}

// abandoned is the event of a run that err has ended: the test that was running
// fails for it.
func (s *session) abandoned(err error) harness.Event {
	message := err.Error()
	if !isRaised(err) && message != "interrupted" { // which is a Ctrl-C's
		message = "interrupted: " + message
	}
	if s != nil {
		if current := s.running(); current != nil {
			return current.Broken(message)
		}
	}
	return broken(harness.Problem{Message: message})
}

// isRaised tells an error that Lua code has raised from the end of its context.
func isRaised(err error) bool {
	_, raised := errors.AsType[*vm.Error](err)
	return raised
}
