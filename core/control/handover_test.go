package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

// successor takes over a service, as another process would, and serves until the test
// ends.
func successor(t *testing.T, s *control.Server, handler control.Handler, options control.Options) *control.Server {
	t.Helper()
	var next *control.Server
	// The service may not have noticed yet that an earlier handover has failed.
	poll.Until(t, "nobody else takes it over", func() bool {
		var err error
		next, err = takeOver(t, s, handler, options)
		if err != nil && !errors.Is(err, exceptions.Restarting) {
			t.Fatal(err)
		}
		return err == nil
	})
	return next
}

func takeOver(t *testing.T, s *control.Server, handler control.Handler, options control.Options) (*control.Server, error) {
	t.Helper()
	takeover, err := control.TakeOver(ctx, control.ClientOptions{Address: connection.Address{Port: s.Address().Port}, Authkey: options.Authkey}, late)
	if err != nil {
		return nil, err
	}
	options.Takeover = takeover
	next, err := control.NewServer(handler, options)
	if err != nil {
		return nil, err
	}
	if err := next.CompleteTakeover(ctx); err != nil {
		next.AbandonTakeover()
		return nil, err
	}
	served := make(chan error, 1)
	go func() { served <- next.Serve(ctx) }()
	t.Cleanup(func() {
		next.Shutdown(nil)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return next, nil
}

// awaitFrozen waits until a service is frozen, except what it waits for.
func awaitFrozen(s *control.Server) { poll.Holds(s.Frozen) }

// onceFrozen calls f as soon as a service is frozen.
func onceFrozen(s *control.Server, f func()) {
	go func() {
		awaitFrozen(s)
		f()
	}()
}

// generation is a service whose calls return by which process they were served.
func generation(n int, more methods) methods {
	m := methods{"echo": echo, "generation": constant(n)}
	for name, method := range more {
		m[name] = method
	}
	return m
}

func TestClientsDoNotNoticeAHandover(t *testing.T) {
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key"})
	const clients, restarts = 8, 20
	var running sync.WaitGroup
	var stop atomic.Bool
	for i := range clients {
		c := newClient(t, s, "key")
		running.Go(func() {
			for n := 0; !stop.Load(); n++ {
				text := fmt.Sprintf("%d.%d %s", i, n, strings.Repeat("x", n*n%20000))
				if got, err := call(c, "echo", text); err != nil || got != fmt.Sprintf("%q", text) {
					t.Errorf("client %d, call %d: got %.60s, %v", i, n, got, err)
					return
				}
			}
		})
	}
	for n := 1; n <= restarts; n++ {
		s = successor(t, s, generation(n, nil), control.Options{Authkey: "key"})
	}
	stop.Store(true)
	running.Wait()
	if got, err := call(newClient(t, s, "key"), "generation"); err != nil || got != fmt.Sprint(restarts) {
		t.Errorf("after %d restarts: generation %v, %v", restarts, got, err)
	}
}

func TestFrameIsCutByAHandover(t *testing.T) {
	var frame bytes.Buffer
	connection.WriteFrame(&frame, []byte(callText("echo", `["some text"]`)))
	for cut := 0; cut <= frame.Len(); cut += 7 {
		s, _ := start(t, generation(0, nil), control.Options{Anonymous: true})
		r := dialRaw(t, s).authenticate()
		r.Write(frame.Bytes()[:cut])
		successor(t, s, generation(1, nil), control.Options{Anonymous: true})
		r.Write(frame.Bytes()[cut:])
		r.want(answerText(`"some text"`))
		r.put(callText("generation", "[]"))
		r.want(answerText("1"))
	}
}

func TestHandshakeIsCutByAHandover(t *testing.T) {
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key"})
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Address().Port))
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the challenge has been sent", func() bool { return len(s.Connections()) == 1 })
	successor(t, s, generation(1, nil), control.Options{Authkey: "key"})
	c := control.NewClient(control.ClientOptions{Conn: conn, Authkey: "key", Timeout: late})
	defer c.Close()
	if got, err := call(c, "generation"); got != "1" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// A client that does not read has answers in the service that cannot be written.
func TestAnswersThatNobodyHasReadAreHandedOver(t *testing.T) {
	s, _ := start(t, generation(0, nil), control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.SetDeadline(time.Now().Add(5 * time.Minute))
	const calls, size = 300, 100_000
	sent := make(chan bool)
	go func() {
		defer close(sent)
		for i := range calls {
			connection.WriteFrame(r.Conn, []byte(callText("echo", fmt.Sprintf(`["%d%0*d"]`, i, size, 0))))
		}
	}()
	poll.Until(t, "an answer cannot be written", func() bool {
		writable, err := s.Connections()[0].Poll(ctx, connection.PollOut, 0)
		return err == nil && writable == nil && s.Unread() > 0
	})
	for n := 1; n <= 3; n++ {
		s = successor(t, s, generation(n, nil), control.Options{Anonymous: true})
	}
	for i := range calls {
		if got := r.get(); got != answerText(fmt.Sprintf(`"%d%0*d"`, i, size, 0)) {
			t.Fatalf("answer %d: got %.40q", i, got)
		}
	}
	<-sent
}

func TestRunningCallIsAnsweredBeforeItsConnectionMoves(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	slow := method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		close(begun)
		<-end
		return "done", nil
	}}
	s, _ := start(t, generation(0, methods{"slow": slow}), control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.put(callText("slow", "[]"))
	<-begun
	r.put(callText("generation", "[]"))
	onceFrozen(s, func() { close(end) })
	successor(t, s, generation(1, nil), control.Options{Anonymous: true})
	r.want(answerText(`"done"`))
	r.want(answerText("1"))
}

func TestResumableCallGoesOnElsewhere(t *testing.T) {
	var runs atomic.Int32
	waiting := method{control.Method{RPC: true, Resumable: true}, func(ctx context.Context, _ *control.Conn, call *control.Call) (any, error) {
		if runs.Add(1) == 1 {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		return firstOf(call), nil
	}}
	s, _ := start(t, generation(0, methods{"wait": waiting}), control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.together(callText("wait", "[7]"), callText("generation", "[]"))
	poll.Until(t, "the call is served", func() bool { return runs.Load() == 1 })
	successor(t, s, generation(1, methods{"wait": waiting}), control.Options{Anonymous: true})
	r.want(answerText("7"))
	r.want(answerText("1"))
}

func TestStateIsHandedOver(t *testing.T) {
	left := control.Callbacks{Serialize: func(context.Context) (control.Serialized, error) {
		file, err := os.Open(os.DevNull)
		return control.Serialized{State: json.RawMessage(`{"leases": 3}`), Files: []*os.File{file}}, err
	}}
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key", AltKeys: map[string]*string{"guest": new("g")}, Callbacks: left})
	guest := newClient(t, s, "g")
	if _, err := call(guest, "echo", 1); err != nil {
		t.Fatal(err)
	}
	id := s.Connections()[0].ID()
	takeover, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, late)
	if err != nil {
		t.Fatal(err)
	}
	if string(takeover.State) != `{"leases":3}` || len(takeover.Files) != 1 {
		t.Errorf("got the state %s and %d files", takeover.State, len(takeover.Files))
	}
	next, err := control.NewServer(generation(1, nil), control.Options{Authkey: "key", Takeover: takeover})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, c := range next.Connections() {
		found = found || c.ID() == id && c.Identity().Key == "g" && c.Identity().Accounts[0] == "guest"
	}
	if !found {
		t.Errorf("connection %d is not known any more", id)
	}
	next.AbandonTakeover()
	takeover.Close()
}

func TestServiceGoesOnWhenNobodyTakesItOver(t *testing.T) {
	for name, fails := range map[string]func(t *testing.T, s *control.Server) error{
		"the new process dies": func(_ *testing.T, s *control.Server) error {
			takeover, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, late)
			if err == nil {
				takeover.Close()
			}
			return err
		},
		"nobody else may have it": func(t *testing.T, s *control.Server) error {
			for _, key := range []string{"", "g", "wrong"} {
				if _, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: key}, late); err == nil {
					return fmt.Errorf("the key %q is enough", key)
				}
			}
			return nil
		},
		"the socket file is somebody else's": func(t *testing.T, s *control.Server) error {
			l, err := net.Listen("unix", t.TempDir()+"/so")
			if err != nil {
				return err
			}
			defer l.Close()
			_, err = call(newClient(t, s, "key"), "$handover", l.Addr().String(), "token", 0.2)
			return err
		},
		"a call does not end": func(t *testing.T, s *control.Server) error {
			stuck := newClient(t, s, "key")
			p, err := stuck.Start(ctx, "stuck", nil, nil, late)
			if err != nil {
				return err
			}
			poll.Until(t, "the call is served", func() bool { return s.UnderWay() == 1 })
			_, err = control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, 300*time.Millisecond)
			if err == nil || p.Ready() {
				return fmt.Errorf("got %v", err)
			}
			return nil
		},
		"another one takes it": func(t *testing.T, s *control.Server) error {
			first, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, late)
			if err != nil {
				return err
			}
			defer first.Close()
			// The service is frozen: the second process cannot even send its request.
			_, err = control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, 300*time.Millisecond)
			if err == nil {
				return fmt.Errorf("two have taken over one service")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			end := make(chan bool)
			stuck := method{control.Method{RPC: true, Concurrent: true}, func(context.Context, *control.Conn, *control.Call) (any, error) { <-end; return nil, nil }}
			s, _ := start(t, generation(0, methods{"stuck": stuck}), control.Options{
				Authkey: "key", AltKeys: map[string]*string{"guest": new("g")}})
			release := sync.OnceFunc(func() { close(end) })
			t.Cleanup(release)
			c := newClient(t, s, "key")
			if _, err := call(c, "echo", 1); err != nil {
				t.Fatal(err)
			}
			if err := fails(t, s); err != nil {
				t.Fatal(err)
			}
			if got, err := call(c, "generation"); got != "0" || err != nil {
				t.Errorf("an old client got %v, %v", got, err)
			}
			if got, err := call(newClient(t, s, "key"), "generation"); got != "0" || err != nil {
				t.Errorf("a new client got %v, %v", got, err)
			}
			release()
			successor(t, s, generation(1, nil), control.Options{Authkey: "key"})
			if got, err := call(c, "generation"); got != "1" || err != nil {
				t.Errorf("after a handover it got %v, %v", got, err)
			}
		})
	}
}

