package lab

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/hubports"
)

// listening is an address at which somebody listens, for clients and for other hubs or not.
func listening(t *testing.T, forHubs bool) string {
	t.Helper()
	list, err := hubports.Addresses(1)
	if err != nil {
		t.Fatal(err)
	}
	address := list[0]
	ports := []string{address}
	if forHubs {
		ports = append(ports, hub.Cluster{Hubs: list}.Route(0))
	}
	for _, port := range ports {
		l, err := net.Listen("tcp", port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	return address
}

// TestDoctorOfCluster finds what is wrong between hubs.
func TestDoctorOfCluster(t *testing.T) {
	nobody := listening(t, false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()
	var out bytes.Buffer
	d := &doctor{ctx: t.Context(), out: &out, visited: map[string]bool{}}
	check := func(wrong int, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("wanted %q, got:\n%s", w, &out)
			}
		}
		if d.wrong != wrong {
			t.Errorf("wanted %d faults, got %d:\n%s", wrong, d.wrong, &out)
		}
		out.Reset()
		d.wrong, d.visited = 0, map[string]bool{}
	}

	// At a hub.
	me := listening(t, true)
	d.routes("/d", hub.Cluster{Hubs: []string{me, listening(t, true), listening(t, true)}})
	check(0, "ok     hub "+me+": it can reach the other hubs\n")
	d.routes("/d", hub.Cluster{Hubs: []string{nobody, me, gone}, Me: 1})
	check(2, "WRONG  hub "+nobody+": it runs, but "+me+" cannot connect to it: dial tcp ", "WRONG  hub "+gone+": cannot reach the hub: ")
	d.routes("/d", hub.Cluster{Hubs: []string{gone, me, me}})
	if strings.Contains(out.String(), "can reach the other hubs") {
		t.Errorf("a hub that does not run is well:\n%s", &out)
	}
	check(1, "WRONG  hub "+gone+": it does not run, or its name is not that of this host: ")

	// Somewhere else.
	config := link.Config{URL: "nats://" + me, Others: "nats://" + nobody + ",nats://" + gone}
	for range 2 {
		if !d.anyHub(config) {
			t.Error("wanted that one can be reached")
		}
	}
	check(1, "WRONG  hub "+gone+": cannot reach the hub: ")
	d.account(link.Config{URL: "nats://" + gone, Others: "nats://" + gone, Role: wire.User, Name: "anna"})
	check(2, "WRONG  user anna: it can reach no hub of its lab\n")
	hubs := []wire.LabHub{{Name: "hub-1:4222"}, {Name: me, Leads: true}, {Name: nobody}}
	config.Public, config.URL = "tls://hub-1:4222", "tls://"+me
	d.hubs(config, hubs)
	check(0, fmt.Sprintf("ok     hubs: all 3 are connected, %s leads\n", me))
	hubs[2].Away = true
	d.hubs(config, hubs)
	check(1, "WRONG  hub "+nobody+": it runs, but "+me+", which leads, has no contact with it: see its log, and check that the other hubs can connect to "+hub.Cluster{Hubs: []string{nobody}}.Route(0)+"\n")
	hubs[2].Name = gone
	d.hubs(config, hubs)
	check(1, "WRONG  hub "+gone+": cannot reach the hub: ")
	d.hubs(link.Config{}, nil)
	check(0)
}

// TestPageThatIsThere finds the page of another hub when that of the first one is away.
func TestPageThatIsThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	gone, others := "https://127.0.0.3:"+port, "tls://127.0.0.2:4222,tls://127.0.0.1:4222"
	if got, want := reachable(gone, others), "https://127.0.0.1:"+port; got != want {
		t.Errorf("got %s, wanted %s", got, want)
	}
	if got := reachable(gone, "tls://127.0.0.2:4222"); got != gone {
		t.Errorf("if none is there: got %s, wanted %s", got, gone)
	}
}
