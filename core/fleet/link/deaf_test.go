package link

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
	"avescript/internal/poll"
)

// twoHubs are two servers that know each other.
func twoHubs(t *testing.T) (first, second *server.Server) {
	t.Helper()
	route := server.ClusterOpts{Name: "lab", Host: "127.0.0.1", Port: -1}
	first = natstest.Start(t, &server.Options{Cluster: route})
	second = natstest.Start(t, &server.Options{Cluster: route,
		Routes: []*url.URL{{Scheme: "nats-route", Host: first.ClusterAddr().String()}}})
	return first, second
}

// renamed is a link with a hub, by another name than that which the hubs tell. This is the name
// that it would try next.
func renamed(t *testing.T) (user *Link, hub, other *server.Server) {
	t.Helper()
	hub, other = twoHubs(t)
	if hub.ClientURL() > other.ClientURL() {
		hub, other = other, hub
	}
	name := strings.Replace(hub.ClientURL(), "127.0.0.1", "localhost", 1)
	user, err := Dial(t.Context(), Config{URL: name, Role: wire.User, Name: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(user.Close)
	poll.Until(t, "the link knows all names", func() bool { return user.Hubs() == hub.ClientURL()+","+other.ClientURL() })
	return user, hub, other
}

// silent has the link find that its hub passes nothing on.
func silent(l *Link) {
	l.heard.Store(int64(time.Since(l.begin) - deafAfter))
	l.leaveDeaf()
}

// A hub that has two names is not taken for another hub.
func TestDeafHubIsLeftByAllNames(t *testing.T) {
	user, _, other := renamed(t)
	silent(user)
	poll.Until(t, "the link has found the other hub", func() bool { return user.Conn.ConnectedUrl() == other.ClientURL() })
}

// If no other hub can be reached, the link keeps the deaf one.
func TestOnlyDeafHubIsKept(t *testing.T) {
	user, _, other := renamed(t)
	before := user.Conn.ConnectedUrl()
	other.Shutdown()
	other.WaitForShutdown()
	silent(user)
	const names = 2
	poll.Until(t, "the link has tried all names", func() bool { return user.Conn.Stats().Reconnects == names })
	if err := user.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the hub is not taken for a deaf one", func() bool {
		user.mu.Lock()
		defer user.mu.Unlock()
		return user.left.server == ""
	})
	if now := user.Conn.ConnectedUrl(); now != before || user.Conn.Stats().Reconnects != names {
		t.Errorf("wanted %s after %d connections, got %s after %d", before, names, now, user.Conn.Stats().Reconnects)
	}
}
