package host

import (
	"testing"

	"avescript/core/fleet/wire"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	for local, want := range map[string]string{"10.77.0.11:40000": "10.77.0.11", "[fd00::1]:4": "fd00::1", "127.0.0.1:5": "127.0.0.1", "": "127.0.0.1"} {
		own := []wire.Lease{{Address: "127.0.0.1", Port: 1}, {Address: "10.1.1.1"}, {}}
		got := reachable(own, local)
		if got[0].Address != want || got[1].Address != "10.1.1.1" || got[2].Address != "" || own[0].Address != "127.0.0.1" {
			t.Errorf("from %q: %v, of %v", local, got, own)
		}
	}
}
