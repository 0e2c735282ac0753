package suite

import (
	"context"
	"errors"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// Held is a test or a hook that has failed and has not been cleaned up yet, or one that has
// called ave.repl. In the second case the problem has no message.
type Held struct {
	VM       *vm.VM
	Stack    *vm.Stack     // of the failure
	Event    harness.Event // the test or the block
	Problem  harness.Problem
	Terminal *os.File // nil for that of this process
}

// Look lets somebody look at a held test until they leave or ctx ends. quit is true if they
// want the run to end.
type Look func(ctx context.Context, held Held) (quit bool)

// errAsked ends the run when somebody who looks at a test asks for that.
var errAsked = &workers.End{Why: "the run was ended at the prompt"}

// IsAsked reports whether the run was ended by somebody who looked at a test.
func IsAsked(err error) bool { return errors.Is(err, errAsked) }

// hold(problem, expected?, goes_on?) holds a test that failed with a problem. It is called
// where the problem was raised. With expected, the test is one that should fail. With
// goes_on, the test continues afterwards.
func hold(c *bind.Call) error {
	problem := c.Arg(1).(*lua.LTable)
	s := of(c.L)
	d := s.deadline.Load()
	if s.opts.Look == nil || d == nil || lua.LVAsBool(c.Arg(2)) && d.hook == "" {
		return nil
	}
	if s.held == nil {
		s.hold(c.L, d, problemOf(problem), vm.StackOf(c.L), lua.LVAsBool(c.Arg(3)))
	}
	return nil
}

// promptHere implements [vm.VM.Prompt].
func (s *session) promptHere(L *lua.LState) error {
	if d := s.deadline.Load(); d != nil {
		s.hold(L, d, harness.Problem{}, vm.StackOf(L), true)
	}
	return nil
}

// standsStill has the limits of time stand still while a prompt is open.
func (s *session) standsStill(prompt func(L *lua.LState) error) func(L *lua.LState) error {
	return func(L *lua.LState) error {
		defer s.opts.Clock.Stop()()
		return prompt(L)
	}
}

// hold holds what runs under a deadline, which is not ended any more unless it goes on. It
// gives up the interpreter's lock. What is held already can be held once more, by code that
// is called at the prompt.
func (s *session) hold(L *lua.LState, d *deadline, p harness.Problem, stack *vm.Stack, goesOn bool) {
	defer stack.Close()
	if s.ending.end() != nil {
		return
	}
	p.Hook = d.hook
	held := Held{VM: vm.Of(L), Stack: stack, Event: s.heldEvent(d), Problem: p}
	if around := s.held; around != nil {
		held.Terminal = around.Terminal
		vm.Unlocked(L, func(ctx context.Context) { _ = s.opts.Look(ctx, held) })
		return
	}
	failed := p.Message
	if !d.fired.CompareAndSwap(nil, &failed) && d.problem.Load() == nil {
		return // it is being ended
	}
	s.held = &held
	defer func() { s.held = nil }()
	defer s.opts.Clock.Stop()()
	vm.Unlocked(L, func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.ending.run, cancel)()
		if s.lookAt(ctx, &held) {
			s.quit()
		}
	})
	if goesOn {
		d.fired.Store(nil) // before the end is looked for: one that comes now ends it
	}
	ended := s.ending.end() != nil
	switch {
	case !goesOn:
		s.interrupted = s.interrupted || ended // its own failure tells enough
	case ended:
		go d.runEnds()
	}
}

// heldEvent is the test or the block to which a deadline belongs.
func (s *session) heldEvent(d *deadline) harness.Event {
	for _, e := range []*harness.Event{d.test, d.block} {
		if e != nil {
			held := *e
			held.File = s.file
			return held
		}
	}
	return harness.Event{File: s.file}
}

// lookAt lets somebody look as soon as the terminal is free.
func (s *session) lookAt(ctx context.Context, held *Held) (quit bool) {
	link := s.opts.Link
	if link == nil {
		if s.opts.Terminal != nil {
			s.opts.Terminal.Lend(0)
			defer s.opts.Terminal.Return()
		}
		return s.opts.Look(ctx, *held)
	}
	answer, err := link.Ask(ctx.Done(), workers.Ask{Verb: workers.Hold})
	if err != nil || !answer.Yours {
		return false
	}
	defer link.Tell(workers.Ask{Verb: workers.Resume})
	if held.Terminal, err = link.Terminal(); err != nil {
		return false
	}
	defer held.Terminal.Close()
	return s.opts.Look(ctx, *held)
}

// quitTime is how long to wait until a parent says that the run ends.
const quitTime = 5 * time.Second

// quit asks for the end of the run, and waits for it.
func (s *session) quit() {
	if s.opts.Link != nil {
		s.opts.Link.Tell(workers.Ask{Verb: workers.Quit})
	} else if s.opts.Quit != nil {
		s.opts.Quit()
	}
	select {
	case <-s.ending.run.Done():
	case <-time.After(quitTime):
	}
}
