package access

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// forbidden are subjects that a role must not publish to, beside those of all roles.
var forbidden = map[string][]string{
	wire.Worker: {
		"fleet.request.worker.lab-2.beat", "fleet.request.worker.lab-2.result", // of another host
		"fleet.output.lab-2.r1.0.1.0", "fleet.order.lab-1.x", "fleet.order.lab-2.x",
		"fleet.request.worker.lab-1.drain", "fleet.request.worker.lab-1.invite", "fleet.request.worker.lab-1.submit",
		"_INBOX.worker.lab-2.x", "_INBOX.viewer.eve.x", "_INBOX.hub.hub.x",
		"$O.code.M.x", "$O.code.C.x",
		"$JS.API.CONSUMER.CREATE.OUTPUT.x", "$JS.API.STREAM.INFO.OUTPUT",
	},
	wire.User: {
		"fleet.request.user.bob.submit", "fleet.request.user.bob.cancel", // of another user
		"fleet.request.admin.alice.drain", "fleet.request.user.alice.drain", "fleet.request.user.alice.aside",
		"fleet.request.user.alice.invite", "fleet.request.user.alice.revoke", "fleet.request.user.alice.quota",
		"fleet.request.user.alice.backup", "fleet.request.worker.lab-1.result", "fleet.request.worker.alice.beat",
		"fleet.output.lab-1.r1.0.1.0", "fleet.output.alice.r1.0.1.0", "fleet.order.lab-1.x",
		"_INBOX.user.bob.x", "_INBOX.worker.lab-1.x",
		"$O.artifacts.M.x", "$O.artifacts.C.x",
	},
	wire.Viewer: {
		"fleet.request.viewer.eve.submit", "fleet.request.viewer.eve.cancel", "fleet.request.user.alice.submit",
		"fleet.output.lab-1.r1.0.1.0", "fleet.order.lab-1.x", "_INBOX.user.alice.x",
		"$O.code.M.x", "$O.artifacts.M.x",
	},
	wire.Admin: {
		"fleet.request.admin.other.drain", "fleet.request.user.alice.submit", "fleet.request.worker.lab-1.result",
		"fleet.output.lab-1.r1.0.1.0", "fleet.order.lab-1.x", "_INBOX.user.alice.x", "$O.artifacts.M.x",
	},
	wire.Guest: {
		"fleet.request.guest.other.join", "fleet.request.guest.NAME.lab", "fleet.request.user.alice.submit",
		"fleet.request.worker.lab-1.beat", "fleet.output.lab-1.r1.0.1.0", "fleet.order.lab-1.x",
		"$O.code.M.x", "$O.artifacts.M.x", "$JS.API.STREAM.INFO.OUTPUT", "$JS.API.STREAM.INFO.OBJ_code",
		"$JS.API.CONSUMER.CREATE.OUTPUT.x", "_INBOX.user.alice.x",
	},
}

// forbiddenToAll are subjects that only the hub may publish to.
var forbiddenToAll = []string{
	wire.LedgerSubject, "fleet.note.r1", "fleet.anything",
	"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
	"$JS.API.STREAM.CREATE.NEW", "$JS.API.STREAM.UPDATE.LEDGER", "$JS.API.STREAM.DELETE.LEDGER", "$JS.API.STREAM.PURGE.LEDGER",
	"$JS.API.STREAM.PURGE.OUTPUT", "$JS.API.STREAM.DELETE.OUTPUT", "$JS.API.STREAM.MSG.DELETE.OUTPUT", "$JS.API.STREAM.UPDATE.OUTPUT",
	"$JS.API.STREAM.PURGE.OBJ_code", "$JS.API.STREAM.DELETE.OBJ_code", "$JS.API.STREAM.MSG.DELETE.OBJ_code", "$JS.API.STREAM.PURGE.OBJ_artifacts",
	"$JS.API.STREAM.SNAPSHOT.LEDGER", "$JS.API.STREAM.RESTORE.LEDGER",
	"$JS.API.STREAM.INFO.LEDGER", "$JS.API.STREAM.MSG.GET.LEDGER", "$JS.API.DIRECT.GET.LEDGER", "$JS.API.DIRECT.GET.LEDGER.fleet.ledger",
	"$JS.API.CONSUMER.CREATE.LEDGER", "$JS.API.CONSUMER.CREATE.LEDGER.x", "$JS.API.CONSUMER.CREATE.LEDGER.x.fleet.ledger", "$JS.API.CONSUMER.DURABLE.CREATE.LEDGER.x",
	"$JS.API.CONSUMER.LIST.OUTPUT", "$JS.API.CONSUMER.NAMES.OUTPUT", "$JS.API.CONSUMER.DURABLE.CREATE.OUTPUT.x",
	"$JS.API.STREAM.INFO.OBJ_snapshots", "$JS.API.DIRECT.GET.OBJ_snapshots", "$O.snapshots.M.x", "$KV.leader.x",
	"$JS.ACK.LEDGER.x.1.1.1.1.0", "$SYS.REQ.SERVER.PING", "$SRV.PING", "_INBOX.x", "x",
}

