package hub

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// A hub that does not lead shows what the one that leads shows.
func TestViewOfTheLeader(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.start(0, 1, 2)
	leads := c.leader()
	names := func(h *Hub) (text string) {
		for _, hub := range h.View().Hubs {
			if hub.Leads {
				text += "leads:"
			}
			text += hub.Name + " "
		}
		return text
	}
	for i, h := range c.hubs {
		poll.Until(t, "the hub has the view of the leader", func() bool { return names(h) != "" && names(h) == names(c.hubs[leads]) })
		if got := h.metrics.leading.Load(); got != (i == leads) {
			t.Errorf("hub %d: leads: %v", i+1, got)
		}
		poll.Until(t, "its metrics have all hubs", func() bool {
			w := httptest.NewRecorder()
			h.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			return strings.Contains(w.Body.String(), "\nave_fleet_hubs 3\n") && strings.Contains(w.Body.String(), "\nave_fleet_hubs_connected 3\n")
		})
	}
}

// A view that comes after this hub has begun to lead is not shown: it can lack what was
// answered.
func TestLateMirror(t *testing.T) {
	t.Parallel()
	v := newView()
	v.mirror(wire.Lab{Hub: "a", Seq: 9})
	v.set(wire.Lab{Hub: "b", Seq: 10}, 10, v.made)
	v.mirror(wire.Lab{Hub: "a", Seq: 9})
	if got := v.newest().Hub; got != "b" {
		t.Errorf("it shows the view of %s", got)
	}
	v.mirror(wire.Lab{Hub: "c", Seq: 12})
	if got := v.newest().Hub; got != "c" {
		t.Errorf("it shows the view of %s", got)
	}
}
