package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// serveStreams starts a server with streams in a directory.
func serveStreams(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, JetStream: true, StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// The server ends in the middle of a transfer, and is started again: what it has not sent
// will never come.
func TestTransferIsBroken(t *testing.T) {
	dir, content := t.TempDir(), bytes.Repeat([]byte("0123456789abcdef"), 1<<19)
	first := serveStreams(t, dir, -1)
	l := dial(t, first, wire.User, "ada")
	store, err := l.JS.CreateObjectStore(t.Context(), jetstream.ObjectStoreConfig{Bucket: "code"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutBytes(t.Context(), "sum", content); err != nil {
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
