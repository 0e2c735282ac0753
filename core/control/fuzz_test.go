package control_test

import (
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/connection"
	"avescript/core/control"
)

// send sends a whole stream to a service or a client, and nothing more.
func (r *raw) send(stream []byte) {
	r.t.Helper()
	// The other side may have closed the connection because of what it received.
	_, _ = r.Write(stream)
	_ = r.Conn.(*net.TCPConn).CloseWrite()
}

// answers reads frames until the connection is closed.
func (r *raw) answers() (frames []string) {
	r.t.Helper()
	for {
		frame, err := r.frames.Next()
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			r.t.Error("the connection stays open")
		}
		if err != nil {
			return frames
		}
		frames = append(frames, string(frame))
	}
}

// FuzzServer sends random bytes to a service that has accepted the client. Each answer
// is a result or an exception, there is at most one per frame, and other clients are
// still served.
func FuzzServer(f *testing.F) {
	for _, payload := range []string{
		callText("echo", `[1]`), callText("echo", `["\ud800"]`), callText("none", `[]`), `{}`, `[1, 2`, `{"method": "echo", "params": {"vargs": [], "kwargs": {"value": {}}}}`,
		`{"method": "echo", "params": [], "async": 1}`, `{"method": "$describe", "params": {"vargs": [], "kwargs": {}}}`, "\xff", `null`,
		`{"method": "echo", "method": "x", "params": {"vargs": [[[]]], "vargs": [2], "kwargs": {}}, "async": true}`,
	} {
		f.Add(connection.AppendFrame(connection.AppendFrame(nil, []byte(payload)), []byte(callText("echo", "[2]"))))
	}
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x01\x00cut off"))
	s, _ := start(f, methods{"echo": echo}, control.Options{})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := dialRaw(t, s).authenticate()
		r.send(stream)
		answers := r.answers()
		if frames := len(stream) / 4; len(answers) > frames {
			t.Errorf("%q: got %d answers", stream, len(answers))
		}
		for _, answer := range answers {
			var fields map[string]json.RawMessage
			err := json.Unmarshal([]byte(answer), &fields)
			_, result := fields["result"]
			_, exception := fields["exception"]
			if err != nil || len(fields) != 1 || result == exception {
				t.Errorf("%q: got the answer %q", stream, answer)
			}
		}
		other := dialRaw(t, s).authenticate()
		other.put(callText("echo", `["other"]`))
		other.want(`{"result": "other"}`)
		other.Close()
	})
}

// FuzzCall makes one call with a random text. If encoding/json accepts it as a call of
// echo, the answer is its first argument.
func FuzzCall(f *testing.F) {
	for _, vargs := range []string{`[1]`, `[{"a": [null, 1e400, "\ud800"]}]`, `[]`, `[1,]`, `["\u0000", 2]`, "[\n\t-0.0 ]", `{}`, "[\"\xff\"]"} {
		f.Add(callText("echo", vargs))
	}
	f.Add(`{"method": "\u0065cho", "params": {"vargs": [1], "kwargs": {}}}`)
	s, _ := start(f, methods{"echo": echo}, control.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		r := dialRaw(t, s).authenticate()
		r.put(text)
		r.Conn.(*net.TCPConn).CloseWrite()
		answers := r.answers()
		want, known := argumentOf(text)
		if !known {
			return
		}
		var answer struct{ Result json.RawMessage }
		if len(answers) != 1 || json.Unmarshal([]byte(answers[0]), &answer) != nil {
			t.Fatalf("%q: got %q", text, answers)
		}
		var got any
		if err := json.Unmarshal(answer.Result, &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: got %q, want %v", text, answers, want)
		}
	})
}

// argumentOf is the first argument of an unambiguous call of echo.
func argumentOf(text string) (argument any, known bool) {
	var call, params map[string]json.RawMessage
	var method string
	var vargs []any
	var kwargs map[string]any
	if json.Unmarshal([]byte(text), &call) != nil || len(call) != 2 || json.Unmarshal(call["params"], &params) != nil || len(params) != 2 ||
		json.Unmarshal(call["method"], &method) != nil || method != "echo" ||
		json.Unmarshal(params["vargs"], &vargs) != nil || len(vargs) == 0 || json.Unmarshal(params["kwargs"], &kwargs) != nil || kwargs == nil {
		return nil, false
	}
	return vargs[0], true
}

// FuzzHandshake answers the challenge with random bytes: the client is never accepted.
func FuzzHandshake(f *testing.F) {
	f.Add(connection.AppendFrame(nil, make([]byte, 16)))
	f.Add(connection.AppendFrame(nil, make([]byte, 32)))
	f.Add(connection.AppendFrame(connection.AppendFrame(nil, nil), []byte(callText("echo", "[1]"))))
	f.Add([]byte("\x00\x00\x00\x41"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	other := "other"
	s, _ := start(f, methods{"echo": echo}, control.Options{Authkey: "key", AltKeys: map[string]*string{"guest": &other}})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := dialRaw(t, s)
		r.get()
		r.send(stream)
		for _, answer := range r.answers() {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal([]byte(answer), &fields); err != nil || fields["exception"] == nil && answer != `{"authenticated": false}` {
				t.Errorf("%q: got %q", stream, answer)
			}
		}
	})
}

// FuzzClient sends a client random bytes as the challenge, or as the answer to a call:
// it soon returns a value or an error.
func FuzzClient(f *testing.F) {
	for _, payload := range []string{
		`{"result": [1, null]}`, `{"result": }`, `{"exception": {"type": "Busy", "message": "m"}}`, `{"exception": 1}`, `{}`, `"text"`, `{"result": 1, "exception": {}}`,
		"#CHALLENGE#0123456789abcdef0123456789abcdef;sha256", `{"exception": {"type": "Exit", "trace": [[1]]}}`,
	} {
		f.Add(connection.AppendFrame(nil, []byte(payload)), true)
		f.Add(connection.AppendFrame(nil, []byte(payload)), false)
	}
	f.Add([]byte("\x7f\xff\xff\xff"), true)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { listener.Close() })
	f.Fuzz(func(t *testing.T, stream []byte, known bool) {
		ours, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		r := newRaw(t, theirs)
		served := make(chan struct{})
		go func() {
			defer close(served)
			if known {
				_ = connection.WriteFrame(r.Conn, []byte("#CHALLENGE#0123456789abcdef0123456789abcdef"))
				r.get()
				_ = connection.WriteFrame(r.Conn, []byte(`{"authenticated": true}`))
				r.get()
			}
			r.send(stream)
			_, _ = io.Copy(io.Discard, r.Conn)
		}()
		c := control.NewClient(control.ClientOptions{Conn: ours, Timeout: late})
		begun := time.Now()
		result, err := c.Call(ctx, "echo", nil, nil, late)
		if err == nil && (!known || !json.Valid(result)) {
			t.Errorf("%q: got %q", stream, result)
		}
		if took := time.Since(begun); took >= late {
			t.Errorf("%q: took %v", stream, took)
		}
		_ = c.Close()
		<-served
		theirs.Close()
	})
}
