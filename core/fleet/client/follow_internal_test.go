package client

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A hub that is cut off answers questions about a stream, so what it answers is looked at.
func TestIsAlone(t *testing.T) {
	near, silent, offline := &jetstream.PeerInfo{Active: time.Second}, &jetstream.PeerInfo{Active: time.Minute}, &jetstream.PeerInfo{Offline: true}
	for name, c := range map[string]struct {
		cluster *jetstream.ClusterInfo
		want    bool
	}{
		"no cluster":     {nil, false},
		"one copy":       {&jetstream.ClusterInfo{Leader: "a"}, false},
		"all reached":    {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{near, near}}, false},
		"one is offline": {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{offline, near}}, false},
		"cut off":        {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{offline, silent}}, true},
		"no leader":      {&jetstream.ClusterInfo{Replicas: []*jetstream.PeerInfo{near, near}}, true},
	} {
		if got := isAlone(c.cluster); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
