package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/columns"
	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// moved are the streams that are moved into a cluster. The bucket of the leader is not: it
// is made when everything else is there.
var moved = []struct {
	name    string
	private bool // only hubs may read and write it
}{
	{wire.LedgerStream, true}, {"OBJ_" + wire.SnapshotStore, true},
	{wire.OutputStream, false}, {"OBJ_" + wire.CodeStore, false}, {"OBJ_" + wire.ArtifactStore, false},
}

// movingMark is part of the configuration of a stream whose move may not be finished. Such a
// stream also has no subject that anybody writes to: whatever was written would be lost if
// the move began again. When the stores are opened, it gets its usual configuration.
const movingMark = "ave.moving"

const (
	moveChunk  = 512 << 10
	moveAnswer = 30 * time.Second
	moveLast   = 10 * time.Minute // to write everything to the disk
	moveAgain  = 30 * time.Second // at most, after a hub has vanished

	// nameInUse is the code of the server for a stream that is still there: it takes some
	// seconds until a move that was interrupted is given up.
	nameInUse   = 10130
	moveForgets = 500 * time.Millisecond
)

// moveIn copies the streams of the time when the hub was alone into the cluster, with their
// sequence numbers. If it was interrupted, it begins again. What other hubs may have changed
// already is not touched.
func (h *Hub) moveIn(ctx context.Context) error {
	dir := filepath.Join(h.options.Dir, StoreDir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	began := time.Now()
	old, err := openOld(ctx, dir)
	if err != nil {
		return err
	}
	defer old.close()
	h.options.Log("moves %s of its store into the cluster, which takes a while: it begins again if it is interrupted", columns.Size(old.bytes()))
	for _, stream := range old.streams {
		if err := h.moveStream(ctx, stream, h.counterpart(old, stream.from)); err != nil {
			return fmt.Errorf("stream %s: %w", stream.info.Config.Name, err)
		}
	}
	h.options.Log("has moved its store into the cluster within %s", time.Since(began).Round(time.Millisecond))
	return nil
}

// moveAway renames the store of the time when the hub was alone: all of it is in the cluster.
func (h *Hub) moveAway() error {
	dir := filepath.Join(h.options.Dir, StoreDir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	to := filepath.Join(h.options.Dir, MovedDir)
	if err := os.Rename(dir, to); err != nil {
		return err
	}
	h.options.Log("the store of the time before the cluster is in %s: remove it when the cluster works", to)
	return nil
}

// oldStore is a store that only this process uses.
type oldStore struct {
	server       *server.Server
	lab, private *link.Link
	streams      []oldStream // those that are moved
}

// oldStream is a stream with those who can read it.
type oldStream struct {
	info *jetstream.StreamInfo
	from *link.Link
}

func openOld(ctx context.Context, dir string) (o *oldStore, err error) {
	o = &oldStore{}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	book, err := access.Loopback(func(string) {})
	if err != nil {
		return o, err
	}
	options := serverOptions(Options{Listen: "127.0.0.1"}, dir)
	options.DontListen, options.NoLog = true, true
	if err := book.Secure(options); err != nil {
		return o, err
	}
	if o.server, err = server.NewServer(options); err != nil {
		return o, err
	}
	if err := book.Attach(o.server); err != nil {
		return o, err
	}
	o.server.Start()
	if !o.server.ReadyForConnections(startTimeout) {
		return o, errors.New("its server does not start")
	}
	if o.lab, err = dialOwn(ctx, o.server, book.Own()); err != nil {
		return o, err
	}
	if o.private, err = dialOwn(ctx, o.server, book.Private()); err != nil {
		return o, err
	}
	kept, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*"))
	if err != nil {
		return o, err
	}
	for _, m := range moved {
		from := o.lab
		if m.private {
			from = o.private
		}
		stream, err := from.JS.Stream(ctx, m.name)
		switch {
		case err == nil:
			o.streams = append(o.streams, oldStream{stream.CachedInfo(), from})
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			return o, fmt.Errorf("stream %s: %w", m.name, err)
		case slices.ContainsFunc(kept, func(path string) bool { return filepath.Base(path) == m.name }):
			return o, fmt.Errorf("the stream %s in %s is damaged: restore a backup into an empty directory, and make the cluster there", m.name, dir)
		} // or the hub has ended before it had made it
	}
	return o, nil
}

// counterpart is the connection of this hub to the same account as one of the old store.
func (h *Hub) counterpart(old *oldStore, from *link.Link) *link.Link {
	if from == old.private {
		return h.private
	}
	return h.link
}

// bytes is how much is moved.
func (o *oldStore) bytes() (n int64) {
	for _, stream := range o.streams {
		n += int64(stream.info.State.Bytes)
	}
	return n
}

func (o *oldStore) close() {
	for _, l := range []*link.Link{o.lab, o.private} {
		if l != nil {
			l.Close()
		}
	}
	if o.server != nil {
		o.server.Shutdown()
		o.server.WaitForShutdown()
	}
}

// moveStream copies a stream, unless that was done before. It goes on until it has succeeded:
// other hubs may come and go meanwhile.
func (h *Hub) moveStream(ctx context.Context, old oldStream, to *link.Link) error {
	for wait := time.Second; ; wait = min(2*wait, moveAgain) {
		err := h.tryMove(ctx, old, to)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == nameInUse {
			wait = moveForgets
		} else {
			h.options.Log("cannot move the stream %s now, and tries again: %v", old.info.Config.Name, err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (h *Hub) tryMove(ctx context.Context, old oldStream, to *link.Link) (err error) {
	ctx, done := h.whileAllStay(ctx)
	defer func() {
		if err != nil {
			err = cmp.Or(context.Cause(ctx), err) // which says more
		}
		done()
	}()
	name := old.info.Config.Name
	var there jetstream.Stream
	err = patient(ctx, func(ctx context.Context) (err error) {
		there, err = to.JS.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			there, err = nil, nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case there != nil && there.CachedInfo().Config.Metadata[movingMark] == "":
		return nil
	case there != nil:
		if err := to.JS.DeleteStream(ctx, name); err != nil {
			return err
		}
	}
	if err := h.copyStream(ctx, old, to.Conn); err != nil {
		return err
	}
	return h.awaitCopies(ctx, name, old.info.State.LastSeq)
}

// startedAnswer is that of the API of JetStream, for which nats.go has no functions.
type startedAnswer struct {
	Error   *jetstream.APIError `json:"error"`
	Subject string              `json:"deliver_subject"`
}

// copyStream has the old server send a stream in chunks, and the cluster take them.
func (h *Hub) copyStream(ctx context.Context, old oldStream, to *nats.Conn) error {
	config := old.info.Config
	config.Replicas = h.options.copies()
	config.Metadata = map[string]string{movingMark: "yes"}
	config.Subjects = []string{movingMark + "." + config.Name}
	var subject string
	waiting := h.remind(ctx, "waits for the other hubs: all three must be there at the first start")
	err := patient(ctx, func(context.Context) (err error) { // it has a limit of its own
		subject, err = begin(ctx, to, "$JS.API.STREAM.RESTORE."+config.Name, map[string]any{"config": config, "state": old.info.State})
		return err
	})
	waiting()
	if err != nil {
		return fmt.Errorf("cannot write it: %w", err)
	}
	inbox := nats.NewInbox()
	chunks, err := old.from.Conn.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = chunks.Unsubscribe() }()
	_, err = begin(ctx, old.from.Conn, "$JS.API.STREAM.SNAPSHOT."+config.Name, map[string]any{"deliver_subject": inbox, "no_consumers": true, "chunk_size": moveChunk})
	if err != nil {
		return fmt.Errorf("cannot read it: %w", err)
	}
	for {
		limited, cancel := context.WithTimeout(ctx, moveAnswer)
		chunk, err := chunks.NextMsgWithContext(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("cannot read it: %w", err)
		}
		if len(chunk.Data) == 0 {
			if status := chunk.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("cannot read it: %s %s", status, chunk.Header.Get("Description"))
			}
			break
		}
		if err := put(ctx, to, subject, chunk.Data, moveAnswer); err != nil {
			return err
		}
		if chunk.Reply == "" { // of the last one
			continue
		}
		if err := chunk.Respond(nil); err != nil { // it may send another one
			return fmt.Errorf("cannot read it: %w", err)
		}
	}
	return put(ctx, to, subject, nil, moveLast)
}

// begin begins to send or to take a stream. It returns where the chunks go, if it takes one.
func begin(ctx context.Context, conn *nats.Conn, subject string, body any) (to string, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, moveAnswer)
	defer cancel()
	m, err := conn.RequestWithContext(ctx, subject, data)
	if err != nil {
		return "", err
	}
	var answer startedAnswer
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return "", err
	}
	if answer.Error != nil {
		return "", answer.Error
	}
	return answer.Subject, nil
}

// put sends a chunk of a stream; an empty one is the end.
func put(ctx context.Context, conn *nats.Conn, to string, chunk []byte, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m, err := conn.RequestWithContext(ctx, to, chunk)
	var answer startedAnswer
	if err == nil && len(m.Data) > 0 {
		err = json.Unmarshal(m.Data, &answer)
	}
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	if err != nil {
		return fmt.Errorf("cannot write it: %w", err)
	}
	return nil
}
