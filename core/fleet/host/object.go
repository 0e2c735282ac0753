package host

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// chunkSize is how much of an object one message has. The hub syncs each message to its disk,
// and heartbeats wait while one is sent.
const chunkSize = 256 << 10

// object is an object in the store of artifacts while it is written, in the format of NATS:
// messages with the chunks, and then one that describes them. Put of its client is not used:
//
//   - It sends up to 4,000 chunks before it waits for the first one. A slow disk cannot confirm
//     all of them in time, and then it fails.
//   - When nobody leads the store for a moment, it sends a chunk again, but with the content of
//     another one.
//   - If it fails, it purges what it has sent, which only the hub may do, and waits until it is
//     told so, in vain. Here, the chunks stay until they are too old.
type object struct {
	*uploader
	ctx    context.Context
	info   jetstream.ObjectInfo
	digest hash.Hash
}

// unsentError means that the hub has not answered what was sent to it, and may answer later.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

func (u *uploader) begin(ctx context.Context, name string) *object {
	return &object{u, ctx, jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: name, Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunkSize}},
		Bucket:     wire.ArtifactStore, NUID: rand.Text(),
	}, sha256.New()}
}

// Write implements io.Writer. It returns when the hub has the data, of which it makes a chunk.
func (o *object) Write(data []byte) (int, error) {
	if err := o.send(&nats.Msg{Subject: o.subject("C", o.info.NUID), Data: data}); err != nil {
		return 0, err
	}
	o.digest.Write(data)
	o.info.Size += uint64(len(data))
	o.info.Chunks++
	return len(data), nil
}

// finish makes the object exist.
func (o *object) finish() error {
	o.info.Digest = jetstream.GetObjectDigestValue(o.digest)
	description, err := json.Marshal(o.info)
	if err != nil {
		return err
	}
	return o.send(&nats.Msg{
		Subject: o.subject("M", base64.URLEncoding.EncodeToString([]byte(o.info.Name))), Data: description,
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	})
}

func (o *object) subject(kind, name string) string {
	return "$O." + o.info.Bucket + "." + kind + "." + name
}

// send sends a message, and waits until the store has it. The error is an [*unsentError], or
// that the store refuses it.
func (o *object) send(m *nats.Msg) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(o.ctx, ackTime)
	defer cancel()
	_, err := o.js.PublishMsg(ctx, m)
	if err != nil {
		err = fmt.Errorf("send it to the hub: %w", err)
	}
	if _, refused := errors.AsType[*jetstream.APIError](err); err == nil || refused {
		o.silent = time.Time{}
		return err
	}
	if o.silent.IsZero() {
		o.silent = began
	}
	return &unsentError{err}
}
