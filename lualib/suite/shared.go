package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// Shares are the shared values of a run without workers, by name; or why one could
// not be made.
type Shares map[string]workers.Answer

// shared returns the value of a name. fn makes it, once per run, in the first
// worker that asks.
func shared(c *bind.Call) error {
	var name string
	var fn *lua.LFunction
	if err := c.Args(&name, &fn); err != nil {
		return err
	}
	s := of(c.L)
	answer, err := s.ask(c, workers.Ask{Verb: workers.Shared, Name: name})
	if err != nil {
		return err
	}
	if !answer.Yours {
		if answer.Failed != "" {
			return fmt.Errorf("cannot make shared %q: %s", name, answer.Failed)
		}
		return returnJSON(c, answer.Value)
	}
	text, err := s.makeShared(c.L, fn)
	made := workers.Ask{Verb: workers.Made, Name: name, Value: text}
	if err != nil {
		made.Failed = err.Error()
	}
	s.tell(made)
	if err != nil {
		var raised *vm.Error
		if errors.As(err, &raised) {
			vm.Raise(c.L, raised.Value)
		}
		return err
	}
	return returnJSON(c, text)
}

// makeShared calls fn. What it leaves running is not a leftover of the test: it
// exists for the whole run.
func (s *session) makeShared(L *lua.LState, fn *lua.LFunction) (text json.RawMessage, err error) {
	err = vm.Within(L, vm.Context(L), func(L *lua.LState) (err error) {
		text, err = codec.For(L).Append(L, nil, bind.Invoke(L, fn))
		return err
	})
	if s.remains.watcher != nil {
		s.remains.forgive()
	}
	return text, err
}

func returnJSON(c *bind.Call, text json.RawMessage) error {
	value, err := codec.For(c.L).Decode(text)
	if err != nil {
		return err
	}
	return c.Return(value)
}

// ask asks the parent; without a parent, the Shares.
func (s *session) ask(c *bind.Call, a workers.Ask) (answer workers.Answer, err error) {
	if s.opts.Link == nil {
		known, there := s.opts.Shares[a.Name]
		if a.Verb == workers.Shared && there {
			return known, nil
		}
		return workers.Answer{Yours: true}, nil
	}
	c.Unlocked(func(ctx context.Context) { answer, err = s.opts.Link.Ask(ctx.Done(), a) })
	return answer, err
}

func (s *session) tell(a workers.Ask) {
	switch {
	case s.opts.Link != nil:
		s.opts.Link.Tell(a)
	case a.Verb == workers.Made && s.opts.Shares != nil:
		s.opts.Shares[a.Name] = workers.Answer{Value: a.Value, Failed: a.Failed}
	}
}

// acquire waits until no other worker has reserved the name.
func acquire(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	answer, err := of(c.L).ask(c, workers.Ask{Verb: workers.Lock, Name: name})
	if err == nil && answer.Failed != "" {
		err = fmt.Errorf("exclusive %q: %s", name, answer.Failed)
	}
	return err
}

func release(c *bind.Call) error {
	var name string
	if err := c.Args(&name); err != nil {
		return err
	}
	of(c.L).tell(workers.Ask{Verb: workers.Unlock, Name: name})
	return nil
}

// workspace makes a directory for the running test. It is not inside the directory
// whose temporary files are watched, because it may be kept.
func workspace(c *bind.Call) error {
	s := of(c.L)
	dir, err := os.MkdirTemp(s.opts.Workspaces, "workspace-")
	if err != nil {
		return err
	}
	if s.opts.Link != nil {
		s.opts.Link.Keep(workspaceAt(dir))
	}
	return c.Return(dir)
}

// settle removes a workspace, or keeps it so that the report names it.
func settle(c *bind.Call) error {
	var dir string
	var keep bool
	if err := c.Args(&dir, &keep); err != nil {
		return err
	}
	if !keep {
		return os.RemoveAll(dir)
	}
	s := of(c.L)
	s.artifacts = append(s.artifacts, workspaceAt(dir))
	return nil
}

func workspaceAt(dir string) harness.Artifact {
	return harness.Artifact{Kind: "workspace", Name: "workspace", Path: dir}
}
