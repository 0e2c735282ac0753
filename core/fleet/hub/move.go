package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// moved are the streams that are moved into a cluster. The bucket of the leader is not: it
// is made when everything else is there.
var moved = []string{
	wire.LedgerStream, wire.OutputStream,
	"OBJ_" + wire.CodeStore, "OBJ_" + wire.ArtifactStore, "OBJ_" + wire.SnapshotStore,
}

// movingMark is part of the configuration of a stream whose move may not be finished. When
// the stores are opened, it goes.
const movingMark = "ave.moving"

const (
	moveChunk  = 512 << 10
	moveAnswer = 30 * time.Second
	moveLast   = 10 * time.Minute // to write everything to the disk
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
	old, err := openOld(dir)
	if err != nil {
		return err
	}
	defer old.close()
	for _, name := range moved {
		if err := h.moveStream(ctx, old, name); err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
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
	to := filepath.Join(h.options.Dir, movedDir)
	if err := os.Rename(dir, to); err != nil {
		return err
	}
	h.options.Log("the store of the time before the cluster is in %s: remove it when the cluster works", to)
	return nil
}

// oldStore is a store that only this process uses.
type oldStore struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
}

func openOld(dir string) (o *oldStore, err error) {
	o = &oldStore{}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	o.server, err = server.NewServer(&server.Options{
		ServerName: "hub", DontListen: true, NoSigs: true, NoLog: true, MaxPayload: MaxPayload,
		JetStream: true, StoreDir: dir, JetStreamMaxStore: mostStore, JetStreamMaxMemory: mostMemory,
	})
	if err != nil {
		return o, err
	}
	o.server.Start()
	if !o.server.ReadyForConnections(startTimeout) {
		return o, errors.New("its server does not start")
	}
	if o.conn, err = nats.Connect("", nats.InProcessServer(o.server)); err != nil {
		return o, err
	}
	o.js, err = jetstream.New(o.conn)
	return o, err
}

func (o *oldStore) close() {
	if o.conn != nil {
		o.conn.Close()
	}
	if o.server != nil {
		o.server.Shutdown()
		o.server.WaitForShutdown()
	}
}

// moveStream copies a stream, unless that was done before.
func (h *Hub) moveStream(ctx context.Context, old *oldStore, name string) error {
	var there jetstream.Stream
	err := patient(ctx, func() (err error) {
		there, err = h.js.Stream(ctx, name)
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
		if err := h.js.DeleteStream(ctx, name); err != nil {
			return err
		}
	}
	from, err := old.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // the hub has ended before it had made it
	}
	if err != nil {
		return err
	}
	return h.copyStream(ctx, old.conn, from.CachedInfo())
}

// startedAnswer is that of the API of JetStream, for which nats.go has no functions.
type startedAnswer struct {
	Error   *jetstream.APIError `json:"error"`
	Subject string              `json:"deliver_subject"`
}

// copyStream has the old server send a stream in chunks, and the cluster take them.
func (h *Hub) copyStream(ctx context.Context, old *nats.Conn, info *jetstream.StreamInfo) error {
	config := info.Config
	config.Replicas = h.options.copies()
	config.Metadata = map[string]string{movingMark: "yes"}
	var to string
	err := patient(ctx, func() (err error) {
		to, err = begin(ctx, h.conn, "$JS.API.STREAM.RESTORE."+config.Name, map[string]any{"config": config, "state": info.State})
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot write it: %w", err)
	}
	inbox := nats.NewInbox()
	chunks, err := old.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = chunks.Unsubscribe() }()
	_, err = begin(ctx, old, "$JS.API.STREAM.SNAPSHOT."+config.Name, map[string]any{"deliver_subject": inbox, "no_consumers": true, "chunk_size": moveChunk})
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
		if err := put(ctx, h.conn, to, chunk.Data, moveAnswer); err != nil {
			return err
		}
		if chunk.Reply == "" { // of the last one
			continue
		}
		if err := chunk.Respond(nil); err != nil { // it may send another one
			return fmt.Errorf("cannot read it: %w", err)
		}
	}
	return put(ctx, h.conn, to, nil, moveLast)
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
