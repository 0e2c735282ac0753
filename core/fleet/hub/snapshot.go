package hub

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
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
func saveSnapshot(ctx context.Context, conn *nats.Conn, store jetstream.ObjectStore, s snapshot) error {
	data, err := s.pack()
	if err != nil {
		return fmt.Errorf("cannot write a snapshot of the ledger: %w", err)
	}
	if _, err := store.PutBytes(ctx, snapshotName(s), data); err != nil {
		return fmt.Errorf("cannot write a snapshot of the ledger: %w", err)
	}
	objects, err := snapshotObjects(ctx, conn)
	for _, object := range objects[:max(0, len(objects)-keptSnapshots)] {
		err = errors.Join(err, store.Delete(ctx, object.Name))
	}
	return err
}

// loadSnapshot reads the newest snapshot that is undamaged. ok is false if there is none.
// The ledger keeps what came after the one before, so a damaged one is no loss.
func loadSnapshot(ctx context.Context, conn *nats.Conn, log func(string, ...any)) (s snapshot, ok bool, err error) {
	objects, err := snapshotObjects(ctx, conn)
	if err != nil {
		return s, false, err
	}
	for _, object := range slices.Backward(objects) {
		var data []byte
		data, err = readObject(ctx, conn, object)
		if err == nil {
			s, err = unpack(data)
		}
		if err == nil || errors.Is(err, errNewer) {
			return s, err == nil, err
		}
		log("the snapshot %s is damaged, so an older one is used: %v", object.Name, err)
	}
	return snapshot{}, false, err
}

// What an object store has for an object is a message with its name and its size, and
// messages with its content. They are read without a consumer, see [direct].
const (
	snapshotStream  = "OBJ_" + wire.SnapshotStore
	snapshotMetas   = "$O." + wire.SnapshotStore + ".M.>"
	snapshotContent = "$O." + wire.SnapshotStore + ".C."
)

// snapshotObjects lists all snapshots, the newest last. The library's own list can wait
// without end when something is deleted meanwhile.
func snapshotObjects(ctx context.Context, conn *nats.Conn) (objects []jetstream.ObjectInfo, err error) {
	err = insist(ctx, func() error {
		objects = nil
		_, err := direct(ctx, conn, snapshotStream, snapshotMetas, 1, func(_ uint64, m *nats.Msg) error {
			var info jetstream.ObjectInfo
			if err := json.Unmarshal(m.Data, &info); err != nil {
				return err
			}
			if !info.Deleted && strings.HasPrefix(info.Name, "ledger-") {
				objects = append(objects, info)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the snapshots of the ledger: %w", err)
	}
	slices.SortFunc(objects, func(a, b jetstream.ObjectInfo) int { return strings.Compare(a.Name, b.Name) })
	return objects, nil
}

// readObject reads the content of a snapshot.
func readObject(ctx context.Context, conn *nats.Conn, object jetstream.ObjectInfo) (data []byte, err error) {
	err = insist(ctx, func() error {
		data = nil
		_, err := direct(ctx, conn, snapshotStream, snapshotContent+object.NUID, 1, func(_ uint64, m *nats.Msg) error {
			data = append(data, m.Data...)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if digest, err := jetstream.DecodeObjectDigest(object.Digest); err != nil || !bytes.Equal(digest, sum[:]) {
		return nil, fmt.Errorf("wanted %d bytes with the digest %s, got %d others", object.Size, object.Digest, len(data))
	}
	return data, nil
}

// insist tries again for a while what is answered by any hub, because it may have just died.
func insist(ctx context.Context, do func() error) error {
	for end := time.Now().Add(foldWait); ; {
		err := do()
		var stopped *stopReading
		if err == nil || errors.As(err, &stopped) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(readWait):
		}
	}
}

// epoch is a sequence number that no copy of a ledger reaches that ended at seq some time ago:
// a ledger grows by less than a million messages in each second. It does not depend on the
// clock alone, which may be wrong.
func epoch(seq uint64, now time.Time) uint64 {
	const perSecond = 1 << 20
	return max(seq+60*perSecond, uint64(max(now.Unix(), 0))*perSecond)
}
