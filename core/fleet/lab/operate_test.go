package lab

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
)

// TestOperateTwice: an administrator's command is sent again because the hub could not answer.
// What is gone by then may be what the first try has removed.
func TestOperateTwice(t *testing.T) {
	s := natstest.Start(t, &server.Options{})
	hub, err := link.Dial(t.Context(), link.Config{URL: s.ClientURL(), Role: wire.Hub, Name: "hub"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hub.Close)
	var away atomic.Int32 // how often it cannot answer
	_, err = hub.Conn.Subscribe(wire.RequestAll, func(m *nats.Msg) {
		answer := wire.Answer{Code: wire.CodeUnknown, Error: "there is no key of worker lab-1"}
		if away.Add(-1) >= 0 {
			answer = wire.Answer{Code: wire.CodeRetry, Error: "could not write"}
		}
		_ = link.Respond(m, answer) // the test sees what is missing
	})
	if err == nil {
		err = hub.Conn.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "admin.json")
	if err := (link.Config{URL: s.ClientURL(), Role: wire.Admin, Name: "root"}).Write(file); err != nil {
		t.Fatal(err)
	}
	t.Setenv(link.EnvFile, file)
	const unknown = "there is no key of worker lab-1"
	for tries, want := range map[int32]string{
		0: unknown,
		1: unknown + "; the hub was away at the first try, which may have done this already",
	} {
		away.Store(tries)
		err := Operate(t.Context(), wire.VerbRevoke, wire.Revoke{Role: wire.Worker, Name: "lab-1"})
		if err == nil || err.Error() != want {
			t.Errorf("after %d tries: wanted %q, got %v", tries, want, err)
		}
	}
}
