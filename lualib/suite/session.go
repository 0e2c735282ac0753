package suite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// session is the state of the tests of one interpreter. It is used under the
// interpreter's lock.
type session struct {
	require *lua.LFunction        // the original require
	assert  *lua.LFunction        // the assert that can be indexed
	globals map[lua.LValue]string // the words, by what they are as global variables
	used    bool                  // whether any of the modules was loaded

	words      *lua.LTable // the module ave.test; nil until it is used
	runner     *lua.LTable // the module ave.test.runner, likewise
	each       *lua.LTable // the module ave.test.each, likewise
	assertions *lua.LTable // what follows "assert.", likewise

	to      harness.Reporter // where events go
	file    string           // the test file
	opts    Options
	current atomic.Pointer[harness.Event] // the running test
	block   atomic.Pointer[harness.Event] // the running block

	ending      ending
	deadline    atomic.Pointer[deadline] // of the running code
	tasks       context.Context          // ends if tasks prevent the tests from ending
	endTasks    context.CancelCauseFunc
	held        *Held // while somebody looks at the test
	interrupted bool  // the end of the run has ended something, and that was reported

	sending sync.Mutex
	lost    bool // nobody waits for the tests any more: their events are dropped

	views     []func() map[string]string // see ShowAtDeadline
	remains   remains
	artifacts []harness.Artifact // for the next event

	recordings []*recording // of its commands
}

// Install fills in the sessions.
var sessions = vm.Keep(func(*lua.LState) *session { return &session{} })

func of(L *lua.LState) *session { return sessions.Of(L) }

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

// declaredIn returns the file in which tests were declared, or "".
func (s *session) declaredIn(L *lua.LState) string {
	if !s.used {
		return ""
	}
	declaring := bind.Invoke(L, s.require, "ave.test.declaring").(*lua.LTable)
	return lua.LVAsString(bind.Invoke(L, declaring.RawGetString("file")))
}

// begin starts the session of a file.
func (s *session) begin(ctx context.Context, to harness.Reporter, file string, opts Options) {
	s.to, s.file, s.opts, s.lost = to, file, opts, false
	s.opts.Clock = s.clock()
	s.tasks, s.endTasks = context.WithCancelCause(context.Background())
	s.ending, s.interrupted = newEnding(ctx, opts.TeardownTimeout), false
	if opts.Watcher != nil {
		s.remains = remains{
			watcher: opts.Watcher,
			made:    map[leftovers.Identity]harness.Frame{},
			parts:   map[leftovers.Identity]bool{},
		}
	}
}

// clock is the clock of the time limits.
func (s *session) clock() *harness.Clock {
	if s.opts.Clock == nil {
		s.opts.Clock = new(harness.Clock)
	}
	return s.opts.Clock
}

// Tasks implements [vm.TestRun].
func (s *session) Tasks() context.Context {
	if s.tasks != nil {
		return s.tasks
	}
	return context.Background()
}

// stopTasks ends the existing tasks. Later tests may start others.
func (s *session) stopTasks(why error) {
	end := s.endTasks
	s.tasks, s.endTasks = context.WithCancelCause(context.Background())
	end(why)
}

// running returns the running test, or nil. Any goroutine may call it.
func (s *session) running() *harness.Event { return s.current.Load() }

// send passes on an event, adds what was found since the last event of something
// that ended, and records which test is running.
func (s *session) send(e harness.Event) {
	e = e.AsText()
	e.File = s.file
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.lost {
		return
	}
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
	if end := s.ending.end(); end != nil && end.Quiet && !e.Uncleaned {
		return // what was running does not count
	}
	s.to.Report(e)
}

// abandon reports the end of tests that have not ended: the running test fails.
// Later events are dropped.
func (s *session) abandon(message string) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.lost = true
	e := broken(s.file, harness.Problem{Message: message})
	if current := s.running(); current != nil {
		e = current.Broken(message)
	}
	s.to.Report(e)
}

// isRaised reports whether Lua code raised the error; otherwise its context has
// ended.
func isRaised(err error) bool {
	_, raised := errors.AsType[*vm.Error](err)
	return raised
}
