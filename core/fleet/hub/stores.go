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

// openStores opens or creates everything. In a cluster, only the first hub creates anything,
// and the others wait until it has.
func (h *Hub) openStores(ctx context.Context) (s *stores, err error) {
	o, room := h.options, float64(h.disk.room())
	share := func(of float64) int64 { return max(int64(room*of), 1<<20) }
	s = &stores{}
	open, private := h.opener(ctx, h.js), h.opener(ctx, h.private.JS)
	s.ledger, err = private.stream(jetstream.StreamConfig{
		Name: wire.LedgerStream, Subjects: []string{wire.LedgerSubject}, MaxBytes: cmp.Or(o.ledgerBytes, share(shareLedger)),
		Discard: jetstream.DiscardNew, AllowDirect: true, Duplicates: time.Second,
	})
	if err != nil {
		return nil, err
	}
	s.output, err = open.stream(jetstream.StreamConfig{
		Name: wire.OutputStream, Subjects: []string{wire.OutputAll, wire.NoteAll}, MaxBytes: share(shareOutput),
		Discard: jetstream.DiscardOld, MaxAge: o.OutputAge, AllowDirect: true, Duplicates: time.Minute,
	})
	if err != nil {
		return nil, err
	}
	for _, store := range []struct {
		to   *jetstream.ObjectStore
		open opener
		with jetstream.ObjectStoreConfig
	}{
		{&s.code, open, jetstream.ObjectStoreConfig{Bucket: wire.CodeStore, MaxBytes: share(shareCode)}},
		{&s.artifacts, open, jetstream.ObjectStoreConfig{Bucket: wire.ArtifactStore, MaxBytes: share(shareArtifacts), TTL: o.ArtifactAge}},
		{&s.snapshots, private, jetstream.ObjectStoreConfig{Bucket: wire.SnapshotStore, MaxBytes: share(shareSnapshots)}},
	} {
		if *store.to, err = store.open.objects(store.with); err != nil {
			return nil, err
		}
	}
	s.leader, err = private.bucket(jetstream.KeyValueConfig{Bucket: wire.LeaderBucket, TTL: leaderTTL})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// opener opens what is in JetStream.
type opener struct {
	ctx    context.Context
	js     jetstream.JetStream
	create bool // or only open
	copies int  // of what is created, each by another hub
}

func (h *Hub) opener(ctx context.Context, js jetstream.JetStream) opener {
	return opener{ctx, js, h.options.Cluster == nil || h.options.Cluster.Me == 0, h.options.copies()}
}

func (o opener) stream(config jetstream.StreamConfig) (s jetstream.Stream, err error) {
	config.Replicas = o.copies
	err = patient(o.ctx, func(ctx context.Context) (err error) {
		if o.create {
			s, err = o.js.CreateOrUpdateStream(ctx, config)
		} else {
			s, err = o.js.Stream(ctx, config.Name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the stream %q of the hub: %w", config.Name, err)
	}
	return s, nil
}

func (o opener) objects(config jetstream.ObjectStoreConfig) (s jetstream.ObjectStore, err error) {
	config.Replicas = o.copies
	err = patient(o.ctx, func(ctx context.Context) (err error) {
		if o.create {
			s, err = o.js.CreateOrUpdateObjectStore(ctx, config)
		} else {
			s, err = o.js.ObjectStore(ctx, config.Bucket)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the store %q of the hub: %w", config.Bucket, err)
	}
	return s, nil
}

func (o opener) bucket(config jetstream.KeyValueConfig) (b jetstream.KeyValue, err error) {
	config.Replicas = o.copies
	err = patient(o.ctx, func(ctx context.Context) (err error) {
		if o.create {
			b, err = o.js.CreateOrUpdateKeyValue(ctx, config)
		} else {
			b, err = o.js.KeyValue(ctx, config.Bucket)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the bucket %q of the hub: %w", config.Bucket, err)
	}
	return b, nil
}

// noPeers is the code of the server for a stream that has more copies than there are hubs.
const noPeers = 10005

// openTry is how long one question may take: its answer can be lost.
const openTry = 5 * time.Second

// patient repeats a request for as long as the server is still starting: just after it
// accepts connections, it does not know its streams. In a cluster it waits for other hubs.
func patient(ctx context.Context, do func(ctx context.Context) error) error {
	for wait := 20 * time.Millisecond; ; wait = min(wait*5/4, 500*time.Millisecond) {
		limited, cancel := context.WithTimeout(ctx, openTry)
		err := do(limited)
		cancel()
		var api *jetstream.APIError
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case errors.As(err, &api) && api.Code < 500 && api.ErrorCode != noPeers && !errors.Is(err, jetstream.ErrStreamNotFound):
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}
