package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// stall is how long a transfer may stand still. The connection that it has used may be gone,
// and nothing of what was sent over it comes any more.
const stall = 3 * time.Second

// TransferError says that the hub, or the way to it, has failed during a transfer: it can be
// tried again.
type TransferError struct{ err error }

func (e *TransferError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *TransferError) Unwrap() error { return e.err }

// Object is a file in a store of the hub, while it is read.
type Object struct {
	jetstream.ObjectResult
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// Open opens a file in a store of the hub. See [Open].
func (l *Link) Open(ctx context.Context, store, name string) (*Object, error) {
	return Open(ctx, l.JS, store, name)
}

// Open opens a file in a store. A transfer may take any time, but it fails with a
// [TransferError] if nothing comes for 3 s. The error wraps jetstream.ErrObjectNotFound if
// there is no such file. The caller closes the object.
func Open(ctx context.Context, js jetstream.JetStream, store, name string) (*Object, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	// A hub that is killed does not answer, and the client of NATS waits for an answer until
	// the context is done, whatever its deadline is.
	silence := time.AfterFunc(stall, func() { cancel(errSilent) })
	near := patient{ctx}
	files, err := js.ObjectStore(near, store)
	var found jetstream.ObjectResult
	if err == nil {
		silence.Reset(2 * stall) // it asks twice
		found, err = files.Get(near, name)
	}
	silence.Stop()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil {
		return &Object{found, near, cancel}, nil
	}
	cancel(nil)
	if found != nil {
		_ = found.Close()
	}
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, err
	}
	return nil, &TransferError{fmt.Errorf("get %s from the store %s of the hub: %w", name, store, err)}
}

var errSilent = fmt.Errorf("nothing came from the hub for %s", stall)

// Close ends the transfer.
func (o *Object) Close() error {
	o.cancel(nil)
	return o.ObjectResult.Close()
}

// Read implements io.Reader. Its last error wraps jetstream.ErrDigestMismatch if the content
// is not what the store says.
func (o *Object) Read(data []byte) (int, error) {
	n, err := o.ObjectResult.Read(data)
	switch {
	case err == nil && n == 0 && len(data) > 0:
		err = context.Cause(o.ctx)
		if err == nil {
			err = &TransferError{errSilent}
		}
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, jetstream.ErrDigestMismatch):
		err = &TransferError{err}
	}
	return n, err
}

// patient is a context whose deadline is always near: the client of NATS reads it before each
// wait for a part of a file. So each of these waits is limited, and all of them together are
// not.
type patient struct{ context.Context }

// Deadline implements context.Context.
func (p patient) Deadline() (time.Time, bool) {
	soon := time.Now().Add(stall)
	if end, ok := p.Context.Deadline(); ok && end.Before(soon) {
		return end, true
	}
	return soon, true
}
