package client

import (
	"testing"

	"avescript/core/fleet/wire"
)

func TestReach(t *testing.T) {
	for hub, want := range map[string]string{"tls://lab.example.org:4222": "lab.example.org", "nats://127.0.0.1:4222": "127.0.0.1", "tls://[fd00::1]:4222": "fd00::1"} {
		leases := []wire.Lease{{Address: "127.0.0.1", Port: 1}, {Address: "10.1.1.1"}, {}}
		reach(leases, hub)
		if leases[0].Address != want || leases[1].Address != "10.1.1.1" || leases[2].Address != "" {
			t.Errorf("at %s: %v", hub, leases)
		}
	}
}
