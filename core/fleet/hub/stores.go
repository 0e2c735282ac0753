package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// stores are the streams and stores of a fleet.
type stores struct {
	ledger, output             jetstream.Stream
	code, artifacts, snapshots jetstream.ObjectStore
	leader                     jetstream.KeyValue
	codeRoom                   int64 // bytes that code may have
}

// How the disk is divided. The ledger refuses when it is full, and so does each store; of
// the output, the oldest goes.
const (
	shareLedger    = 0.20
	shareOutput    = 0.30
	shareCode      = 0.15
	shareArtifacts = 0.25
	shareSnapshots = 0.10
)

// openStores opens or creates everything. room is how many bytes it may have altogether.
func openStores(ctx context.Context, js jetstream.JetStream, o Options, room int64) (s *stores, err error) {
	share := func(of float64) int64 { return max(int64(float64(room)*of), 1<<20) }
	s = &stores{codeRoom: share(shareCode)}
	s.ledger, err = openStream(ctx, js, jetstream.StreamConfig{
		Name: wire.LedgerStream, Subjects: []string{wire.LedgerSubject}, MaxBytes: cmp.Or(o.ledgerBytes, share(shareLedger)),
		Discard: jetstream.DiscardNew, AllowDirect: true, Duplicates: time.Second,
	})
	if err != nil {
		return nil, err
	}
	s.output, err = openStream(ctx, js, jetstream.StreamConfig{
		Name: wire.OutputStream, Subjects: []string{wire.OutputAll, wire.NoteAll}, MaxBytes: share(shareOutput),
		Discard: jetstream.DiscardOld, MaxAge: o.OutputAge, AllowDirect: true, Duplicates: time.Minute,
	})
	if err != nil {
		return nil, err
	}
	for _, store := range []struct {
		to   *jetstream.ObjectStore
		with jetstream.ObjectStoreConfig
	}{
		{&s.code, jetstream.ObjectStoreConfig{Bucket: wire.CodeStore, MaxBytes: s.codeRoom}},
		{&s.artifacts, jetstream.ObjectStoreConfig{Bucket: wire.ArtifactStore, MaxBytes: share(shareArtifacts), TTL: o.ArtifactAge}},
		{&s.snapshots, jetstream.ObjectStoreConfig{Bucket: wire.SnapshotStore, MaxBytes: share(shareSnapshots)}},
	} {
		err = patient(ctx, func() (err error) {
			*store.to, err = js.CreateOrUpdateObjectStore(ctx, store.with)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot open the store %q of the hub: %w", store.with.Bucket, err)
		}
	}
	err = patient(ctx, func() (err error) {
		s.leader, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: wire.LeaderBucket, TTL: leaderTTL})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the bucket %q of the hub: %w", wire.LeaderBucket, err)
	}
	return s, nil
}

func openStream(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig) (s jetstream.Stream, err error) {
	err = patient(ctx, func() (err error) {
		s, err = js.CreateOrUpdateStream(ctx, config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the stream %q of the hub: %w", config.Name, err)
	}
	return s, nil
}

// patient repeats a request for as long as the server is still starting: just after it
// accepts connections, it does not know its streams.
func patient(ctx context.Context, do func() error) error {
	for {
		err := do()
		var api *jetstream.APIError
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case errors.As(err, &api) && api.Code < 500 && !errors.Is(err, jetstream.ErrStreamNotFound):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
