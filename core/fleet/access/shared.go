package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// shared is the content of a book that all hubs of a cluster have. It is one entry of a
// bucket: whoever changes it says which revision was changed, so no change is lost. Each
// hub has a copy in its file, and decides by that who may connect.
type shared struct {
	bucket jetstream.KeyValue
}

const (
	bookKey   = "book"
	shareTime = 2 * time.Second // for one question to the bucket
	shareWait = 20 * time.Millisecond

	askInterval = 500 * time.Millisecond

	lookInterval = 5 * time.Second // between two looks for what the watcher has missed
)

// errStale says that another hub has changed the content.
var errStale = errors.New("another hub has changed the keys")

// WillShare says that [Book.Share] follows, so that the book may be an old one until then: it
// denies nobody before. A client that was denied twice does not come again.
func (b *Book) WillShare() { b.sharing = make(chan struct{}) }

// A client that the book does not know waits for so long until the other hubs can be asked.
// It has given up then.
const undecided = 6 * time.Second

// askOthers waits until the book has what other hubs know, and reports whether it does.
func (b *Book) askOthers() bool {
	if b.sharing == nil {
		return true
	}
	over := time.After(undecided)
	select {
	case <-b.sharing:
	case <-over:
		return false
	}
	select { // one question at a time, however many strangers come
	case b.asking <- struct{}{}:
		defer func() { <-b.asking }()
	case <-over:
		return false
	}
	for b.catchUp() != nil {
		select {
		case <-over:
			return false
		case <-time.After(askInterval):
		}
	}
	return true
}

// Share has the book share its content with the other hubs of a cluster, until the returned
// function is called. If nothing is in the bucket, the content of this book gets there.
func (b *Book) Share(ctx context.Context, bucket jetstream.KeyValue) (stop func(), err error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	sharing := &shared{bucket}
	b.mu.Lock()
	b.shared = sharing
	b.mu.Unlock()
	content, err := sharing.read(0)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		content = b.clone()
		content.revision, err = sharing.write(content)
	}
	if err == nil {
		err = b.install(content)
	}
	if err != nil {
		return nil, err
	}
	watcher, err := bucket.Watch(ctx, bookKey)
	if err != nil {
		return nil, fmt.Errorf("cannot follow the keys of the lab: %w", err)
	}
	if b.sharing != nil {
		close(b.sharing)
	}
	following, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.follow(following, bucket, watcher)
	}()
	return func() {
		end()
		<-done
	}, nil
}

// follow installs what other hubs have changed. The watcher can end, and be late, because the
// server may keep it at a hub that has just died: so the bucket is looked at, too.
func (b *Book) follow(ctx context.Context, bucket jetstream.KeyValue, watcher jetstream.KeyWatcher) {
	defer func() { _ = watcher.Stop() }() // with the connection it has stopped already
	updates := watcher.Updates()
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case entry, ok := <-updates:
			switch {
			case !ok:
				updates = nil
			case entry != nil: // nil says that what was there before is over
				err = b.take(entry)
			}
		case <-tick.C:
			_ = b.catchUp() // which fails while there is no second hub
			if updates == nil {
				if again, err := bucket.Watch(ctx, bookKey); err == nil {
					watcher, updates = again, again.Updates()
				}
			}
		}
		if err != nil {
			b.log("cannot follow the keys of the lab: " + err.Error())
		}
	}
}

func (b *Book) take(entry jetstream.KeyValueEntry) error {
	content, err := parsed(entry)
	if err != nil {
		return err
	}
	return b.install(content)
}

// write replaces the content whose revision was changed, and returns the new revision.
func (s *shared) write(c content) (revision uint64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), shareTime)
	defer cancel()
	data, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	revision, err = s.bucket.Update(ctx, bookKey, data, c.revision)
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, errStale
	}
	if err != nil {
		return 0, fmt.Errorf("cannot write the keys of the lab: %w", err)
	}
	return revision, nil
}

// read reads the content that has at least a revision. Any hub may answer, also one that
// does not have the newest one yet.
func (s *shared) read(least uint64) (content, error) {
	ctx, cancel := context.WithTimeout(context.Background(), shareTime)
	defer cancel()
	for {
		entry, err := s.bucket.Get(ctx, bookKey)
		if err != nil {
			return content{}, fmt.Errorf("cannot read the keys of the lab: %w", err)
		}
		if entry.Revision() >= least {
			return parsed(entry)
		}
		select {
		case <-ctx.Done():
			return content{}, fmt.Errorf("cannot read the keys of the lab: wanted revision %d, got %d", least, entry.Revision())
		case <-time.After(shareWait):
		}
	}
}

// newest is the revision of the newest content.
func (s *shared) newest() (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), shareTime)
	defer cancel()
	status, err := s.bucket.Status(ctx)
	if err != nil {
		return 0, err
	}
	bucket, ok := status.(*jetstream.KeyValueBucketStatus)
	if !ok {
		return 0, fmt.Errorf("wanted the state of a bucket, got %T", status)
	}
	return bucket.StreamInfo().State.LastSeq, nil
}

// catchUp installs what another hub has changed just now, if this one does not know it yet:
// whoever has joined there may connect here at once.
func (b *Book) catchUp() error {
	b.mu.RLock()
	s, revision := b.shared, b.content.revision
	b.mu.RUnlock()
	newest, err := s.newest()
	if err != nil || newest <= revision {
		return err
	}
	return b.fetch(newest)
}

// fetch installs the content that has at least a revision.
func (b *Book) fetch(least uint64) error {
	b.mu.RLock()
	s := b.shared
	b.mu.RUnlock()
	content, err := s.read(least)
	if err != nil {
		return err
	}
	return b.install(content)
}

// parsed is the content of an entry.
func parsed(entry jetstream.KeyValueEntry) (c content, err error) {
	if err := json.Unmarshal(entry.Value(), &c); err != nil {
		return c, fmt.Errorf("the keys of the lab are damaged: %w", err)
	}
	c.revision = entry.Revision()
	return c, nil
}
