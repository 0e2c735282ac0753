package hub

import (
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"avescript/core/fleet/wire"
)

// connected are the addresses of the hubs of the cluster that this one is connected with, and
// its own.
func (h *Hub) connected() []string {
	names := []string{h.options.Cluster.Hubs[h.options.Cluster.Me]}
	routes, err := h.server.Routez(&server.RoutezOptions{})
	if err == nil {
		for _, r := range routes.Routes {
			names = append(names, r.RemoteName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// usual begins messages of the server that say what is usual in a cluster, or what the hub
// says itself.
var usual = []string{
	"Error trying to connect to route", "TLS certificate chain and hostname", "Waiting for routing",
	"JetStream has not established contact", "Catchup for stream", "JetStream cluster ", "JetStream is not current", "Metalayer ",
}

// watchHubs logs when another hub of the cluster comes or goes.
func (h *Hub) watchHubs(ctx context.Context) {
	before := h.connected()
	every(ctx, followInterval, func() bool {
		now := h.connected()
		for _, hub := range missing(now, before) {
			h.options.Log("hub %s is there", hub)
		}
		for _, hub := range missing(before, now) {
			h.options.Log("hub %s cannot be reached", hub)
		}
		before = now
		return true
	})
}

// missing are the hubs of a list that another one does not have.
func missing(hubs, in []string) []string {
	return slices.DeleteFunc(slices.Clone(hubs), func(hub string) bool { return slices.Contains(in, hub) })
}

// watchLeader asks the leader for its view whenever somebody has looked at that of this hub,
// which does not lead. A view can be large, so nobody asks while nobody looks.
func (h *Hub) watchLeader(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.looked:
		}
		if h.metrics.leading.Load() {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, leaderPatience)
		answer, err := h.link.Request(limited, wire.VerbLab, nil)
		cancel()
		if err == nil && answer.Lab != nil {
			h.view.mirror(*answer.Lab)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(mirrorPause):
		}
	}
}

const (
	followInterval = time.Second
	leaderPatience = 10 * time.Second       // for an answer of the leader
	mirrorPause    = 500 * time.Millisecond // between two questions to it, at least
)

// hubs are those of the cluster, for the view; this one leads.
func (h *Hub) hubs() (list []wire.LabHub) {
	if h.options.Cluster == nil {
		return nil
	}
	connected := h.connected()
	for i, hub := range h.options.Cluster.Hubs {
		list = append(list, wire.LabHub{Name: hub, Leads: i == h.options.Cluster.Me, Away: !slices.Contains(connected, hub)})
	}
	return list
}
