package access

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// deaf is a bucket whose first watcher has ended, as the client of NATS does after some errors.
type deaf struct {
	jetstream.KeyValue
	watched int
}

func (d *deaf) Watch(ctx context.Context, keys string, options ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	watcher, err := d.KeyValue.Watch(ctx, keys, options...)
	d.watched++
	if err == nil && d.watched == 1 {
		err = watcher.Stop()
	}
	return watcher, err
}

// twoBooks share their keys. The second one hears of nothing at first.
func twoBooks(t *testing.T) (first, second *Book) {
	t.Helper()
	l := newLab(t)
	bucket, err := l.hub.JS.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "shared"})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []**Book{&first, &second} {
		if *b, err = Open(t.TempDir(), func(string) {}); err != nil {
			t.Fatal(err)
		}
		with := bucket
		if b == &second {
			with = &deaf{KeyValue: bucket}
		}
		(*b).WillShare()
		stop, err := (*b).Share(context.Background(), with)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	return first, second
}

func joined(t *testing.T, b *Book, secret string) error {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.Join(Invitation{Hash: hashed(secret)}.id(), wire.Join{Key: public})
	return err
}

// A hub whose watcher is late refuses nobody because of what it does not know yet.
func TestLateHubAsksBeforeItRefuses(t *testing.T) {
	first, second := twoBooks(t)
	secret, err := first.Invite("root", wire.Invite{Role: wire.Worker, Name: "lab-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := joined(t, second, secret); err != nil {
		t.Fatal(err)
	}
}

// A hub whose disk is full takes what was revoked all the same.
func TestFullDiskKeepsNoKey(t *testing.T) {
	first, second := twoBooks(t)
	secret, err := first.Invite("root", wire.Invite{Role: wire.Worker, Name: "lab-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := joined(t, first, secret); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the other book has the key", func() bool { return len(second.Keys()) == 1 })
	poll.Until(t, "the directory is gone", func() bool { return os.RemoveAll(second.dir) == nil })
	if err := first.Revoke("root", wire.Revoke{Role: wire.Worker, Name: "lab-1"}); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the other book has the key no more", func() bool { return len(second.Keys()) == 0 })
}

// While the bucket cannot be reached, nobody is refused for good, and the leader is kept from
// its work once only.
func TestKeysThatCannotBeReached(t *testing.T) {
	l := newLab(t)
	bucket, err := l.hub.JS.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "shared"})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := l.book.Share(context.Background(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := l.hub.JS.DeleteKeyValue(t.Context(), "shared"); err != nil {
		t.Fatal(err)
	}
	var refusal *link.Refusal
	for range 3 {
		err := joined(t, l.book, "secret")
		if err == nil || errors.As(err, &refusal) {
			t.Fatalf("wanted an error that is no refusal, got %v", err)
		}
	}
	if err := joined(t, l.book, "secret"); !errors.Is(err, errAway) {
		t.Errorf("got %v", err)
	}
}

// A key that is revoked is so at a hub whose watcher has ended, too.
func TestWatcherThatHasEnded(t *testing.T) {
	first, second := twoBooks(t)
	for _, name := range []string{"lab-1", "lab-2"} { // by a look, and by a new watcher
		secret, err := first.Invite("root", wire.Invite{Role: wire.Worker, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if err := joined(t, first, secret); err != nil {
			t.Fatal(err)
		}
		has := func() bool {
			for _, k := range second.Keys() {
				if k.Name == name {
					return true
				}
			}
			return false
		}
		poll.Until(t, "the other book has the key", has)
		if err := first.Revoke("root", wire.Revoke{Role: wire.Worker, Name: name}); err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "the other book has the key no more", func() bool { return !has() })
	}
}
