package suite

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
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
	current *harness.Event // the test that is running

	recordings []harness.Artifact // of its commands
}

type sessionKey struct{}

func of(L *lua.LState) *session { return vm.Of(L).Attached[sessionKey{}].(*session) }

// load loads the words, and all that goes with them: what is loaded inside an
// insulate block is taken out of package.loaded after it, and would be there
// twice when it is needed again.
func (s *session) load(L *lua.LState) {
	if s.words == nil {
		s.words = bind.Invoke(L, s.require, "ave.test").(*lua.LTable)
		s.runner = bind.Invoke(L, s.require, "ave.test.runner").(*lua.LTable)
		s.each = bind.Invoke(L, s.require, "ave.test.each").(*lua.LTable)
		bind.Invoke(L, s.require, "busted")
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
	return lua.LVAsString(s.call(L, "declared_in"))
}

// send passes on an event, and remembers which test it leaves running.
func (s *session) send(e harness.Event) {
	s.current = nil
	switch e.Kind {
	case harness.TestStarted:
		s.current = &e
	case harness.TestFinished:
		s.keepRecordings(&e)
	}
	s.run.Send(e)
}

// abandoned is the event of a run that err has ended: the test that was running
// fails for it.
func (s *session) abandoned(err error) harness.Event {
	e := broken(harness.Problem{Message: "interrupted: " + err.Error()})
	if s != nil && s.current != nil {
		e.Kind, e.Path, e.Line = harness.TestFinished, s.current.Path, s.current.Line
	}
	return e
}
