package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// The leader of a stream does not know whether the others have its messages: a copy that
// gets them later has confirmed that they exist. So each hub says what is on its own disk.

// copySubject is where a hub is asked for that, by the name of the stream.
func copySubject(hub int) string { return fmt.Sprintf("fleet.copy.%d", hub) }

const (
	leastCopies   = 2 // that must be there, so that one hub may be lost
	copyAnswer    = 2 * time.Second
	copyInterval  = 100 * time.Millisecond
	copiesRemind  = 10 * time.Second
	noCopy        = -1
	vanishedCheck = 250 * time.Millisecond
)

// sayCopies answers which messages of a stream this hub has, until its connection ends.
func (h *Hub) sayCopies() error {
	_, err := h.private.Conn.Subscribe(copySubject(h.options.Cluster.Me), func(m *nats.Msg) {
		data, err := json.Marshal(h.ownCopy(string(m.Data)))
		if err == nil {
			_ = m.Respond(data) // or it is asked again
		}
	})
	return err
}

// ownCopy is the sequence number of the last message of a stream on the disk of this hub, or
// noCopy.
func (h *Hub) ownCopy(stream string) (last int64) {
	all, err := h.server.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil {
		return noCopy
	}
	for _, account := range all.AccountDetails {
		for _, s := range account.Streams {
			if s.Name == stream {
				return int64(s.State.LastSeq)
			}
		}
	}
	return noCopy
}

// awaitCopies waits until all connected hubs have a stream up to a message.
func (h *Hub) awaitCopies(ctx context.Context, stream string, last uint64) error {
	for began, told := time.Now(), time.Duration(0); ; {
		var behind []string
		complete, connected := 0, h.connected()
		for i, hub := range h.options.Cluster.Hubs {
			switch {
			case !slices.Contains(connected, hub):
			case h.hasCopy(ctx, i, stream, last):
				complete++
			default:
				behind = append(behind, hub)
			}
		}
		if len(behind) == 0 && complete >= leastCopies {
			return nil
		}
		if waited := time.Since(began); waited-told > copiesRemind {
			told = waited
			h.options.Log("waits for the copies of %s: %s", stream, strings.Join(behind, ", "))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(copyInterval):
		}
	}
}

// hasCopy asks a hub whether it has a stream up to a message.
func (h *Hub) hasCopy(ctx context.Context, hub int, stream string, last uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, copyAnswer)
	defer cancel()
	m, err := h.private.Conn.RequestWithContext(ctx, copySubject(hub), []byte(stream))
	has := int64(noCopy)
	return err == nil && json.Unmarshal(m.Data, &has) == nil && has >= int64(last)
}

// whileAllStay returns a context that ends when a hub that is connected now is not any more:
// then nobody knows what it has done.
func (h *Hub) whileAllStay(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	before := h.connected()
	go every(ctx, vanishedCheck, func() bool {
		gone := missing(before, h.connected())
		if len(gone) > 0 {
			cancel(errors.New("hub " + gone[0] + " cannot be reached any more"))
		}
		return len(gone) == 0
	})
	return ctx, func() { cancel(nil) }
}
