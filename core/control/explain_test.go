package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

// describing are the options of a service that counts requests for its description.
func describing(asked *int, description string) control.Options {
	return control.Options{Authkey: "k", AltKeys: map[string]*string{"admin": new("admin-key")}, Anonymous: true,
		Describe: func() (json.RawMessage, error) { *asked++; return json.RawMessage(description), nil }}
}

func TestRefusedCallsSayWhatWouldBeRight(t *testing.T) {
	auth, admin := constant(1), constant(2)
	auth.Auth, admin.Preauth = true, []string{"admin"}
	asked := 0
	s, _ := start(t, methods{"echo": echo, "stop": auth, "lease": admin}, describing(&asked, `{"methods": [
		{"name": "echo"}, {"name": "stop", "auth": true}, {"name": "lease", "preauth": ["admin"]}]}`))
	c := newClient(t, s, "")
	for _, want := range []struct{ method, class, message string }{
		{"ecoh", "Exception", "no such RPC: ecoh; did you mean 'echo'?"},
		{"frobnicate", "Exception", "no such RPC: frobnicate"},
		{"stop", "AuthError", "not authenticated to make this call: 'stop' needs the primary key; this client has no key"},
		{"lease", "AuthError", "not authorized to make this call: 'lease' needs the key of admin; this client has no key"},
	} {
		_, err := call(c, want.method)
		var e *exceptions.Error
		if !errors.As(err, &e) || e.Class.Name != want.class || e.Message != want.message {
			t.Errorf("%s: got %#v", want.method, err)
		}
		if e.Class == exceptions.AuthError && e.Details["method"] != want.method {
			t.Errorf("%s: got the details %v", want.method, e.Details)
		}
		if want.method == "lease" && fmt.Sprint(e.Details["accounts"]) != "[admin]" {
			t.Errorf("got the details %v", e.Details)
		}
	}
	p, err := c.Start(ctx, "ecoh", nil, nil, late)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(ctx, late); err == nil || err.Error() != "no such RPC: ecoh; did you mean 'echo'?" {
		t.Errorf("a call that was started: got %v", err)
	}
	if err := c.Async(ctx, "ecoh", nil, nil, late); err != nil {
		t.Error(err)
	}
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if asked != 1 {
		t.Errorf("the service was asked %d times what it has, want once", asked)
	}
}

// Errors that a method raises itself are not changed.
func TestErrorsOfMethodsAreNotExplained(t *testing.T) {
	asked := 0
	raise := func(err error) method {
		return method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { return nil, err }}
	}
	s, _ := start(t, methods{
		"a": raise(exceptions.Exception.Newf("no such RPC: b").WithTrace([]exceptions.Frame{})),
		"b": raise(exceptions.Timeout.Newf("not authorized to make this call")),
	}, describing(&asked, `{"methods": [{"name": "bb"}]}`))
	c := newClient(t, s, "k")
	if _, err := call(c, "a"); err == nil || err.Error() != "no such RPC: b" {
		t.Errorf("got %v", err)
	}
	if _, err := call(c, "b"); !errors.Is(err, exceptions.Timeout) || asked != 0 {
		t.Errorf("got %v, asked %d times", err, asked)
	}
}

// A service without a description costs a moment, but not the connection.
func TestDescriptionThatDoesNotCome(t *testing.T) {
	release := make(chan struct{})
	s, _ := start(t, methods{"echo": echo}, control.Options{Describe: func() (json.RawMessage, error) {
		<-release
		return nil, errors.New("too late")
	}})
	defer close(release)
	c := newClient(t, s, "")
	if _, err := call(c, "ecoh"); err == nil || err.Error() != "no such RPC: ecoh" {
		t.Errorf("got %v", err)
	}
	release <- struct{}{}
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("the connection after it: got %s, %v", got, err)
	}
}

// The explanation of a refused call does not wait for other calls in progress.
func TestRefusedCallDoesNotWaitForOthers(t *testing.T) {
	release := make(chan struct{})
	wait := method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		<-release
		return "waited", nil
	}}
	asked := 0
	s, _ := start(t, methods{"echo": echo, "wait": wait}, describing(&asked, `{"methods": [{"name": "echo"}]}`))
	c := newClient(t, s, "")
	refused, err := c.Start(ctx, "ecoh", nil, nil, late)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := c.Start(ctx, "wait", nil, nil, late)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Wait(ctx, late); err == nil || err.Error() != "no such RPC: ecoh" {
		t.Errorf("got %v", err)
	}
	close(release)
	if got, err := waiting.Wait(ctx, late); string(got) != `"waited"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := call(c, "ecoh"); err == nil || err.Error() != "no such RPC: ecoh; did you mean 'echo'?" {
		t.Errorf("later: got %v", err)
	}
}

func TestConnectionErrorsNameAddressAndMethod(t *testing.T) {
	s, _ := start(t, methods{"wait": {rpc, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
		<-ctx.Done()
		return nil, nil
	}}}, control.Options{})
	address := connection.Address{Port: s.Address().Port}.Peer()
	c := newClient(t, s, "")
	_, err := c.Call(ctx, "wait", nil, nil, 10*time.Millisecond)
	if want := "call of 'wait' at " + address + ": timed out"; !errors.Is(err, exceptions.ConnectionTimeout) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = c.Call(ctx, "wait", nil, nil, late)
	if !errors.Is(err, exceptions.ConnectionClosed) || !strings.HasSuffix(err.Error(), "an earlier call failed: call of 'wait' at "+address+": timed out") {
		t.Errorf("got %v", err)
	}

	unknown := control.NewClient(control.ClientOptions{Address: connection.Address{Host: "no-such-host.invalid", Port: 4000}, Timeout: late})
	err = unknown.Connect(ctx)
	if !errors.Is(err, exceptions.ConnectionUnknownHost) || errors.Is(err, exceptions.ConnectionRefused) ||
		!strings.HasPrefix(err.Error(), "cannot connect to no-such-host.invalid:4000: ") {
		t.Errorf("got %v", err)
	}
}