// unreadable are subjects that only the hub may subscribe to.
var unreadable = []string{
	">", "fleet.>", wire.LedgerSubject, wire.RequestAll, wire.OutputAll, wire.NoteAll, "fleet.order.*.*", "fleet.order.lab-2.x",
	"_INBOX.>", "_INBOX.user.bob.>", "_INBOX.worker.lab-2.>", "_INBOX.hub.hub.>", "_INBOX.*.*.x",
	"$JS.API.>", "$JS.EVENT.>", "$O.code.>", "$O.artifacts.>", "$KV.>", "$SYS.>",
}

// members connects with each role.
func (l *lab) members() map[string]*link.Link {
	l.t.Helper()
	line := l.invited(wire.Invite{Role: wire.User})
	return map[string]*link.Link{
		wire.Worker: l.member(wire.Worker, "lab-1"),
		wire.User:   l.member(wire.User, "alice"),
		wire.Viewer: l.member(wire.Viewer, "eve"),
		wire.Admin:  l.member(wire.Admin, "root"),
		wire.Guest:  l.dial(link.Config{URL: line.URL, Pin: line.Pin, Role: wire.Guest, Name: hashed(line.Secret)[:idLength], Secret: line.Secret}),
	}
}

func TestRolesMayNotDoWhatOthersMay(t *testing.T) {
	l := newLab(t)
	for role, m := range l.members() {
		t.Run(role, func(t *testing.T) {
			seen, err := l.hub.Conn.SubscribeSync(">")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = seen.Unsubscribe() }()
			for _, subject := range append(forbidden[role], forbiddenToAll...) {
				subject = strings.ReplaceAll(subject, "NAME", m.Config.Name)
				l.denied(t, m, subject, func() error { return m.Conn.PublishMsg(link.Message(subject, []byte("forbidden"))) })
			}
			for _, subject := range unreadable {
				l.denied(t, m, subject, func() error {
					_, err := m.Conn.Subscribe(subject, func(*nats.Msg) { t.Errorf("got a message under %s", subject) })
					return err
				})
			}
			for {
				got, err := seen.NextMsg(time.Millisecond)
				if err != nil {
					break
				}
				if bytes.Equal(got.Data, []byte("forbidden")) {
					t.Errorf("a message came through under %s", got.Subject)
				}
			}
		})
	}
}

// denied checks that the hub does not let something through, says so to the client, and
// logs who has tried it.
func (l *lab) denied(t *testing.T, m *link.Link, subject string, try func() error) {
	t.Helper()
	denials := make(chan error, 10)
	before := m.Conn.Opts.AsyncErrorCB
	m.Conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denials <- err })
	defer m.Conn.SetErrorHandler(before)
	if err := try(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-denials:
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `"`+subject+`"`) {
			t.Errorf("%s: got %v", subject, err)
		}
	case <-time.After(30 * time.Second):
		t.Errorf("%s is not denied", subject)
		return
	}
	who := m.Config.Role + " " + m.Config.Name
	if m.Config.Role == wire.Guest {
		who = m.Config.Name
	}
	l.audited("denied: ", who, `"`+subject+`"`)
}

