package control_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"hash"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

func digest(r *raw, kind func() hash.Hash, key string) string {
	salt, ok := bytes.CutPrefix([]byte(r.get()), []byte("#CHALLENGE#"))
	if !ok || len(salt) != 32+len(";sha256") || !bytes.HasSuffix(salt, []byte(";sha256")) {
		r.t.Errorf("got the salt %q", salt)
	}
	mac := hmac.New(kind, []byte(key))
	mac.Write(salt)
	return string(mac.Sum(nil))
}

func TestHandshake(t *testing.T) {
	key := "other"
	yes, no := `{"authenticated": true}`, `{"authenticated": false}`
	for _, c := range []struct {
		name    string
		options control.Options
		hash    func() hash.Hash
		key     string
		want    string
		stays   bool
	}{
		{"md5", control.Options{Authkey: "k"}, md5.New, "k", yes, true},
		{"sha256", control.Options{Authkey: "k"}, sha256.New, "k", yes, true},
		{"alternate", control.Options{Authkey: "k", AltKeys: map[string]*string{"a": &key, "b": nil}}, sha256.New, "other", yes, true},
		{"wrong", control.Options{Authkey: "k"}, sha256.New, "x", no, false},
		{"none", control.Options{Authkey: "k"}, md5.New, "", no, false},
		{"anonymous", control.Options{Authkey: "k", Anonymous: true}, md5.New, "x", no, true},
		{"open service", control.Options{}, md5.New, "", yes, true},
		{"open service and a key", control.Options{}, md5.New, "x", yes, true},
		{"md5 refused", control.Options{Authkey: "k", RefuseMD5: true}, md5.New, "k", no, false},
		{"md5 refused, anonymous", control.Options{Authkey: "k", RefuseMD5: true, Anonymous: true}, md5.New, "k", no, true},
		{"sha256 wanted", control.Options{Authkey: "k", RefuseMD5: true}, sha256.New, "k", yes, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := start(t, methods{"echo": echo}, c.options)
			r := dialRaw(t, s)
			r.put(digest(r, c.hash, c.key))
			r.want(c.want)
			if !c.stays {
				r.want("<closed>")
				return
			}
			r.put(callText("echo", "[1]"))
			r.want(`{"result": 1}`)
		})
	}
}

func TestDigestOfAnotherSize(t *testing.T) {
	other := "other"
	s, _ := start(t, methods{}, control.Options{Authkey: "k", AltKeys: map[string]*string{"a": &other}})
	for _, size := range []int{0, 1, 15, 17, 31, 33, 64} {
		r := dialRaw(t, s)
		r.get()
		r.put(strings.Repeat("\x00", size))
		if got := r.get(); got != `{"authenticated": false}` {
			t.Errorf("%d bytes: got %s", size, got)
		}
	}
}

func TestEmptyAlternateKeyIsRefused(t *testing.T) {
	empty := ""
	if _, err := control.NewServer(methods{}, control.Options{AltKeys: map[string]*string{"admin": &empty}}); err == nil {
		t.Error("a service was made whose admin account is open to clients without a key")
	}
}

func TestAuthorization(t *testing.T) {
	admin, other := "admin-key", "other-key"
	call1 := func(auth bool, accounts ...string) method {
		m := constant(true)
		m.Auth, m.Preauth = auth, accounts
		return m
	}
	handler := methods{
		"auth":     call1(true),
		"admin":    call1(false, "admin"),
		"either":   call1(false, "admin", "other"),
		"null":     call1(false, "admin", "open"),
		"unlisted": call1(false, "nobody"),
		"mixed":    call1(false, "nobody", "admin"),
	}
	options := control.Options{Authkey: "primary", Anonymous: true,
		AltKeys: map[string]*string{"admin": &admin, "other": &other, "open": nil}}
	for key, allowed := range map[string]string{
		"primary":   "auth null unlisted",
		"admin-key": "admin either null unlisted mixed",
		"other-key": "either null unlisted",
		"":          "null unlisted",
	} {
		s, stop := start(t, handler, options)
		c := newClient(t, s, key)
		for name := range handler {
			_, err := call(c, name)
			want := " " + allowed + " "
			if may := strings.Contains(want, " "+name+" "); may != (err == nil) {
				t.Errorf("key %q, method %s: got %v", key, name, err)
			}
		}
		c.Close()
		stop()
	}
	s, _ := start(t, handler, control.Options{AltKeys: options.AltKeys})
	if _, err := call(newClient(t, s, ""), "auth"); err != nil {
		t.Errorf("service without a primary key: got %v", err)
	}
	if _, err := call(newClient(t, s, "admin-key"), "admin"); err != nil {
		t.Errorf("alternate key without a primary one: got %v", err)
	}
}

func TestStrangersHaveLittleTimeAndSpace(t *testing.T) {
	var mu sync.Mutex
	var log []string
	var lost int
	s, _ := start(t, methods{"echo": echo}, control.Options{
		Limits:    control.Limits{HandshakeTimeout: 200 * time.Millisecond},
		Log:       func(line string) { mu.Lock(); defer mu.Unlock(); log = append(log, line) },
		Callbacks: control.Callbacks{LostConnection: func(_ context.Context, _ *control.Conn) error { mu.Lock(); defer mu.Unlock(); lost++; return nil }},
	})
	slow := dialRaw(t, s)
	slow.get()
	slow.Write([]byte{0, 0})
	slow.want("<closed>")

	large := dialRaw(t, s)
	large.get()
	large.put(strings.Repeat("x", 65))
	if got := large.get(); !strings.Contains(got, "OverflowError") {
		t.Errorf("got %q", got)
	}
	large.want("<closed>")

	browser := dialRaw(t, s)
	browser.get()
	browser.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	browser.get()
	browser.want("<closed>")

	mu.Lock()
	defer mu.Unlock()
	if len(log) != 3 || lost != 0 {
		t.Errorf("got the log %q and %d lost connections", log, lost)
	}
}

func TestTimeForTheHandshakeIsNoTimeForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 200 * time.Millisecond
		clients := newPipeListener()
		start(t, methods{"echo": echo}, control.Options{Listener: clients, Limits: control.Limits{HandshakeTimeout: limit}})
		known := newRaw(t, clients.dial()).authenticate()
		time.Sleep(2 * limit)
		known.put(callText("echo", "[1]"))
		known.want(`{"result": 1}`)
	})
}

// pipeListener accepts pipes as connections, for tests with the fake time of a bubble.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{make(chan net.Conn), make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- theirs
	return ours
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.closed)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func TestClientRefusesMD5(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		connection.WriteFrame(conn, []byte("#CHALLENGE#0123456789abcdefghij"))
		conn.Read(make([]byte, 1))
	}()
	c := control.NewClient(control.ClientOptions{Address: connection.AddressOf(l.Addr()), Authkey: "k", RefuseMD5: true, Timeout: late})
	defer c.Close()
	if err := c.Connect(ctx); !errors.Is(err, exceptions.AuthError) {
		t.Errorf("got %v, want an AuthError", err)
	}
}
