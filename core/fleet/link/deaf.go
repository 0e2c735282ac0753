package link

import (
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/wire"
)

// deafAfter is how long a hub of a cluster may not pass on what the leader answers, until
// another one is tried. Usually another leader is chosen earlier. Hosts must have contact
// again before the patience of a cluster ends.
const deafAfter = 8 * time.Second

// deaf is the hub that the link has left last, because it seems to have no contact to the
// others.
type deaf struct {
	server    string   // its ID; "" if there is none
	addresses []string // by which the link was connected with it
}

func (l *Link) wasHeard() { l.heard.Store(int64(time.Since(l.begin))) }

// leaveDeaf connects with another hub of the cluster if this one seems to have no contact to
// the others. Who has asked for nothing for long leaves at the first question that is not
// answered; that does no harm.
func (l *Link) leaveDeaf() {
	heard := l.heard.Load()
	if l.Config.Role == wire.Hub || time.Since(l.begin)-time.Duration(heard) < deafAfter || !l.Conn.IsConnected() || len(l.Conn.Servers()) < 2 {
		return
	}
	if !l.heard.CompareAndSwap(heard, int64(time.Since(l.begin))) {
		return // another request has left it, or there was an answer
	}
	left := deaf{l.Conn.ConnectedServerId(), []string{l.Conn.ConnectedUrl()}}
	l.mu.Lock()
	l.left = left
	l.mu.Unlock()
	_ = l.Conn.ForceReconnect()
}

// reconnected is called when there is a connection again. The address of the configuration can
// be another name of a hub that is one of the others, too. If the link has left this hub, it
// goes on to the next address, until it has tried all.
func (l *Link) reconnected(conn *nats.Conn) {
	server, address := conn.ConnectedServerId(), conn.ConnectedUrl()
	switch {
	case server == "": // it is broken again
	case l.isLeft(server, address):
		_ = conn.ForceReconnect()
	default:
		l.wasHeard()
	}
}

// isLeft reports whether a server is the deaf hub, by an address that was not tried yet.
func (l *Link) isLeft(server, address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if server != l.left.server || slices.Contains(l.left.addresses, address) {
		l.left = deaf{}
		return false
	}
	l.left.addresses = append(l.left.addresses, address)
	return true
}