func TestHandoverOfAServiceThatEnds(t *testing.T) {
	quit := method{rpc, func(_ context.Context, conn *control.Conn, _ *control.Call) (any, error) {
		awaitFrozen(conn.Server())
		return nil, exceptions.Exit.Newf("enough")
	}}
	s, _ := start(t, generation(0, methods{"quit": quit}), control.Options{})
	c := newClient(t, s, "")
	p, err := c.Start(ctx, "quit", nil, nil, late)
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the call is served", func() bool { return s.UnderWay() == 1 })
	if _, err := takeOver(t, s, generation(1, nil), control.Options{}); err == nil {
		t.Error("a service that ends was handed over")
	}
	if _, err := p.Wait(ctx, late); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("its client got %v", err)
	}
}

// A new process may only learn that it is too late when it is ready.
func TestProcessThatIsTooLateNeverServes(t *testing.T) {
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key"})
	c := newClient(t, s, "key")
	takeover, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	next, err := control.NewServer(generation(1, nil), control.Options{Authkey: "key", Takeover: takeover})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := call(c, "generation"); got != "0" || err != nil { // when the time is over
		t.Errorf("got %v, %v", got, err)
	}
	successor(t, s, generation(2, nil), control.Options{Authkey: "key"})
	if err := next.CompleteTakeover(ctx); err == nil {
		t.Error("two processes serve")
	}
	next.AbandonTakeover()
	if got, err := call(c, "generation"); got != "2" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// stuck is a method whose calls end when end is closed.
func stuck(end chan bool, kind control.Method) method {
	return method{kind, func(context.Context, *control.Conn, *control.Call) (any, error) { <-end; return "done", nil }}
}

func TestCallOutlastsAHandoverThatFails(t *testing.T) {
	for name, kind := range map[string]control.Method{"in turn": rpc, "concurrent": {RPC: true, Concurrent: true}} {
		t.Run(name, func(t *testing.T) {
			end := make(chan bool)
			s, _ := start(t, generation(0, methods{"stuck": stuck(end, kind)}), control.Options{Authkey: "key"})
			c := newClient(t, s, "key")
			p, err := c.Start(ctx, "stuck", nil, nil, late)
			if err != nil {
				t.Fatal(err)
			}
			poll.Until(t, "the call is served", func() bool { return s.UnderWay() == 1 })
			if _, err := control.TakeOver(ctx, control.ClientOptions{Address: s.Address(), Authkey: "key"}, 100*time.Millisecond); err == nil {
				t.Fatal("a service with a call was handed over")
			}
			close(end)
			if got, err := p.Wait(ctx, late); string(got) != `"done"` || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
			if got, err := call(c, "generation"); got != "0" || err != nil {
				t.Errorf("then got %s, %v", got, err)
			}
		})
	}
}

// No call that waits for its turn is served by both.
func TestCallsThatWaitAreServedElsewhere(t *testing.T) {
	const clients = 5
	var served [2]atomic.Int32
	slow := func(n int) method {
		return method{rpc, func(_ context.Context, conn *control.Conn, _ *control.Call) (any, error) {
			served[n].Add(1)
			if n == 0 {
				awaitFrozen(conn.Server())
			}
			return n, nil
		}}
	}
	s, _ := start(t, generation(0, methods{"slow": slow(0)}), control.Options{Anonymous: true})
	var waiting []*raw
	for range clients {
		r := dialRaw(t, s).authenticate()
		r.together(callText("slow", "[]"), callText("generation", "[]"))
		waiting = append(waiting, r)
	}
	poll.Until(t, "a call is served, and all others wait", func() bool { return s.UnderWay() == clients })
	successor(t, s, generation(1, methods{"slow": slow(1)}), control.Options{Anonymous: true})
	for _, r := range waiting {
		if got := r.get(); got != answerText("0") && got != answerText("1") {
			t.Errorf("got %q", got)
		}
		r.want(answerText("1"))
	}
	first, second := served[0].Load(), served[1].Load()
	if first+second != clients || second == 0 {
		t.Errorf("%d calls were served by the old one and %d by the new one, of %d", first, second, clients)
	}
}

func TestClientThatSendsNoMoreIsHandedOver(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	slow := method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		close(begun)
		<-end
		return "done", nil
	}}
	s, _ := start(t, generation(0, methods{"slow": slow}), control.Options{Anonymous: true})
	r := dialRaw(t, s).authenticate()
	r.together(callText("slow", "[]"), callText("generation", "[]"), callText("generation", "[]"))
	r.Conn.(*net.TCPConn).CloseWrite()
	<-begun
	onceFrozen(s, func() { close(end) })
	successor(t, s, generation(1, nil), control.Options{Anonymous: true})
	for _, want := range []string{answerText(`"done"`), answerText("1"), answerText("1"), "<closed>"} {
		r.want(want)
	}
}

