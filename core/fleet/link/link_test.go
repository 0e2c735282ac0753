package link

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"avescript/core/fleet/wire"
	"avescript/internal/goroutines"
	"avescript/internal/natstest"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"hub": runHub})
	poll.Parallel(4)
	goleak.VerifyTestMain(m, goroutines.LeftByPut())
}

// serve starts a server without any rules. The port is that of one before, or -1.
func serve(t *testing.T, port int) *server.Server {
	t.Helper()
	return natstest.Start(t, &server.Options{Port: port})
}

func dial(t *testing.T, s *server.Server, role, name string) *Link {
	t.Helper()
	l, err := Dial(t.Context(), Config{URL: s.ClientURL(), Role: role, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// Two hubs lose each other. The server of the one that a link has has its clients forget the
// other; the link finds it nevertheless.
func TestHubsAreNotForgotten(t *testing.T) {
	first, second := twoHubs(t)
	user := dial(t, first, wire.User, "alice")
	address := second.ClientURL()
	poll.Until(t, "the link knows both", func() bool { return user.Hubs() == address })
	port := second.Addr().(*net.TCPAddr).Port
	second.Shutdown()
	second.WaitForShutdown()
	poll.Until(t, "the first hub is alone", func() bool { return first.NumRoutes() == 0 })
	serve(t, port) // without a way to the first
	// What the server says of the routes has come.
	if err := user.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	first.Shutdown()
	first.WaitForShutdown()
	poll.Until(t, "the link has found the second hub", func() bool { return user.Conn.IsConnected() && user.Conn.ConnectedUrl() == address })
}

// answer has the leader answer requests.
func answer(t *testing.T, hub *Link, with func(n int32, role, name, verb string) wire.Answer) {
	t.Helper()
	var n atomic.Int32
	_, err := hub.Conn.Subscribe(wire.RequestAll, func(m *nats.Msg) {
		role, name, verb, err := Sender(m)
		if err != nil {
			t.Error(err)
			return
		}
		_ = Respond(m, with(n.Add(1), role, name, verb)) // the test sees what is missing
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := hub.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsAreRepeated(t *testing.T) {
	s := serve(t, -1)
	user := dial(t, s, wire.User, "alice")
	hub := dial(t, s, wire.Hub, "hub")
	answer(t, hub, func(n int32, role, name, verb string) wire.Answer {
		switch n {
		case 1:
			return wire.Answer{Code: wire.CodeNoLeader, Error: "another one leads"}
		case 2:
			return wire.Answer{Code: wire.CodeRetry, Error: "could not write"}
		}
		return wire.Answer{Role: role, Name: name + "/" + verb}
	})
	got, err := user.Request(t.Context(), wire.VerbLab, nil)
	if err != nil || got.Role != wire.User || got.Name != "alice/lab" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	s := serve(t, -1)
	user := dial(t, s, wire.User, "alice")
	answer(t, dial(t, s, wire.Hub, "hub"), func(n int32, _, _, _ string) wire.Answer {
		if n > 1 {
			t.Error("the request was repeated")
		}
		return wire.Answer{Code: wire.CodeUnmet, Error: "no host has 3 relays"}
	})
	_, err := user.Request(t.Context(), wire.VerbSubmit, wire.Submit{})
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Code != wire.CodeUnmet || err.Error() != "no host has 3 relays" {
		t.Errorf("got %v", err)
	}
}

func TestRequestsWaitForAHubThatStartsAgain(t *testing.T) {
	s := serve(t, -1)
	user := dial(t, s, wire.User, "alice")
	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	done := make(chan error, 1)
	go func() {
		_, err := user.Request(t.Context(), wire.VerbLab, nil)
		done <- err
	}()
	again := serve(t, port)
	answer(t, dial(t, again, wire.Hub, "hub"), func(int32, string, string, string) wire.Answer { return wire.Answer{} })
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestUnansweredRequestsEndWithTheContext(t *testing.T) {
	s := serve(t, -1)
	user := dial(t, s, wire.User, "alice")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := user.Request(ctx, wire.VerbLab, nil)
		ended <- err
	}()
	// It is sent again when the server has said that nobody answers.
	poll.Until(t, "the request was repeated", func() bool {
		v, err := s.Varz(nil)
		return err == nil && v.InMsgs > 1
	})
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "no scheduler runs") {
		t.Errorf("got %v", err)
	}
}

func TestRequestsForOthers(t *testing.T) {
	s := serve(t, -1)
	hub := dial(t, s, wire.Hub, "hub")
	answer(t, dial(t, s, wire.Hub, "leader"), func(_ int32, role, name, verb string) wire.Answer {
		return wire.Answer{Role: role, Name: name + "/" + verb}
	})
	got, err := hub.RequestAs(t.Context(), wire.Admin, "root", wire.VerbDrain, wire.Drain{Host: "lab-1"})
	if err != nil || got.Role != wire.Admin || got.Name != "root/drain" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfigFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab", "user.json")
	want := Config{URL: "tls://hub:4222", Pin: strings.Repeat("0a", 32), Role: wire.User, Name: "alice", Seed: "S", Page: "https://hub:4280"}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	want.File = path
	if got, err := Read(path); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	secret := want
	secret.Secret = "do not write"
	if data, err := json.Marshal(secret); err != nil || strings.Contains(string(data), "do not") {
		t.Errorf("the secret of an invitation is written: %s, %v", data, err)
	}
	for name, wrong := range map[string]Config{
		"no pin":   {URL: "tls://hub:4222", Role: wire.User, Name: "alice"},
		"no tls":   {URL: "nats://hub:4222", Pin: want.Pin, Role: wire.User, Name: "alice"},
		"role":     {URL: "nats://127.0.0.1:1", Role: "king", Name: "alice"},
		"name":     {URL: "nats://127.0.0.1:1", Role: wire.User, Name: "a.b"},
		"address":  {URL: "hub", Role: wire.User, Name: "alice"},
		"nameless": {URL: "nats://127.0.0.1:1", Role: wire.User},
	} {
		if err := wrong.Write(path); err == nil {
			t.Errorf("%s: it is written", name)
		}
	}
}

// A hub that is started again gets its hosts back before they have to end their jobs; one
// that is away for long is not asked all the time.
func TestReconnectDelay(t *testing.T) {
	passed := 0.0
	for attempts := 1; attempts < 100; attempts++ {
		delay := reconnectDelay(attempts).Seconds()
		if passed < wire.FenceAfter && delay > wire.BeatInterval/2 {
			t.Errorf("after %g s: got %g s", passed, delay)
		}
		passed += delay
	}
	if last := reconnectDelay(1000); last != reconnectMost {
		t.Errorf("at last: got %v", last)
	}
}
