package hub

import (
	"testing"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

func TestLanes(t *testing.T) {
	t.Parallel()
	q := newLane(wire.User)
	for range laneLength {
		if !q.put(&request{size: 100}) {
			t.Fatal("wanted room")
		}
	}
	if q.put(&request{size: 100}) {
		t.Error("wanted that there is no room for one more")
	}
	if got := q.bytes.Load(); got != 100*laneLength {
		t.Errorf("wanted the bytes of those that wait, got %d", got)
	}
	if q = newLane(wire.User); !q.put(&request{size: laneBytes}) || q.put(&request{size: 1}) {
		t.Error("wanted that the bytes are limited")
	}
}

// A user that floods the hub keeps neither hosts nor administrators from it.
func TestFlood(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	host := newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	eve, root := dial(t, h.URL(), wire.User, "eve"), dial(t, h.URL(), wire.Admin, "root")
	data, err := plain(submission("flood", 20_000))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := eve.Conn.PublishMsg(link.Message(wire.RequestSubject(wire.User, "eve", wire.VerbSubmit), data)); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if _, err := ask(t, root, wire.VerbQuota, wire.Quota{User: "eve", Cores: 1}); err != nil {
			t.Fatal(err)
		}
	}
	host.mu.Lock()
	before := host.answers
	host.mu.Unlock()
	poll.Until(t, "the host has contact", func() bool {
		host.mu.Lock()
		defer host.mu.Unlock()
		return host.answers > before+1
	})
	if lab := theLab(t, root); len(lab.Hosts) != 1 || lab.Hosts[0].State != "up" {
		t.Errorf("wanted that the host is up, got %+v", lab.Hosts)
	}
}
