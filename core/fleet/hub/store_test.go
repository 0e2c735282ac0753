package hub

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

func TestSnapshotsReplaceTheLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHub(t, Options{Dir: dir, Snapshot: 40})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	runs := []string{"run-1", "run-2", "run-3", "run-4", "run-5", "run-6"}
	for _, run := range runs {
		submit(t, user, run, 30)
		poll.Until(t, run+" has passed", func() bool { return theRun(t, user, run).State == "passed" })
	}
	poll.Until(t, "there are two snapshots", func() bool { return h.metrics.snapshots.Load() >= 2 })
	l := &ledger{js: h.private.JS, stream: h.stores.ledger}
	poll.Until(t, "the ledger was purged", func() bool {
		first, last, err := l.bounds(poll.Context(t))
		return err == nil && first > 1 && first <= last
	})
	done := theLab(t, user).Done
	h.Close()

	h = startHub(t, Options{Dir: dir, Snapshot: 40})
	user = dial(t, h.URL(), wire.User, "anna")
	for _, run := range runs {
		if r := theRun(t, user, run); r.State != "passed" || r.Done != 30 {
			t.Errorf("wanted that %s has passed, got %+v", run, r)
		}
		poll.Until(t, "all notes of "+run+" are there", func() bool { return len(notes(t, user, run)) == 62 })
	}
	if now := theLab(t, user).Done; now != done {
		t.Errorf("wanted %d jobs, got %d", done, now)
	}
}

// A ledger that is full before the next snapshot is due makes room for itself.
func TestFullLedger(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Snapshot: 1 << 40, ledgerBytes: 32 << 10})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	for _, run := range []string{"run-1", "run-2", "run-3", "run-4", "run-5"} {
		submit(t, user, run, 60)
		poll.Until(t, run+" has passed", func() bool { return theRun(t, user, run).State == "passed" })
		poll.Until(t, "all notes of "+run+" are there", func() bool { return len(notes(t, user, run)) >= 122 })
	}
	l := &ledger{js: h.private.JS, stream: h.stores.ledger}
	if first, _, err := l.bounds(poll.Context(t)); err != nil || first <= 1 {
		t.Errorf("wanted that the ledger was purged, got its begin %d, %v", first, err)
	}
}

// A damaged snapshot is no loss: the one before and the ledger have everything.
func TestDamagedSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHub(t, Options{Dir: dir, Snapshot: 20})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	for _, run := range []string{"run-1", "run-2", "run-3"} {
		submit(t, user, run, 30)
		poll.Until(t, run+" has passed", func() bool { return theRun(t, user, run).State == "passed" })
	}
	poll.Until(t, "there are two snapshots", func() bool { return h.metrics.snapshots.Load() >= 2 })
	names, err := snapshotObjects(poll.Context(t), h.private.Conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.stores.snapshots.PutBytes(poll.Context(t), names[len(names)-1].Name, []byte("damaged")); err != nil {
		t.Fatal(err)
	}
	h.Close()
	h = startHub(t, Options{Dir: dir})
	user = dial(t, h.URL(), wire.User, "anna")
	if done := theLab(t, user).Done; done != 90 {
		t.Errorf("wanted 90 jobs, got %d", done)
	}
}

// After a backup is restored, no token of the lab that went on is used again.
func TestBackup(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	user, admin := dial(t, h.URL(), wire.User, "anna"), dial(t, h.URL(), wire.Admin, "root")
	host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
	submit(t, user, "run-1", 2)
	host.one(t)
	a, err := ask(t, admin, wire.VerbBackup, nil)
	if err != nil || len(a.Backup) == 0 {
		t.Fatalf("wanted a backup, got %v", err)
	}
	submit(t, user, "run-2", 1)
	poll.Until(t, "three jobs run", func() bool { return len(host.running()) == 3 })
	highest := host.highest
	host.stop()
	h.Close()

	dir := t.TempDir()
	if err := Restore(t.Context(), Options{Dir: dir}, a.Backup); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), Options{Dir: dir}, a.Backup); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("wanted that a ledger is not overwritten, got %v", err)
	}
	if err := Restore(t.Context(), Options{Dir: t.TempDir()}, []byte("{}")); err == nil {
		t.Error("wanted that something else than a backup is refused")
	}
	h = startHub(t, Options{Dir: dir})
	user = dial(t, h.URL(), wire.User, "anna")
	if r := theRun(t, user, "run-1"); r.Jobs != 2 || r.User != "anna" {
		t.Errorf("wanted run-1 of anna with 2 jobs, got %+v", r)
	}
	if r := theRun(t, user, "run-2"); r.Run != "" {
		t.Errorf("wanted no run-2, which is younger than the backup, got %+v", r)
	}
	submit(t, user, "run-3", 1)
	other := newFakeHost(t, h.URL(), "lab-2", "a", false).up(t)
	if s := other.one(t); !highest.Less(s.Token) {
		t.Errorf("wanted a token above %s, got %s", highest, s.Token)
	}
}

