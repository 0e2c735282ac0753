package hub

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// snapshot is the state of the ledger at a place, from which reading can go on.
type snapshot struct {
	Format int             `json:"format"` // see ledgerFormat
	Seq    uint64          `json:"seq"`    // of the last message that it has
	Next   uint64          `json:"next"`   // where the ledger goes on at the earliest; usually Seq+1
	State  json.RawMessage `json:"state"`
	Notes  []wire.Note     `json:"notes,omitempty"` // that may not have been published
}

const keptSnapshots = 2

// pack is the snapshot as it is stored: gzip of JSON.
func (s snapshot) pack() ([]byte, error) {
	s.Format = ledgerFormat
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err := json.NewEncoder(z).Encode(s); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

func unpack(data []byte) (s snapshot, err error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		data, err = io.ReadAll(z)
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err == nil {
		err = checkFormat(s.Format)
	}
	if err == nil && (s.Next <= s.Seq || len(s.State) == 0) {
		err = errors.New("it has no state")
	}
	if err != nil {
		return s, fmt.Errorf("cannot read a snapshot of the ledger: %w", err)
	}
	return s, nil
}

// snapshotName sorts by time: a jump keeps Seq and raises Next.
func snapshotName(s snapshot) string { return fmt.Sprintf("ledger-%020d-%020d", s.Next, s.Seq) }

// saveSnapshot stores a snapshot, and removes old ones.
func saveSnapshot(ctx context.Context, store jetstream.ObjectStore, s snapshot) error {
	data, err := s.pack()
	if err != nil {
		return fmt.Errorf("cannot write a snapshot of the ledger: %w", err)
	}
	if _, err := store.PutBytes(ctx, snapshotName(s), data); err != nil {
		return fmt.Errorf("cannot write a snapshot of the ledger: %w", err)
	}
	names, err := snapshotNames(ctx, store)
	for _, name := range names[:max(0, len(names)-keptSnapshots)] {
		err = errors.Join(err, store.Delete(ctx, name))
	}
	return err
}

// snapshotNames are the names of all snapshots, the newest last.
func snapshotNames(ctx context.Context, store jetstream.ObjectStore) (names []string, err error) {
	list, err := store.List(ctx)
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the snapshots of the ledger: %w", err)
	}
	for _, info := range list {
		if strings.HasPrefix(info.Name, "ledger-") {
			names = append(names, info.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// loadSnapshot reads the newest snapshot that is undamaged. ok is false if there is none.
// The ledger keeps what came after the one before, so a damaged one is no loss.
func loadSnapshot(ctx context.Context, store jetstream.ObjectStore, log func(string, ...any)) (s snapshot, ok bool, err error) {
	names, err := snapshotNames(ctx, store)
	if err != nil {
		return s, false, err
	}
	for _, name := range slices.Backward(names) {
		var data []byte
		data, err = store.GetBytes(ctx, name)
		if err == nil {
			s, err = unpack(data)
		}
		if err == nil || errors.Is(err, errNewer) {
			return s, err == nil, err
		}
		log("the snapshot %s is damaged, so an older one is used: %v", name, err)
	}
	return snapshot{}, false, err
}

// epoch is a sequence number that no copy of a ledger reaches that ended at seq some time ago:
// a ledger grows by less than a million messages in each second. It does not depend on the
// clock alone, which may be wrong.
func epoch(seq uint64, now time.Time) uint64 {
	const perSecond = 1 << 20
	return max(seq+60*perSecond, uint64(max(now.Unix(), 0))*perSecond)
}
