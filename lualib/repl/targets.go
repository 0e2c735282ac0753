package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/config"
	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/probe"
	"avescript/core/suggest"
	"avescript/lualib/bind"
	"avescript/lualib/modules/service"
	"avescript/lualib/script"
)

// serviceVariable is the global variable that calls the target.
const serviceVariable = "service"

// Service is the address of a target, and the account that calls it.
type Service struct {
	Address string // [HOST:]PORT
	Account string // whose key is taken from authkeys.json; "" for the key of Config.Client
}

// target is the service that the prompt calls. Its connection notices at once when it is
// lost.
type target struct {
	client   *control.Client
	remote   *lua.LTable // the RemoteControl
	settings control.ClientOptions
	from     Service // how it was asked for
	told     atomic.Uint64
}

// runConnect makes another service the target.
func (r *repl) runConnect(ctx context.Context, args string) (string, error) {
	words := strings.Fields(args)
	if len(words) < 1 || len(words) > 2 {
		return "", fmt.Errorf(":connect takes [HOST:]PORT and, if it needs a key, an ACCOUNT: got %d arguments", len(words))
	}
	to := Service{Address: words[0]}
	if len(words) == 2 {
		to.Account = words[1]
	}
	return r.connect(ctx, to, false)
}

// runDisconnect leaves the target.
func (r *repl) runDisconnect(ctx context.Context, args string) (string, error) {
	if args != "" {
		return "", fmt.Errorf(":disconnect takes no arguments: got %q", args)
	}
	t := r.target.Load()
	if t == nil {
		return "", errNoTarget
	}
	return "", r.setTarget(ctx, nil)
}

var errNoTarget = errors.New("there is no target: choose one with :connect [HOST:]PORT")

// connect makes a service the target. If the service cannot be reached, nothing changes;
// or, if it must become the target anyway, the next call tries again.
func (r *repl) connect(ctx context.Context, to Service, anyway bool) (shown string, err error) {
	t, err := r.newTarget(to)
	if err != nil {
		return "", err
	}
	err = t.connect(ctx)
	if err != nil && (!anyway || isAboutKey(err)) {
		t.client.Close()
		return "", err
	}
	if setErr := r.setTarget(ctx, t); setErr != nil {
		t.client.Close()
		return "", setErr
	}
	if err != nil {
		return "", fmt.Errorf("%w; the next call of '%s' tries again", err, serviceVariable)
	}
	return fmt.Sprintf("connected to %s; call it with %s:METHOD(...)", t.client.Address().Peer(), serviceVariable), nil
}

func (r *repl) newTarget(to Service) (*target, error) {
	address, err := probe.ParseAddress(to.Address)
	if err != nil {
		return nil, err
	}
	options := r.Client
	options.Address = address
	if to.Account != "" {
		if options.Authkey, err = accountKey(to.Account); err != nil {
			return nil, err
		}
	}
	if options.Timeout == 0 {
		options.Timeout = connectTime
	}
	t := &target{settings: options, from: to}
	options.Keep, options.Reconnect = true, true
	options.Changed = func() { r.targetChanged(t) }
	t.client = control.NewClient(options)
	return t, nil
}

// connectTime is the default of how long connecting may take.
const connectTime = 10 * time.Second

// accountKey looks a key up in the user's authkeys.json.
func accountKey(account string) (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	keys, err := config.LoadAuthkeys(home)
	if err != nil {
		return "", fmt.Errorf("the key of account %q: %w; or give the key in the environment variable AVE_AUTHKEY", account, err)
	}
	key, known := keys[account]
	if !known {
		return "", fmt.Errorf("%s has no account %q%s", config.Path(home, "authkeys"), account, suggest.Hint(account, accounts(keys)))
	}
	if key == nil {
		return "", nil // the account is open
	}
	return *key, nil
}

func accounts(keys map[string]*string) (names []string) {
	for name := range keys {
		names = append(names, name)
	}
	return names
}

// connect connects, and finds out whether the service accepts a client whose key it does not
// know.
func (t *target) connect(ctx context.Context) error {
	err := t.client.Connect(ctx)
	if err == nil && t.client.IsUnknown() {
		_, err = t.client.Call(ctx, control.DescribeMethod, nil, nil, t.settings.Timeout)
		if !errors.Is(err, exceptions.ConnectionClosed) {
			err = nil // it has answered, or takes long to
		}
	}
	return t.explained(err)
}

// keyError means that the service wants a key, or another key.
type keyError struct{ error }

