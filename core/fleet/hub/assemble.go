package hub

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// assemble waits for the other hubs, and opens the stores. The first hub makes what all of
// them use, or moves it from the store of the time when it was alone. The bucket of the
// leader is made last: nobody leads before.
func (h *Hub) assemble(ctx context.Context) (err error) {
	if err := h.sayCopies(); err != nil {
		return err
	}
	if err := h.awaitQuorum(ctx); err != nil {
		return err
	}
	founder := h.options.Cluster.Me == 0
	if founder {
		if err := h.moveIn(ctx); err != nil {
			return fmt.Errorf("cannot move the store of this hub into the cluster: %w", err)
		}
		if err := h.shareBook(ctx); err != nil {
			return err
		}
	}
	what := "waits until the first hub, " + h.options.Cluster.Hubs[0] + ", has begun"
	if founder {
		what = "waits for the other hubs: all three must be there at the first start"
	}
	waiting := h.remind(ctx, what)
	h.stores, err = h.openStores(ctx)
	waiting()
	if err != nil {
		return err
	}
	if founder {
		return h.moveAway()
	}
	return h.shareBook(ctx)
}

// shareBook has the book share its keys with the other hubs.
func (h *Hub) shareBook(ctx context.Context) error {
	o := h.opener(ctx, h.private.JS)
	bucket, err := o.bucket(jetstream.KeyValueConfig{Bucket: wire.KeyBucket})
	if err != nil {
		return err
	}
	defer h.remind(ctx, "waits for the keys of the lab")()
	return patient(ctx, func(context.Context) (err error) { // just after its creation, the bucket cannot answer
		h.unshare, err = h.book.Share(context.WithoutCancel(ctx), bucket)
		return err
	})
}

// awaitQuorum waits until most hubs of the cluster are connected and have chosen a leader of
// their stores.
func (h *Hub) awaitQuorum(ctx context.Context) error {
	defer h.remind(ctx, "waits for another hub of the cluster")()
	return patient(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := h.private.JS.AccountInfo(ctx)
		return err
	})
}

// remind logs every now and then what this hub waits for, until the returned function is
// called.
func (h *Hub) remind(ctx context.Context, what string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for wait := 2 * time.Second; ; wait = 30 * time.Second {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			h.options.Log("%s; connected are: %s", what, strings.Join(h.connected(), ", "))
		}
	}()
	return cancel
}