// An old copy of the store was put back. Hosts know tokens that it has not given away yet.
func TestOldStore(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), t.TempDir()+"/copy"
	h := startHub(t, Options{Dir: dir})
	user := dial(t, h.URL(), wire.User, "anna")
	host := newFakeHost(t, h.URL(), "lab-1", "a", true).up(t)
	submit(t, user, "run-1", 5)
	poll.Until(t, "run-1 has passed", func() bool { return theRun(t, user, "run-1").State == "passed" })
	host.stop()
	h.Close()
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, "store"))); err != nil {
		t.Fatal(err)
	}
	h = startHub(t, Options{Dir: dir})
	user = dial(t, h.URL(), wire.User, "anna")
	host = newFakeHost(t, h.URL(), "lab-1", "b", true).up(t)
	submit(t, user, "run-2", 50)
	poll.Until(t, "run-2 has passed", func() bool { return theRun(t, user, "run-2").State == "passed" })
	highest := host.highest
	host.stop()
	h.Close()

	if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied, filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	h = startHub(t, Options{Dir: dir})
	user = dial(t, h.URL(), wire.User, "anna")
	if r := theRun(t, user, "run-2"); r.Run != "" {
		t.Fatalf("wanted a ledger without run-2, got %+v", r)
	}
	host = newFakeHost(t, h.URL(), "lab-1", "c", false)
	host.mu.Lock()
	host.highest = highest
	host.mu.Unlock()
	host.up(t)
	submit(t, user, "run-3", 1)
	if s := host.one(t); !highest.Less(s.Token) {
		t.Errorf("wanted a token above %s, got %s", highest, s.Token)
	}
	if r := theRun(t, user, "run-1"); r.State != "passed" {
		t.Errorf("wanted that run-1 is still there, got %+v", r)
	}
}

// The hub was killed between the snapshot of a jump and the jump.
func TestInterruptedJump(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHub(t, Options{Dir: dir})
	user := dial(t, h.URL(), wire.User, "anna")
	newFakeHost(t, h.URL(), "lab-1", "a", false).up(t).stop()
	submit(t, user, "run-1", 5)
	h.Close()
	h, err := offline(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l := newTerm(t, h)
	s, err := l.current()
	if err != nil {
		t.Fatal(err)
	}
	s.Next = epoch(s.Next, time.Now())
	if err := saveSnapshot(poll.Context(t), h.private.Conn, h.stores.snapshots, s); err != nil {
		t.Fatal(err)
	}
	h.Close()

	h = startHub(t, Options{Dir: dir})
	user = dial(t, h.URL(), wire.User, "anna")
	if r := theRun(t, user, "run-1"); r.Jobs != 5 {
		t.Errorf("wanted run-1 with 5 jobs, got %+v", r)
	}
	submit(t, user, "run-2", 1)
	if seq := h.metrics.seq.Load(); seq < s.Next {
		t.Errorf("wanted that the ledger goes on at %d, got %d", s.Next, seq)
	}
}

// The hub was killed after a jump, which leaves the ledger empty, and the list of snapshots
// lacks that of the jump: in a cluster, the list can be an old one for a while. What an older
// snapshot says must not be taken for everything.
func TestJumpWithoutItsSnapshot(t *testing.T) {
	t.Parallel()
	h, err := offline(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	l := newTerm(t, h)
	old, err := l.current()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.jumpTo(t.Context(), 1000, nil); err != nil {
		t.Fatal(err)
	}
	newest := snapshotName(snapshot{Seq: old.Seq, Next: 1000})
	if err := h.stores.snapshots.Delete(t.Context(), newest); err != nil {
		t.Fatal(err)
	}
	if err := saveSnapshot(t.Context(), h.private.Conn, h.stores.snapshots, old); err != nil {
		t.Fatal(err)
	}
	if _, err := l.fold(t.Context()); err == nil || !strings.Contains(err.Error(), "messages 1 to 999 are missing") {
		t.Errorf("wanted that the ledger lacks messages, got %v", err)
	}
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_900_000_000, 0)
	if first, second := epoch(7, now), epoch(epoch(7, now), now); first <= 7 || second <= first {
		t.Errorf("wanted that each epoch is later, got %d, %d", first, second)
	}
	if old := epoch(1<<51, time.Unix(0, 0)); old <= 1<<51 {
		t.Errorf("wanted an epoch behind the ledger though the clock is wrong, got %d", old)
	}
	if at := epoch(7, now); at > mostJump {
		t.Errorf("wanted an epoch that a ledger may have, got %d", at)
	}
}

// Whatever a snapshot has, what cannot be read is an error.
func FuzzSnapshot(f *testing.F) {
	good, err := snapshot{Seq: 1, Next: 2, State: []byte(`{}`)}.pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := unpack(bytes.Clone(data))
		if err == nil && s.Next <= s.Seq {
			t.Errorf("wanted a snapshot that the ledger can go on after, got %+v", s)
		}
	})
}

