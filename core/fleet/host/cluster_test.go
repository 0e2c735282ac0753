package host

import (
	"path/filepath"
	"testing"

	"avescript/core/fleet/access"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/hubports"
	"avescript/internal/poll"
)

// newCluster starts three hubs, and makes a user and the configuration of a host there.
func newCluster(t *testing.T) (l *lab, host link.Config) {
	t.Helper()
	addresses, err := hubports.Addresses(3)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := hub.NewCluster(addresses)
	if err != nil {
		t.Fatal(err)
	}
	var hubs [3]*hub.Hub
	var dirs [3]string
	for i := range dirs {
		dirs[i] = t.TempDir()
	}
	keys, err := access.Whole(filepath.Join(dirs[0], "keys"))
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, len(hubs))
	for i, dir := range dirs {
		if i > 0 {
			if err := access.Import(filepath.Join(dir, "keys"), keys); err != nil {
				t.Fatal(err)
			}
		}
		me := cluster
		me.Me = i
		go func() {
			var err error
			hubs[i], err = hub.Start(t.Context(), hub.Options{Dir: dir, Listen: "127.0.0.1", Keys: true, Cluster: &me, Log: t.Logf})
			failed <- err
		}()
	}
	t.Cleanup(func() {
		for _, h := range hubs {
			if h != nil {
				h.Close()
			}
		}
	})
	for range hubs {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	account := func(role, name string) link.Config {
		config, err := hubs[0].Book().Local(filepath.Join(t.TempDir(), "account.json"), link.Config{URL: hubs[0].URL(), Role: role, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	user, err := link.Dial(t.Context(), account(wire.User, "user"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(user.Close)
	return &lab{T: t, hub: hubs[0], user: user}, account(wire.Worker, "one")
}

// TestHoldInACluster: a client that has to find another hub does not answer for a while, and
// keeps its equipment.
func TestHoldInACluster(t *testing.T) {
	t.Parallel()
	l, config := newCluster(t)
	l.host("one", func(o *Options) { o.Link = config })
	inbox := l.user.Conn.NewInbox()
	questions, err := l.user.Conn.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	r := l.send(wire.Run{ID: wire.NewRunID(), Kind: wire.Hold, Inbox: inbox}, []wire.Job{{Name: "by hand"}})
	// The host asks once a second. It has waited for all unanswered questions but the last.
	const unanswered = wire.HoldContact + 2
	for n := range 2 + int(unanswered) {
		m, err := questions.NextMsgWithContext(poll.Context(t))
		if err != nil {
			t.Fatalf("got question %d: %v", n, err)
		}
		if n > 0 && n <= unanswered {
			continue
		}
		if err := m.RespondMsg(link.Message(m.Reply, []byte(wire.HoldBeat))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.user.Request(poll.Context(t), wire.VerbCancel, wire.Cancel{Run: r.id}); err != nil {
		t.Fatal(err)
	}
	if o := outcome(r.over()[0]); o.Status != wire.Stopped {
		t.Errorf("got %+v", o)
	}
}
