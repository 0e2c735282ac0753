package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
	"avescript/internal/poll"
)

// serveStreams starts a server with streams in a directory.
func serveStreams(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	return natstest.Start(t, &server.Options{Port: port, JetStream: true, StoreDir: dir})
}

// The server ends in the middle of a transfer, and is started again: what it has not sent
// will never come.
func TestTransferIsBroken(t *testing.T) {
	dir, content := t.TempDir(), bytes.Repeat([]byte("0123456789abcdef"), 1<<19)
	first := serveStreams(t, dir, -1)
	l := dial(t, first, wire.User, "ada")
	store, err := l.JS.CreateObjectStore(poll.Context(t), jetstream.ObjectStoreConfig{Bucket: "code"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutBytes(poll.Context(t), "sum", content); err != nil {
		t.Fatal(err)
	}
	object, err := l.Open(t.Context(), "code", "sum")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(object, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	port := first.Addr().(*net.TCPAddr).Port
	first.Shutdown()
	first.WaitForShutdown()
	serveStreams(t, dir, port)
	_, err = io.Copy(io.Discard, object)
	_ = object.Close()
	if _, ok := errors.AsType[*TransferError](err); !ok {
		t.Fatalf("wanted a TransferError, got %v", err)
	}
	poll.Until(t, "the object can be read again", func() bool {
		again, err := l.Open(t.Context(), "code", "sum")
		if err != nil {
			return false
		}
		defer again.Close()
		got, err := io.ReadAll(again)
		return err == nil && bytes.Equal(got, content)
	})
	if _, err := l.Open(t.Context(), "code", "none"); !errors.Is(err, jetstream.ErrObjectNotFound) {
		t.Errorf("wanted %v, got %v", jetstream.ErrObjectNotFound, err)
	}
}

// The hub is killed after it was asked for a file. Nobody answers.
func TestTransferDoesNotBegin(t *testing.T) {
	for name, answers := range map[string]map[string]string{
		"store": {},
		"file":  {"$JS.API.STREAM.INFO.OBJ_code": `{"type": "io.nats.jetstream.api.v1.stream_info_response", "config": {"name": "OBJ_code", "allow_direct": true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, -1)
			hub := dial(t, s, wire.Hub, "hub")
			asked := make(chan string, 10)
			if _, err := hub.Conn.Subscribe("$JS.API.>", func(m *nats.Msg) {
				asked <- m.Subject
				if answer := answers[m.Subject]; answer != "" {
					_ = m.Respond([]byte(answer))
				}
			}); err != nil {
				t.Fatal(err)
			}
			if err := hub.Conn.Flush(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err := dial(t, s, wire.User, "ada").Open(poll.Context(t), "code", "sum")
			if _, ok := errors.AsType[*TransferError](err); !ok || time.Since(began) > time.Minute/2 {
				t.Errorf("wanted a TransferError, got %v after %v", err, time.Since(began))
			}
			if n := len(asked); n != len(answers)+1 {
				t.Errorf("wanted %d questions, got %d", len(answers)+1, n)
			}
		})
	}
}
