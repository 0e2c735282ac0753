package host

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// restarted is a store of a hub that is killed before its first answer.
type restarted struct {
	jetstream.ObjectStore
	asked int
	got   string
}

func (s *restarted) Put(ctx context.Context, _ jetstream.ObjectMeta, from io.Reader) (*jetstream.ObjectInfo, error) {
	if s.asked++; s.asked == 1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	text, err := io.ReadAll(from)
	s.got = string(text)
	return &jetstream.ObjectInfo{Digest: "SHA-256=x"}, err
}

// TestUploadToARestartedHub: an artifact is uploaded though the hub was killed when it was
// asked whether it has it.
func TestUploadToARestartedHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kept"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	store, a := &restarted{}, wire.Artifact{Path: filepath.Join(dir, "kept"), Object: "o"}
	if err := put(poll.Context(t), store, root, dir, &a); err != nil {
		t.Fatal(err)
	}
	if store.asked != 2 || store.got != "content" || a.Size != 7 {
		t.Errorf("got %+v and %+v", store, a)
	}
}
