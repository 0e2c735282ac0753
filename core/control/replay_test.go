package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/wiretest"
)

// recordedService is the service of the recordings.
func recordedService(t *testing.T) *control.Server {
	var s *control.Server
	fail := func(err func(first json.RawMessage) error) method {
		return method{rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
			return nil, err(firstOf(call))
		}}
	}
	text := func(raw json.RawMessage) (s string) { json.Unmarshal(raw, &s); return s }
	auth, admin := constant("authenticated"), constant("admin")
	auth.Auth, admin.Preauth = true, []string{"admin"}
	m := methods{
		"nothing":     constant(nil),
		"tup":         constant(json.RawMessage(`[1, "two", [3.5, null, true], {}]`)),
		"hidden":      {},
		"needs_auth":  auth,
		"needs_admin": admin,
		"echo": {rpc, func(ctx context.Context, conn *control.Conn, call *control.Call) (any, error) {
			if string(call.Kwargs) == `{"nope": 1}` {
				return nil, exceptions.TypeError.Newf("echo() got an unexpected keyword argument 'nope'")
			}
			return echo.serve(ctx, conn, call)
		}},
		"add": {rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
			var a []int
			var b struct{ B int }
			json.Unmarshal(call.Vargs, &a)
			json.Unmarshal(call.Kwargs, &b)
			if len(a) == 0 {
				return nil, exceptions.TypeError.Newf("add() takes at least 2 arguments (1 given)")
			}
			return a[0] + b.B, nil
		}},
		"raise_plain": fail(func(first json.RawMessage) error { return errors.New(text(first)) }),
		"raise_ave": fail(func(first json.RawMessage) error {
			e, err := exceptions.Parse(first)
			if err != nil {
				return err
			}
			e.Class = exceptions.AveException
			return e
		}),
		"raise_run_error": fail(func(json.RawMessage) error {
			e := exceptions.RunError.Newf("it failed")
			e.Details = map[string]any{"cmd": []string{"no_such"}, "out": "some output", "ptyout": "some output"}
			return e
		}),
		"raise_timeout": fail(func(json.RawMessage) error {
			e := exceptions.Timeout.Newf("command timed out")
			e.Details = map[string]any{"cmd": []string{"sleep", "10"}, "out": ""}
			return e
		}),
		"raise_exit": fail(func(first json.RawMessage) error {
			e := exit(text(first))
			e.Trace = []exceptions.Frame{{File: "f", Line: 1}}
			return e
		}),
	}
	m["bye"] = method{rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
		s.Shutdown(exit(text(firstOf(call))))
		return "not sent", nil
	}}
	key := "root-key"
	s, _ = start(t, m, control.Options{
		Authkey: "secret", AltKeys: map[string]*string{"admin": &key}, Anonymous: true})
	return s
}

func TestOldClientsTalkToThisService(t *testing.T) {
	for _, script := range wiretest.Transcripts() {
		t.Run(script.Name, func(t *testing.T) {
			script.Replay(t, dialRaw(t, recordedService(t)), nil)
		})
	}
}

// The client must send what old clients sent, to a service that sends what old services
// sent.
func TestThisClientTalksToOldServices(t *testing.T) {
	for _, script := range wiretest.Transcripts() {
		if !script.WellFormed() {
			continue // this client never sends such calls
		}
		t.Run(script.Name, func(t *testing.T) {
			c := control.NewClient(control.ClientOptions{
				Address: connection.AddressOf(script.Play(t)), Authkey: script.Key, Timeout: late})
			defer c.Close()
			err := c.Connect(ctx)
			if script.Key != "" && !script.Authenticated() {
				if !errors.Is(err, exceptions.AuthError) {
					t.Errorf("got %v, want an AuthError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range script.Calls() {
				makeRecorded(t, c, call)
			}
		})
	}
}

func makeRecorded(t *testing.T, c *control.Client, call wiretest.Call) {
	if call.Async {
		if err := c.Async(ctx, call.Method, call.Vargs, call.Kwargs, late); err != nil {
			t.Fatal(err)
		}
		return
	}
	result, err := c.Call(ctx, call.Method, call.Vargs, call.Kwargs, late)
	wantOutcome(t, call.Answer, result, err)
}

// wantOutcome compares the result of a call with the answer of the service.
func wantOutcome(t *testing.T, answer string, result json.RawMessage, err error) {
	t.Helper()
	if answer == wiretest.Closed {
		if !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("got %v, want ConnectionClosed", err)
		}
		return
	}
	var want struct{ Result, Exception json.RawMessage }
	json.Unmarshal([]byte(answer), &want)
	if want.Exception == nil {
		if err != nil || !bytes.Equal(result, want.Result) {
			t.Errorf("got %s, %v; want %s", result, err, want.Result)
		}
		return
	}
	e, _ := exceptions.Parse(want.Exception)
	var got *exceptions.Error
	if strings.HasPrefix(e.Message, "not auth") { // the message of this client is longer
		if !errors.Is(err, exceptions.AuthError) || !strings.HasPrefix(err.Error(), e.Message+": ") {
			t.Errorf("got %v, want %s", err, e.Message)
		}
		return
	}
	if !errors.As(err, &got) || got.Class.Name != e.Class.Name || got.Text() != e.Text() {
		t.Errorf("got %v, want %s: %s", err, e.Class.Name, e.Text())
	}
}

func wantSame(t *testing.T, i int, got, want string) {
	t.Helper()
	if diff := wiretest.Diff(want, got); diff != "" {
		t.Errorf("frame %d: got %s\nwant %s\n%s", i, got, want, diff)
	}
}
