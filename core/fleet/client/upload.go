package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
)

// send sends a parcel to the hub, unless it is there. make makes what is sent.
func send(ctx context.Context, l *link.Link, sum string, pack func() (*parcel.Parcel, error)) error {
	store, err := l.JS.ObjectStore(ctx, wire.CodeStore)
	if err != nil {
		return fmt.Errorf("find the store for code at the hub: %w", err)
	}
	there, err := has(ctx, store, sum)
	if there || err != nil {
		return err
	}
	p, err := pack()
	if err != nil {
		return err
	}
	if p.Sum != sum {
		return errors.New("a file has changed while it was read: submit again")
	}
	_, err = store.Put(ctx, jetstream.ObjectMeta{Name: sum}, bytes.NewReader(p.Data))
	if err == nil {
		return nil
	}
	if there, _ := has(ctx, store, sum); there {
		return nil // somebody else has sent the same
	}
	return fmt.Errorf("send %d MB of code to the hub: %w", len(p.Data)>>20, err)
}

func has(ctx context.Context, store jetstream.ObjectStore, sum string) (bool, error) {
	_, err := store.GetInfo(ctx, sum)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return false, nil
	}
	return false, fmt.Errorf("look for code at the hub: %w", err)
}

// pack sends the code and the program of a submission, and names them in its run.
func pack(ctx context.Context, l *link.Link, s *wire.Submission) error {
	if len(s.Files) > 0 {
		bundle, err := parcel.Make(s.Root, s.Files)
		if err != nil {
			return err
		}
		s.Run.Code = bundle.Sum
		if err := again(ctx, l, func() error {
			return send(ctx, l, bundle.Sum, func() (*parcel.Parcel, error) { return bundle, nil })
		}); err != nil {
			return err
		}
	}
	if s.Program == "" {
		return nil
	}
	sum, err := parcel.Sum(s.Program)
	if err != nil {
		return fmt.Errorf("read the program that runs the tests: %w", err)
	}
	s.Run.Program = sum
	return again(ctx, l, func() error {
		return send(ctx, l, sum, func() (*parcel.Parcel, error) { return parcel.MakeFile(s.Program) })
	})
}

// patience is how long a hub may be away while something is sent or read.
const patience = 30 * time.Second

// again tries something again while the hub may be away: from the first failure on, because
// a large transfer may take longer than that before. In between, the link leaves a hub that
// does not reach the others of its cluster: the streams do not notice it.
func again(ctx context.Context, l *link.Link, try func() error) error {
	var end <-chan time.Time
	for wait := retryWait; ; wait = min(2*wait, retryMost) {
		err := try()
		if err == nil {
			return nil
		}
		if end == nil {
			end = time.After(patience)
		}
		seek(ctx, l)
		select {
		case <-ctx.Done():
			return err
		case <-end:
			return err
		case <-time.After(wait):
		}
	}
}
