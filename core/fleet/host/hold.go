package host

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// hold keeps the equipment for a client, until the run is cancelled or the client does not
// answer any more. The client may not know yet that it has lost the equipment; but the broker
// ends its sessions before anybody else gets it.
func (j *job) hold() wire.Outcome {
	leases := wire.Leases{Token: j.start.Token, Host: j.host.Link.Name}
	if j.equipped != nil {
		leases = j.equipped.leases
		leases.Leases = reachable(leases.Leases, j.host.link.Conn.LocalAddr())
	}
	first, err := json.Marshal(leases)
	if err != nil {
		return wire.Outcome{Status: wire.Broken, Message: err.Error()}
	}
	const interval = time.Second
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	question := first
	for answered := time.Now(); ; {
		if j.host.isFresh() && j.question(question, interval) {
			answered, question = time.Now(), []byte(wire.HoldBeat)
		}
		if time.Since(answered) > seconds(wire.HoldContact)+j.host.hubPatience() {
			return wire.Outcome{Status: wire.Done, Passed: true, Message: "the client that had the equipment does not answer"}
		}
		select {
		case <-j.ctx.Done():
			return wire.Outcome{Status: wire.Stopped}
		case <-ticker.C:
		}
	}
}

// reachable returns leases with sessions as others reach them: at the address from which
// this host is connected with the hub. If that is the hub's own host, the client knows its
// address.
func reachable(leases []wire.Lease, local string) []wire.Lease {
	address, _, err := net.SplitHostPort(local)
	if err != nil {
		return leases
	}
	leases = slices.Clone(leases)
	for i := range leases {
		if ip := net.ParseIP(leases[i].Address); ip != nil && ip.IsLoopback() {
			leases[i].Address = address
		}
	}
	return leases
}

// question asks the client of a Hold, and reports whether it has answered.
func (j *job) question(data []byte, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(j.ctx, limit)
	defer cancel()
	_, err := j.host.link.Conn.RequestMsgWithContext(ctx, link.Message(j.start.Run.Inbox, data))
	return err == nil
}