// leaving takes over a service whose handler does something when it is asked for its
// state.
func leaving(t *testing.T, does func(s *control.Server) error) (c *control.Client, next *control.Server, err error) {
	var itself atomic.Pointer[control.Server]
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key", Callbacks: control.Callbacks{
		Serialize: func(context.Context) (control.Serialized, error) { return control.Serialized{}, does(itself.Load()) }}})
	itself.Store(s)
	c = newClient(t, s, "key")
	if _, err := call(c, "echo", 1); err != nil {
		t.Fatal(err)
	}
	next, err = takeOver(t, s, generation(1, nil), control.Options{Authkey: "key"})
	return c, next, err
}

func TestShutdownDuringAHandover(t *testing.T) {
	c, _, err := leaving(t, func(s *control.Server) error { s.Shutdown(exit("enough")); return nil })
	if err == nil {
		t.Error("a service that was shut down was handed over")
	}
	poll.Until(t, "the service has gone on, and ended", func() bool {
		_, err = call(c, "echo", 1)
		return err != nil
	})
	if !strings.Contains(err.Error(), "enough") {
		t.Errorf("the client got %v", err)
	}
}

func TestClientThatIsRemovedDuringAHandover(t *testing.T) {
	c, next, err := leaving(t, func(s *control.Server) error {
		for _, c := range s.Connections() {
			s.RemoveConnection(c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := call(c, "generation"); err == nil {
		t.Errorf("a client that was removed got %v", got)
	}
	poll.Until(t, "the client is gone", func() bool { return len(next.Connections()) == 0 })
}

func TestPortIsNotGivenUpDuringAHandover(t *testing.T) {
	c, _, err := leaving(t, func(s *control.Server) error {
		if err := s.StopListening(); !errors.Is(err, exceptions.Restarting) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if got, e := call(c, "generation"); err != nil || got != "1" || e != nil {
		t.Errorf("got %v, %v, %v", err, got, e)
	}
}

// The data in memory on both sides is many times larger than a buffer of the system.
func TestLongFramesAreCutByAHandover(t *testing.T) {
	const clients, size = 10, 8 << 20
	options := control.Options{Anonymous: true, Limits: control.Limits{MaxIncoming: 2 * clients * size}}
	s, _ := start(t, generation(0, nil), options)
	value := `"` + strings.Repeat("x", size) + `"`
	text := callText("echo", "["+value+"]")
	var frame bytes.Buffer
	connection.WriteFrame(&frame, []byte(text))
	cut := frame.Len() - 1
	var all []*raw
	for range clients {
		r := dialRaw(t, s).authenticate()
		r.SetDeadline(time.Now().Add(5 * time.Minute))
		r.Write(frame.Bytes()[:cut])
		all = append(all, r)
	}
	successor(t, s, generation(1, nil), options)
	for _, r := range all {
		r.Write(frame.Bytes()[cut:])
		if got := r.get(); got != answerText(value) {
			t.Errorf("got %.60q, of %d bytes", got, len(got))
		}
	}
}

// A key may contain any bytes.
func TestKeyIsHandedOver(t *testing.T) {
	key := "\xff\x00\xfe"
	options := control.Options{Authkey: "key", AltKeys: map[string]*string{"guest": &key}}
	secret := method{control.Method{RPC: true, Preauth: []string{"guest"}}, func(context.Context, *control.Conn, *control.Call) (any, error) { return 1, nil }}
	s, _ := start(t, methods{"secret": secret}, options)
	c := newClient(t, s, key)
	for range 2 {
		if got, err := call(c, "secret"); got != "1" || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
		s = successor(t, s, methods{"secret": secret}, options)
	}
}

// Only one of several processes that request the service at the same time gets it;
// another one may get it from that one.
func TestManyTakeOverAtOnce(t *testing.T) {
	options := control.Options{Authkey: "key"}
	s, _ := start(t, generation(0, nil), options)
	c := newClient(t, s, "key")
	const successors, each = 3, 5
	var running sync.WaitGroup
	var taken, serving atomic.Int32
	for n := range successors {
		running.Go(func() {
			for i := range each {
				if _, err := takeOver(t, s, generation(1+n*each+i, nil), options); err == nil {
					taken.Add(1)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { running.Wait(); close(done) }()
	last := ""
	for under := true; under; {
		select {
		case <-done:
			under = false
		default:
		}
		got, err := call(c, "generation")
		if err != nil {
			t.Fatal(err)
		}
		if got != last {
			serving.Add(1)
		}
		last = got
	}
	if taken.Load() == 0 || serving.Load() > 1+taken.Load() {
		t.Errorf("%d have taken the service over, and the client has met %d", taken.Load(), serving.Load())
	}
}

func TestMetricsAreHandedOver(t *testing.T) {
	port := freePort(t)
	s, _ := start(t, generation(0, nil), control.Options{Authkey: "key", MetricsPort: port})
	for range 2 {
		s = successor(t, s, generation(1, nil), control.Options{Authkey: "key", MetricsPort: port})
		poll.Until(t, "the metrics are those of the new process", func() bool {
			body, err := tryGet(port, "/metrics") // the old process may end during the answer
			return err == nil && strings.Contains(body, "ave_connections_total 0")
		})
	}
	successor(t, s, generation(2, nil), control.Options{Authkey: "key"})
	poll.Until(t, "nobody listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}
