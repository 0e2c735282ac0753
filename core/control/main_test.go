package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const late = time.Minute

var ctx = context.Background()

// method is a method of a service for a test.
type method struct {
	control.Method
	serve func(ctx context.Context, conn *control.Conn, call *control.Call) (any, error)
}

// methods is a handler with methods that return JSON.
type methods map[string]method

func (m methods) Lookup(name string) (control.Method, bool) {
	found, ok := m[name]
	return found.Method, ok
}

func (m methods) Call(ctx context.Context, conn *control.Conn, call *control.Call) (json.RawMessage, error) {
	result, err := m[call.Method].serve(ctx, conn, call)
	if err != nil {
		return nil, err
	}
	if raw, ok := result.(json.RawMessage); ok {
		return raw, nil
	}
	return json.Marshal(result)
}

var rpc = control.Method{RPC: true}

// echo returns its first argument unchanged.
var echo = method{rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
	return firstOf(call), nil
}}

func firstOf(call *control.Call) json.RawMessage {
	var vargs []json.RawMessage
	var kwargs map[string]json.RawMessage
	json.Unmarshal(call.Vargs, &vargs)
	json.Unmarshal(call.Kwargs, &kwargs)
	if len(vargs) > 0 {
		return vargs[0]
	}
	return kwargs["value"]
}

func constant(value any) method {
	return method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { return value, nil }}
}

// start serves until the test ends, or until the returned function is called.
func start(t testing.TB, handler control.Handler, options control.Options) (*control.Server, func()) {
	t.Helper()
	if options.Log == nil {
		options.Log = func(string) {}
	}
	s, err := control.NewServer(handler, options)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	stop := sync.OnceFunc(func() {
		s.Shutdown(nil)
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(late):
			t.Error("Serve does not return after a shutdown")
		}
	})
	t.Cleanup(stop)
	return s, stop
}

// newClient returns a client of s that is closed when the test ends.
func newClient(t testing.TB, s *control.Server, key string) *control.Client {
	c := control.NewClient(control.ClientOptions{
		Address: connection.Address{Port: s.Address().Port}, Authkey: key, Timeout: late})
	t.Cleanup(func() { c.Close() })
	return c
}

func call(c *control.Client, method string, args ...any) (string, error) {
	vargs, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return "", err
	}
	result, err := c.Call(ctx, method, vargs, nil, late)
	return string(result), err
}

// raw is a client that can send anything.
type raw struct {
	t testing.TB
	net.Conn
	frames *connection.FrameReader
}

func dialRaw(t testing.TB, s *control.Server) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Address().Port))
	if err != nil {
		t.Fatal(err)
	}
	return newRaw(t, conn)
}

func newRaw(t testing.TB, conn net.Conn) *raw {
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(late))
	return &raw{t, conn, connection.NewFrameReader(conn, 1<<30)}
}

func (r *raw) put(payload string) {
	r.t.Helper()
	if err := connection.WriteFrame(r.Conn, []byte(payload)); err != nil {
		r.t.Fatal(err)
	}
}

// get returns the next frame, or "<closed>".
func (r *raw) get() string {
	frame, err := r.frames.Next()
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		return "<timeout>"
	}
	if err != nil {
		return "<closed>"
	}
	return string(frame)
}

func (r *raw) want(frame string) {
	r.t.Helper()
	if got := r.get(); got != frame {
		r.t.Errorf("got %q, want %q", got, frame)
	}
}

// authenticate does the handshake without a key.
func (r *raw) authenticate() *raw {
	r.get()
	r.put("0123456789abcdef")
	r.want(`{"authenticated": true}`)
	return r
}

func callText(method, vargs string) string {
	return fmt.Sprintf(`{"method": %q, "resource": null, "params": {"vargs": %s, "kwargs": {}}, "async": false}`, method, vargs)
}

func exit(message string) *exceptions.Error { return exceptions.Exit.Newf("%s", message) }