func TestRolesMayDoTheirWork(t *testing.T) {
	l := newLab(t)
	m := l.members()
	ctx := poll.Context(t)
	user, worker, viewer, admin := m[wire.User], m[wire.Worker], m[wire.Viewer], m[wire.Admin]

	bundle := bytes.Repeat([]byte("code"), 100_000)
	put(ctx, t, user, wire.CodeStore, "bundle", bundle)
	get(ctx, t, worker, wire.CodeStore, "bundle", bundle)
	get(ctx, t, user, wire.CodeStore, "bundle", bundle)

	if _, err := worker.JS.Publish(ctx, wire.OutputSubject("lab-1", "r1", 0, wire.Token{Seq: 1}), []byte("output")); err != nil {
		t.Fatal(err)
	}
	put(ctx, t, worker, wire.ArtifactStore, "r1/0/1.0/0", bundle)
	for _, reader := range []*link.Link{user, viewer, admin} {
		get(ctx, t, reader, wire.ArtifactStore, "r1/0/1.0/0", bundle)
		consumer, err := reader.JS.OrderedConsumer(ctx, wire.OutputStream, jetstream.OrderedConsumerConfig{FilterSubjects: wire.RunSubjects("r1")})
		if err != nil {
			t.Fatal(err)
		}
		message, err := consumer.Next(jetstream.FetchMaxWait(30 * time.Second))
		if err != nil || string(message.Data()) != "output" {
			t.Fatalf("got %v, %v", message, err)
		}
	}

	orders, err := worker.Conn.SubscribeSync(wire.OrderSubject("lab-1", "i1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := l.hub.Conn.PublishMsg(link.Message(wire.OrderSubject("lab-1", "i1"), []byte("order"))); err != nil {
		t.Fatal(err)
	}
	order, err := orders.NextMsgWithContext(ctx)
	if err != nil || link.Genuine(order) != nil {
		t.Fatalf("got %v, %v", order, err)
	}

	inbox := user.Conn.NewInbox()
	leases, err := user.Conn.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := user.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	answers := make(chan error, 1)
	go func() { // a host asks whether the client is still there
		_, err := worker.Conn.RequestWithContext(ctx, inbox, []byte("leases"))
		answers <- err
	}()
	question, err := leases.NextMsgWithContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(question.Respond(nil), <-answers); err != nil {
		t.Fatal(err)
	}
}

func put(ctx context.Context, t *testing.T, l *link.Link, store, name string, data []byte) {
	t.Helper()
	objects, err := l.JS.ObjectStore(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Put(ctx, jetstream.ObjectMeta{Name: name}, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, t *testing.T, l *link.Link, store, name string, want []byte) {
	t.Helper()
	objects, err := l.JS.ObjectStore(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	object, err := objects.Get(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	got, err := io.ReadAll(object)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s of %s: got %d bytes, %v", name, store, len(got), err)
	}
}

// The server sends what is stored wherever a reader wants it. What comes so is not taken
// for a message of whoever may publish there.
func TestStoredMessagesAreNotGenuine(t *testing.T) {
	l := newLab(t)
	user := l.member(wire.User, "alice")
	drain := link.Message("$O.code.M.evil", []byte(`{"host":"lab-1"}`))
	if _, err := user.JS.PublishMsg(poll.Context(t), drain); err != nil {
		t.Fatal(err)
	}
	target := wire.RequestSubject(wire.Admin, "root", wire.VerbDrain)
	requests, err := l.hub.Conn.SubscribeSync(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.hub.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]*nats.Msg{
		"direct get": {Subject: "$JS.API.DIRECT.GET.OBJ_code.$O.code.M.evil"},
		"get":        {Subject: "$JS.API.STREAM.MSG.GET.OBJ_code", Data: []byte(`{"seq":1}`)},
		"info":       {Subject: "$JS.API.STREAM.INFO.OBJ_code"},
		"consumer": {Subject: "$JS.API.CONSUMER.CREATE.OBJ_code.evil", Data: []byte(
			`{"stream_name":"OBJ_code","config":{"name":"evil","ack_policy":"none","deliver_subject":"` + target + `"}}`)},
	} {
		try.Reply = target
		if err := user.Conn.PublishMsg(try); err != nil {
			t.Fatal(err)
		}
		got, err := requests.NextMsgWithContext(poll.Context(t))
		if err != nil {
			t.Fatalf("%s: %v: the server is stricter than it was, so link.Genuine may be needless", name, err)
		}
		if _, _, _, err := link.Sender(got); err == nil {
			t.Errorf("%s: a message under %s was taken for a request of an administrator", name, got.Subject)
		}
	}
}

func TestAnswersGoToTheSender(t *testing.T) {
	l := newLab(t)
	user := l.member(wire.User, "alice")
	requests, err := l.hub.Conn.SubscribeSync(wire.RequestAll)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.hub.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	m := link.Message(wire.RequestSubject(wire.User, "alice", wire.VerbLab), nil)
	m.Reply = wire.RequestSubject(wire.Admin, "root", wire.VerbRevoke)
	if err := user.Conn.PublishMsg(m); err != nil {
		t.Fatal(err)
	}
	got, err := requests.NextMsgWithContext(poll.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := link.Sender(got); err == nil {
		t.Error("an answer may go to the subject of somebody else")
	}
}

func TestForbiddenRequestsEndAtOnce(t *testing.T) {
	l := newLab(t)
	viewer := l.member(wire.Viewer, "eve")
	_, err := viewer.Request(t.Context(), wire.VerbSubmit, wire.Submit{})
	var refusal *link.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "viewer may not") {
		t.Errorf("got %v", err)
	}
}

func TestRevokedKeysAreOutAtOnce(t *testing.T) {
	l := newLab(t)
	worker, other := l.member(wire.Worker, "lab-1"), l.member(wire.Worker, "lab-2")
	second := l.dial(worker.Config)
	if err := l.book.Revoke("root", wire.Revoke{Role: wire.Worker, Name: "lab-1"}); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*link.Link{worker, second} {
		select {
		case <-m.Done():
		case <-time.After(30 * time.Second):
			t.Fatal("the connection goes on")
		}
		if err := m.Err(); err == nil || !strings.Contains(err.Error(), "was revoked") {
			t.Errorf("got %v", err)
		}
		if _, err := m.Request(t.Context(), wire.VerbBeat, nil); err == nil {
			t.Error("a request was answered")
		}
	}
	if _, err := link.Dial(t.Context(), worker.Config); err == nil {
		t.Error("the key is still accepted")
	}
	l.audited("denied: ", "was revoked")
	if !other.Conn.IsConnected() {
		t.Error("another host was disconnected, too")
	}
	if err := l.book.Revoke("root", wire.Revoke{Role: wire.Worker, Name: "lab-1"}); err == nil {
		t.Error("a key that is not there was revoked")
	}
	l.open()
	poll.Until(t, "the key is not in the file", func() bool { return len(l.book.Keys()) == 1 })
}
