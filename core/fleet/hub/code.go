package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The store of code has no maximum age, because code that is used every day is put there
// once. Instead the oldest goes when the store gets full: whoever needs it uploads it again.
const (
	codeInterval = time.Minute
	codeMost     = 0.8 // of the room, when something has to go
	codeLeft     = 0.6 // of the room, when enough has gone
)

// tidyCode keeps room in the store of code, until the context ends.
func (h *Hub) tidyCode(ctx context.Context) {
	every(ctx, codeInterval, func() bool {
		if h.disk.isFull() || h.storeIsOff() || !h.metrics.leading.Load() {
			return true
		}
		if err := evict(ctx, h.stores.code); err != nil && ctx.Err() == nil {
			h.options.Log("%v", err)
		}
		return true
	})
}

// evict removes the oldest objects of a store that is nearly full.
func evict(ctx context.Context, store jetstream.ObjectStore) error {
	status, err := store.Status(ctx)
	if err != nil {
		return fmt.Errorf("cannot look at the store of code: %w", err)
	}
	room := float64(status.(*jetstream.ObjectBucketStatus).StreamInfo().Config.MaxBytes)
	used := float64(status.Size())
	if used < codeMost*room {
		return nil
	}
	objects, err := store.List(ctx)
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list the store of code: %w", err)
	}
	slices.SortFunc(objects, func(a, b *jetstream.ObjectInfo) int {
		return cmp.Or(a.ModTime.Compare(b.ModTime), cmp.Compare(a.Name, b.Name))
	})
	for _, o := range objects {
		if used < codeLeft*room {
			return nil
		}
		if err := store.Delete(ctx, o.Name); err != nil {
			return fmt.Errorf("cannot remove old code: %w", err)
		}
		used -= float64(o.Size)
	}
	return nil
}
