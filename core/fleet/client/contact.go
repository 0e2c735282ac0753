package client

import (
	"context"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// watch says when the contact to the hub is lost and when it is back, until it is stopped.
func watch(ctx context.Context, l *link.Link, w *lines) (stop func()) {
	changes := l.Conn.StatusChanged(nats.RECONNECTING, nats.CONNECTED, nats.CLOSED)
	over := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		lost := false
		for {
			select {
			case status, ok := <-changes:
				if !ok {
					return
				}
				switch {
				case status == nats.RECONNECTING && !lost:
					lost = true
					w.write(wire.Line{Say: "the contact to the hub is lost; the run goes on, and more of it is shown when the hub is back"})
				case status == nats.CONNECTED && lost:
					lost = false
					w.write(wire.Line{Say: "the hub is back"})
				}
			case <-ctx.Done():
				return
			case <-over:
				return
			}
		}
	}()
	return func() {
		l.Conn.RemoveStatusListener(changes)
		close(over)
		<-done
	}
}