func (e keyError) Unwrap() error { return e.error }

func isAboutKey(err error) bool {
	var e keyError
	return errors.As(err, &e)
}

// explained adds to an error about the key what to do.
func (t *target) explained(err error) error {
	at := t.client.Address().Peer()
	const advice = "set AVE_AUTHKEY to its key, or choose an account of authkeys.json: --account NAME, or :connect [HOST:]PORT NAME"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exceptions.ConnectionClosed) && t.client.IsUnknown():
		return keyError{fmt.Errorf("the service at %s requires a key: %s", at, advice)}
	case errors.Is(err, exceptions.AuthError) && t.settings.Authkey != "" && strings.Contains(err.Error(), "does not accept the key"):
		from := "AVE_AUTHKEY"
		if t.from.Account != "" {
			from = fmt.Sprintf("account %q in authkeys.json", t.from.Account)
		}
		return keyError{fmt.Errorf("the service at %s does not accept the key of %s: %s", at, from, advice)}
	}
	return err
}

// setTarget replaces the target, whose connection is closed, and the variable. With nil
// there is none any more, and the variable is what it was before: code that was called at a
// prompt with a target may open another one.
func (r *repl) setTarget(ctx context.Context, t *target) error {
	err := r.do(ctx, func(L *lua.LState) error {
		globals := r.v.Globals()
		before := r.target.Load()
		if before == nil {
			r.shadowed = globals.RawGetString(serviceVariable)
		}
		if t != nil {
			limit := connection.Forever
			if r.CallTimeout > 0 {
				limit = r.CallTimeout
			}
			bind.Invoke(L, L.GetGlobal("require"), "ave.network.control") // or the manual is not known for its class
			t.remote = service.NewRemoteControl(L, t.client, limit)
			globals.RawSetString(serviceVariable, t.remote)
		} else if before != nil && globals.RawGetString(serviceVariable) == before.remote {
			globals.RawSetString(serviceVariable, r.shadowed)
		}
		r.target.Store(t)
		if before != nil {
			before.client.Close()
		}
		return nil
	})
	if err == nil && t != nil {
		r.askMethods(t)
	}
	return err
}

// leaveTarget is for the end of the prompt. If a task computes all the time, the variable
// stays.
func (r *repl) leaveTarget(ctx context.Context) {
	t := r.target.Load()
	if t == nil {
		return
	}
	ctx, cancel := brief(ctx)
	defer cancel()
	if r.setTarget(ctx, nil) != nil {
		r.target.Store(nil)
		t.client.Close()
	}
}

// targetChanged is called when a connection was made or lost.
func (r *repl) targetChanged(t *target) {
	if r.target.Load() != t {
		return
	}
	if connected, made := t.client.Connections(); connected && made > 1 && t.told.Swap(made) != made {
		fmt.Fprintf(r.notices(), "connected again: the service has forgotten what it kept for the old connection\n")
	}
	r.redraw()
	r.askMethods(t)
}

// askMethods has the service tell its name and methods, if they are not known, and
// waits for nothing.
func (r *repl) askMethods(t *target) {
	if connected, _ := t.client.Connections(); !connected {
		return
	}
	if _, later, _ := service.Methods(t.remote); later != nil {
		go func() {
			<-later
			r.redraw()
		}()
	}
}

// redraw shows the prompt as it is now, if somebody types.
func (r *repl) redraw() {
	if t, ok := r.inputs.(*typing); ok {
		t.Redraw()
	}
}

// prompt is the prompt for a terminal with this number of columns.
func (r *repl) prompt(cols int) string {
	if shown := r.framePrompt(); shown != "" {
		return shown
	}
	t := r.target.Load()
	if t == nil {
		return prompt
	}
	return t.name(max(leastPrompt, cols*5/8)-len(prompt), t.state()) + prompt // the rest is for what is typed
}

// leastPrompt is how many columns a prompt may take on any terminal.
const leastPrompt = 20

// open connects to the service that the command line names. After an error the prompt is
// not opened.
func (r *repl) open(ctx context.Context) error {
	ctx, stop := r.interrupts.end(ctx)
	defer stop()
	shown, err := r.connect(ctx, *r.Service, r.inputs.Interactive())
	switch {
	case err != nil && r.target.Load() == nil:
		return err
	case err != nil:
		script.Report(r.Out, r.v, err, r.Color)
	case r.inputs.Interactive():
		fmt.Fprintln(r.Out, shown)
	}
	r.worked = append(r.worked, r.target.Load().asStatement())
	return nil
}
