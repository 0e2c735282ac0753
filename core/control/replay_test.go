package control_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

// A transcript is a conversation that was recorded with an old service.
type transcript struct {
	Name, Key string
	Frames    []recorded
}

type recorded struct {
	From string
	Text string
	Hex  string
}

func (f recorded) payload() string {
	if f.Hex == "" {
		return f.Text
	}
	data, err := hex.DecodeString(f.Hex)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func transcripts(t *testing.T) []transcript {
	data, err := os.ReadFile("testdata/wire-transcripts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []transcript
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Texts of the old services that showed Python's form of a value, and what
// this protocol has instead. The last is a right that alternate keys had.
var otherTexts = map[string]map[int]string{
	"errors": {14: `{"exception": "not an RPC: hidden"}`},
	"malformed calls": {
		12: `{"exception": "malformed arguments: {\"vargs\":[]}"}`,
		14: `{"exception": "RPC async flag is not a boolean: {\"method\":\"echo\",\"params\":{\"vargs\":[],\"kwargs\":{}},\"async\":1}"}`,
	},
	"handshake with an alternate key": {6: `{"exception": "not authenticated to make this call"}`},
}

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
	for _, script := range transcripts(t) {
		t.Run(script.Name, func(t *testing.T) {
			r := dialRaw(t, recordedService(t))
			var digest []byte
			for i, frame := range script.Frames {
				switch {
				case i == 0:
					salt, ok := bytes.CutPrefix([]byte(r.get()), []byte("#CHALLENGE#"))
					if !ok {
						t.Fatal("no challenge")
					}
					mac := hmac.New(md5.New, []byte(script.Key))
					mac.Write(salt)
					digest = mac.Sum(nil)
				case i == 1:
					r.put(string(digest))
				case frame.From == "client-raw":
					r.Write([]byte(frame.payload()))
				case frame.From == "client":
					connection.WriteFrame(r.Conn, []byte(frame.payload())) // fails where the service has closed
				default:
					wantSame(t, i, r.get(), wanted(script.Name, i, frame))
				}
			}
		})
	}
}

func wanted(name string, i int, frame recorded) string {
	if text, ok := otherTexts[name][i]; ok {
		return text
	}
	return frame.payload()
}

// wantSame compares JSON, but for the traces.
func wantSame(t *testing.T, i int, got, want string) {
	t.Helper()
	if diff := cmp.Diff(parsed(want), parsed(got)); diff != "" {
		t.Errorf("frame %d: got %s\nwant %s\n%s", i, got, want, diff)
	}
}

func parsed(text string) any {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return text
	}
	if answer, ok := v.(map[string]any); ok {
		if exception, ok := answer["exception"].(map[string]any); ok {
			if exception["type"] == "Exit" && exception["trace"] != nil {
				return "an exit with a trace"
			}
			delete(exception, "trace")
		}
	}
	return v
}

// The client has to say what old clients said, to a service that says what
// old services said.
func TestThisClientTalksToOldServices(t *testing.T) {
	for _, script := range transcripts(t) {
		if script.Name == "malformed calls" || script.Name == "oversized header" {
			continue // this client sends no such things
		}
		t.Run(script.Name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			played := make(chan struct{})
			go func() {
				defer close(played)
				play(t, l, script)
			}()
			defer func() { <-played }()
			c := control.NewClient(control.ClientOptions{
				Address: connection.AddressOf(l.Addr()), Authkey: script.Key, Timeout: late})
			defer c.Close()
			err = c.Connect(ctx)
			if script.Key == "wrong" {
				if !errors.Is(err, exceptions.AuthError) {
					t.Errorf("got %v, want an AuthError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			callRecorded(t, c, script.Frames[3:])
		})
	}
}

// play sends the service's frames of a recording and compares the others.
func play(t *testing.T, l net.Listener, script transcript) {
	conn, err := l.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	r := newRaw(t, conn)
	for i, frame := range script.Frames {
		if frame.Text == "<closed>" || script.Key == "wrong" && i == 3 {
			return
		}
		if frame.From == "server" {
			r.put(frame.payload())
			if i+1 < len(script.Frames)-1 && script.Frames[i+2].Text == "<closed>" {
				return
			}
			continue
		}
		if got := r.get(); i == 1 && got != frame.payload() {
			t.Errorf("the digest differs from the recorded one")
		} else if i > 1 {
			wantSame(t, i, got, frame.payload())
		}
	}
}

func callRecorded(t *testing.T, c *control.Client, frames []recorded) {
	for i, frame := range frames {
		if frame.From != "client" {
			continue
		}
		var call struct {
			Method string
			Params struct{ Vargs, Kwargs json.RawMessage }
			Async  bool
		}
		if err := json.Unmarshal([]byte(frame.Text), &call); err != nil {
			t.Fatal(err)
		}
		if call.Async {
			if err := c.Async(ctx, call.Method, call.Params.Vargs, call.Params.Kwargs, late); err != nil {
				t.Fatal(err)
			}
			continue
		}
		result, err := c.Call(ctx, call.Method, call.Params.Vargs, call.Params.Kwargs, late)
		wantOutcome(t, frames[i+1].Text, result, err)
	}
}

// wantOutcome compares what a call gave with the answer that the service sent.
func wantOutcome(t *testing.T, answer string, result json.RawMessage, err error) {
	t.Helper()
	if answer == "<closed>" {
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
	if !errors.As(err, &got) || got.Class.Name != e.Class.Name || got.Text() != e.Text() {
		t.Errorf("got %v, want %s: %s", err, e.Class.Name, e.Text())
	}
}
