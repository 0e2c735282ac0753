package host

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
	"avescript/internal/poll"
)

// noise is content that cannot be compressed.
func noise(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

// artifactsOf uploads what a job has left in a directory, and returns what is kept and what
// is said about the rest.
func artifactsOf(t *testing.T, l *link.Link, dir string, measure bool, paths ...string) (kept []wire.Artifact, log string) {
	t.Helper()
	h := &host{link: l, running: t.Context()}
	j := newJob(h, wire.Start{Run: wire.Run{ID: "run", Measure: measure}, Token: wire.Token{Seq: 7}})
	j.artifacts = paths
	j.upload(poll.Context(t), dir)
	for _, part := range j.out.waiting {
		kept = append(kept, part.Artifacts...)
		log += part.Log
	}
	return kept, log
}

func writeFile(t *testing.T, content []byte, path ...string) string {
	t.Helper()
	whole := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(whole, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return whole
}

// stored is the content of an artifact, as whoever reads it gets it.
func stored(t *testing.T, l *link.Link, a wire.Artifact) []byte {
	t.Helper()
	o, err := l.Open(poll.Context(t), wire.ArtifactStore, a.Object)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	info, infoErr := o.Info()
	if err != nil || infoErr != nil || info.Digest != a.Digest || int64(len(data)) != a.Size {
		t.Errorf("got %v, %v, %d bytes and %+v for %+v", err, infoErr, len(data), info, a)
	}
	return data
}

// TestArtifactsThatFail: an artifact that cannot be kept does not hold up the others, although
// a host may not remove what it has begun to send. The coverage is never one too many.
func TestArtifactsThatFail(t *testing.T) {
	t.Parallel()
	h, err := hub.Start(t.Context(), hub.Options{Dir: t.TempDir(), Port: -1, Listen: "127.0.0.1", Keys: true, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	connect := func(role string) *link.Link {
		config, err := h.Book().Local(filepath.Join(t.TempDir(), "account.json"), link.Config{URL: h.URL(), Role: role, Name: "one"})
		if err != nil {
			t.Fatal(err)
		}
		l, err := link.Dial(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		return l
	}
	dir := t.TempDir()
	counts := writeFile(t, []byte("counts"), dir, wire.JobCoverage, "one")
	large, content := writeFile(t, nil, dir, "a-large"), noise(3*chunkSize+1)
	if err := os.Truncate(large, mostArtifact+1); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "b-pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	paths := []string{large, pipe, writeFile(t, content, dir, "c-kept"), writeFile(t, nil, dir, "d-empty")}
	for i := range mostArtifacts {
		paths = append(paths, fmt.Sprintf("missing-%d", i))
	}
	kept, log := artifactsOf(t, connect(wire.Worker), dir, true, paths...)
	var names []string
	for _, a := range kept {
		names = append(names, filepath.Base(a.Path))
	}
	if want := []string{filepath.Base(wire.JobCoverage), "c-kept", "d-empty"}; !slices.Equal(names, want) {
		t.Fatalf("kept %v, want %v\n%s", names, want, log)
	}
	for _, wrong := range []string{"it is too large", "wanted a regular file"} {
		if !strings.Contains(log, wrong) {
			t.Errorf("wanted %q in\n%s", wrong, log)
		}
	}
	user := connect(wire.User)
	if kept[0].Kind != wire.ArtifactCoverage || !kept[0].Tar || len(stored(t, user, kept[0])) == 0 {
		t.Errorf("got %+v for %s", kept[0], counts)
	}
	if !bytes.Equal(stored(t, user, kept[1]), content) || len(stored(t, user, kept[2])) != 0 {
		t.Error("what is stored is not what was left")
	}
}

// TestUploadIsLost: the connection breaks in the middle of an artifact, and what was sent will
// never be acknowledged.
func TestUploadIsLost(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	wires := newProxy(t, l.hub.URL())
	h, err := link.Dial(t.Context(), link.Config{URL: wires.url, Role: wire.Worker, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	dir, content := t.TempDir(), noise(5*chunkSize)
	path := writeFile(t, content, dir, "kept")
	wires.cutAfter(2 * chunkSize)
	go func() {
		if poll.Holds(wires.holdsBack) {
			wires.lose()
		}
	}()
	kept, log := artifactsOf(t, h, dir, false, path)
	if !wires.wasLost() || len(kept) != 1 || !bytes.Equal(stored(t, l.user, kept[0]), content) {
		t.Errorf("got %+v\n%s", kept, log)
	}
}

// TestStoreIsFull: what the store refuses is not sent again, and what fits is kept.
func TestStoreIsFull(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	l, err := link.Dial(t.Context(), link.Config{URL: s.ClientURL(), Role: wire.Worker, Name: "one"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if _, err := l.JS.CreateObjectStore(poll.Context(t), jetstream.ObjectStoreConfig{Bucket: wire.ArtifactStore, MaxBytes: 4*chunkSize + chunkSize/2}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	large, small := writeFile(t, noise(8*chunkSize), dir, "large"), writeFile(t, []byte("small"), dir, "small")
	kept, log := artifactsOf(t, l, dir, false, large, small)
	if len(kept) != 1 || kept[0].Path != small || string(stored(t, l, kept[0])) != "small" || !strings.Contains(log, "maximum bytes") {
		t.Errorf("got %+v\n%s", kept, log)
	}
}
