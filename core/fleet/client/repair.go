package client

import (
	"context"
	"sync"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// repairer sends the code of a run again when a host has not found it: the hub may have lost
// it. The scheduler gives the job to a host again meanwhile.
type repairer struct {
	link       *link.Link
	submission wire.Submission
	busy       chan struct{} // has an element while it is sent
	running    sync.WaitGroup
}

func (r *repairer) send(ctx context.Context) {
	select {
	case r.busy <- struct{}{}:
	default:
		return
	}
	r.running.Go(func() {
		defer func() { <-r.busy }()
		s := r.submission
		_ = pack(ctx, r.link, &s) // the job says so if it is still missing
	})
}

func (r *repairer) wait() { r.running.Wait() }
