package access

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/goleak"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goroutines.LeftByPut(), goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*highwayHashPool)"))
}

// lab is a hub without a scheduler: a server with streams, a book, and somebody who answers
// requests to join.
type lab struct {
	t      *testing.T
	dir    string
	book   *Book
	server *server.Server
	hub    *link.Link

	mu  sync.Mutex
	log []string
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, dir: t.TempDir()}
	l.open()
	l.start()
	t.Cleanup(l.stop)
	return l
}

func (l *lab) open() {
	l.t.Helper()
	book, err := Open(l.dir, l.note)
	if err != nil {
		l.t.Fatal(err)
	}
	l.book = book
}

func (l *lab) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, text)
}

// audited waits until the log has a line with all the words.
func (l *lab) audited(words ...string) {
	l.t.Helper()
	poll.Until(l.t, "the log has a line with "+strings.Join(words, ", "), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, line := range l.log {
			has := true
			for _, w := range words {
				has = has && strings.Contains(line, w)
			}
			if has {
				return true
			}
		}
		return false
	})
}

func (l *lab) start() {
	t := l.t
	t.Helper()
	options := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: filepath.Join(l.dir, "js"), NoSigs: true}
	if err := l.book.Secure(options); err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.SetLoggerV2(l.book.Logger(func(_, text string) { l.note(text) }), false, false, false)
	l.book.Attach(s)
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	l.server = s
	if l.hub, err = link.Dial(t.Context(), l.book.Own(), nats.InProcessServer(s)); err != nil {
		t.Fatal(err)
	}
	l.streams()
	if _, err := l.hub.Conn.Subscribe(wire.RequestSubject(wire.Guest, "*", wire.VerbJoin), l.join); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) streams() {
	l.t.Helper()
	ctx := poll.Context(l.t)
	for _, c := range []jetstream.StreamConfig{
		{Name: wire.LedgerStream, Subjects: []string{wire.LedgerSubject}},
		{Name: wire.OutputStream, Subjects: []string{wire.OutputAll, wire.NoteAll}, AllowDirect: true},
	} {
		if _, err := l.hub.JS.CreateOrUpdateStream(ctx, c); err != nil {
			l.t.Fatal(err)
		}
	}
	for _, store := range []string{wire.CodeStore, wire.ArtifactStore, wire.SnapshotStore} {
		if _, err := l.hub.JS.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: store}); err != nil {
			l.t.Fatal(err)
		}
	}
}

// join is what the leader does with a request to join.
func (l *lab) join(m *nats.Msg) {
	_, guest, _, err := link.Sender(m)
	if err != nil {
		l.note("denied: " + err.Error())
		return
	}
	var join wire.Join
	if err := json.Unmarshal(m.Data, &join); err != nil {
		return
	}
	role, name, err := l.book.Join(guest, join)
	answer := wire.Answer{Role: role, Name: name}
	if err != nil {
		answer = wire.Answer{Code: wire.CodeRefused, Error: err.Error()}
	}
	_ = link.Respond(m, answer) // the guest asks again
}

func (l *lab) stop() {
	l.hub.Close()
	l.server.Shutdown()
	l.server.WaitForShutdown()
}

func (l *lab) url() string { return "tls://" + l.server.Addr().String() }

// invited makes an invitation.
func (l *lab) invited(invite wire.Invite) Line {
	l.t.Helper()
	secret, err := l.book.Invite("admin root", invite)
	if err != nil {
		l.t.Fatal(err)
	}
	return Line{l.url(), l.book.Pin(), secret}
}

// member joins, and connects.
func (l *lab) member(role, name string) *link.Link {
	l.t.Helper()
	config, err := Enroll(l.t.Context(), l.invited(wire.Invite{Role: role, Name: name}), wire.Join{})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.dial(config)
}

func (l *lab) dial(config link.Config) *link.Link {
	l.t.Helper()
	m, err := link.Dial(l.t.Context(), config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(m.Close)
	return m
}

func newKey(t *testing.T) (nkeys.KeyPair, string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return pair, public
}

func TestFilesAreForTheHubOnly(t *testing.T) {
	l := newLab(t)
	l.member(wire.User, "alice")
	if _, err := l.book.Local(filepath.Join(l.dir, "admin.json"), link.Config{URL: l.url(), Role: wire.Admin, Name: "root"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{bookFile, certificateFile, "admin.json"} {
		info, err := os.Stat(filepath.Join(l.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, wanted 0600", name, info.Mode().Perm())
		}
	}
}

func TestLocalAccountsNeedNoInvitation(t *testing.T) {
	l := newLab(t)
	path := filepath.Join(t.TempDir(), "lab", "admin.json")
	first, err := l.book.Local(path, link.Config{URL: l.url(), Role: wire.Admin, Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	l.dial(first)
	l.open() // as after a restart
	again, err := l.book.Local(path, link.Config{URL: l.url(), Role: wire.Admin, Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	if again != first || len(l.book.Keys()) != 1 {
		t.Errorf("the second start made another key: got %v", l.book.Keys())
	}
}

func TestCertificateStays(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(dir, discard)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(dir, discard)
	if err != nil {
		t.Fatal(err)
	}
	if first.Pin() != second.Pin() {
		t.Error("the certificate is another one after a restart")
	}
	if left := time.Until(second.Certificate().Leaf.NotAfter); left < 10*365*24*time.Hour {
		t.Errorf("the certificate is valid for %v, wanted 10 years or more", left)
	}
}

func discard(string) {}
