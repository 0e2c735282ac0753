package hub

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// detour has the server send something to a subject for a user: what the user has stored
// where that is allowed, as an answer and by a consumer.
func detour(t *testing.T, user *link.Link, target, content string) {
	t.Helper()
	for subject, rollup := range map[string]string{"$O.code.M.evil": "", "$O.code.M.rollup": "sub"} {
		stored := nats.NewMsg(subject)
		stored.Data = []byte(content)
		stored.Header.Set(fromHeader, "999999.0")
		if rollup != "" {
			stored.Header.Set("Nats-Rollup", rollup)
		}
		if _, err := user.JS.PublishMsg(poll.Context(t), stored); err != nil {
			t.Fatal(err)
		}
		name := "evil-" + strings.NewReplacer("$", "", ".", "-").Replace(target+rollup)
		for _, m := range []*nats.Msg{
			{Subject: "$JS.API.STREAM.MSG.GET.OBJ_code", Data: []byte(`{"last_by_subj":"` + subject + `"}`)},
			{Subject: "$JS.API.CONSUMER.CREATE.OBJ_code." + name, Data: []byte(
				`{"stream_name":"OBJ_code","config":{"name":"` + name + `","ack_policy":"none","deliver_subject":"` + target + `"}}`)},
			{Subject: "$JS.API.DIRECT.GET.OBJ_code", Data: []byte(`{"last_by_subj":"` + subject + `"}`)},
			{Subject: "$JS.API.DIRECT.GET.OBJ_code." + subject},
		} {
			m.Reply = target
			if err := user.Conn.PublishMsg(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // after all of that
		if _, err := ask(t, user, wire.VerbLab, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// What a user has stored gets neither into the ledger nor into what belongs to it, although
// the server can be asked to send it there. It gets among the notes, where it counts nothing.
func TestDetour(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{Keys: true, Listen: "127.0.0.1"})
	poll.Until(t, "the hub leads", h.metrics.leading.Load)
	config, err := h.Book().Local(filepath.Join(t.TempDir(), "user.json"), link.Config{URL: h.URL(), Role: wire.User, Name: "mallory"})
	if err != nil {
		t.Fatal(err)
	}
	user := connect(t, config)
	if _, err := h.stores.snapshots.PutBytes(t.Context(), "ledger-1", []byte("of the hub")); err != nil {
		t.Fatal(err)
	}
	l := &ledger{js: h.private.JS, stream: h.stores.ledger}
	_, before, err := l.bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{wire.LedgerSubject, "$KV." + wire.LeaderBucket + "." + leaderKey, "$O." + wire.SnapshotStore + ".M.evil"} {
		detour(t, user, target, `{"format":1,"by":"mallory"}`)
	}
	poll.Until(t, "the server stores what a user has it send", func() bool {
		echo := &nats.Msg{Subject: "$JS.API.DIRECT.GET.OBJ_code.$O.code.M.evil", Reply: wire.NoteSubject("run-1")}
		if err := user.Conn.PublishMsg(echo); err != nil {
			t.Error(err)
		}
		m, err := h.stores.output.GetLastMsgForSubject(t.Context(), wire.NoteAll)
		return err == nil && m.Header.Get(fromHeader) != ""
	})
	if from, err := lastNoted(t.Context(), h.stores.output); err != nil || from != (wire.Token{}) {
		t.Errorf("wanted that all notes are published again, got those from %s, %v", from, err)
	}
	if _, last, err := l.bounds(t.Context()); err != nil || last != before {
		t.Errorf("wanted that the ledger ends at %d, got %d, %v", before, last, err)
	}
	if entry, err := h.stores.leader.Get(t.Context(), leaderKey); err != nil || !strings.HasPrefix(string(entry.Value()), h.options.Name) {
		t.Errorf("wanted that %s leads, got %v, %v", h.options.Name, entry, err)
	}
	if objects, err := snapshotObjects(t.Context(), h.private.Conn); err != nil || len(objects) != 1 {
		t.Errorf("wanted the snapshot that the hub has stored, got %v, %v", objects, err)
	}
}