// The oldest code goes when there is little room.
func TestOldCodeGoes(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	for i := range 9 {
		if _, err := h.stores.code.PutBytes(poll.Context(t), strconv.Itoa(i), make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (names []string) {
		objects, err := h.stores.code.List(poll.Context(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			names = append(names, o.Name)
		}
		slices.Sort(names)
		return names
	}
	resize := func(room int64) {
		if _, err := h.js.UpdateObjectStore(poll.Context(t), jetstream.ObjectStoreConfig{Bucket: wire.CodeStore, MaxBytes: room}); err != nil {
			t.Fatal(err)
		}
	}
	resize(2_000_000)
	if err := evict(poll.Context(t), h.stores.code); err != nil || len(left()) != 9 {
		t.Errorf("wanted that all is left when there is room, got %v, %v", left(), err)
	}
	resize(1_000_000)
	if err := evict(poll.Context(t), h.stores.code); err != nil {
		t.Fatal(err)
	}
	if names := left(); len(names) < 4 || len(names) > 6 || names[len(names)-1] != "8" {
		t.Errorf("wanted that the newest five or six are left, got %v", names)
	}
}

// A program does not go on with what a newer one has written, because it would misread it.
func TestNewerLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHub(t, Options{Dir: dir})
	poll.Until(t, "the hub leads", h.metrics.leading.Load)
	h.cancel() // nobody writes between what follows
	h.running.Wait()
	write := func(data string) {
		if _, err := h.private.JS.Publish(poll.Context(t), wire.LedgerSubject, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	fold := func() error {
		l := &leader{hub: h, ledger: &ledger{js: h.private.JS, stream: h.stores.ledger, by: "test"}}
		_, err := l.fold(poll.Context(t))
		return err
	}
	write(`{"by":"it had no format","entries":null}`)
	if err := fold(); err != nil {
		t.Fatal(err)
	}
	write(`{"format":1,"by":"a newer one","entries":[{"k":"teleported","t":1}]}`)
	if err := fold(); !errors.Is(err, errNewer) || !strings.Contains(err.Error(), `"teleported"`) {
		t.Errorf("wanted that an unknown entry is refused, got %v", err)
	}
	write(`{"format":2,"by":"a newer one","entries":"whatever"}`)
	h.Close()
	if _, err := Start(t.Context(), Options{Dir: dir, Port: -1}); !errors.Is(err, errNewer) {
		t.Errorf("wanted that a newer ledger is refused, got %v", err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(`{"format":2,"seq":1,"next":2,"state":{}}`))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(packed.Bytes()); !errors.Is(err, errNewer) {
		t.Errorf("wanted that a newer snapshot is refused, got %v", err)
	}
}

// Nothing is decided from a ledger that lacks a message.
func TestMissingMessageOfTheLedger(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	ctx := poll.Context(t)
	for range 3 {
		if _, err := h.private.JS.Publish(ctx, wire.LedgerSubject, []byte(`{"format":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.stores.ledger.DeleteMsg(ctx, 2); err != nil {
		t.Fatal(err)
	}
	l := &ledger{js: h.private.JS, stream: h.stores.ledger}
	err := l.read(ctx, 1, 3, func(uint64, record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "wanted message 2 of the ledger, got 3") {
		t.Errorf("got %v", err)
	}
}
