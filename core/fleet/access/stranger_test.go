package access

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

func TestStrangersAreRefused(t *testing.T) {
	l := newLab(t)
	member := l.member(wire.User, "alice").Config
	pair, public := newKey(t)
	strange := member
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	strange.Seed = string(seed)
	if _, err := link.Dial(t.Context(), strange); err == nil || !strings.Contains(err.Error(), "does not accept the key") {
		t.Errorf("an unknown key: got %v", err)
	}
	l.audited("denied: a connection from 127.0.0.1", public, "unknown or was revoked")

	word := member
	word.Seed = ""
	if _, err := link.Dial(t.Context(), word); err == nil {
		t.Error("a name without a key is believed")
	}
	l.audited("denied: a connection from 127.0.0.1", "no key and no invitation")

	own := l.book.Own()
	own.URL, own.Pin = member.URL, member.Pin
	if _, err := link.Dial(t.Context(), own); err == nil {
		t.Error("the key of the hub is accepted from outside")
	}
	l.audited("denied: a connection from 127.0.0.1", "key of the hub")
}

// The signature is that of another connection's nonce, or of another key.
func TestForgedSignaturesAreRefused(t *testing.T) {
	l := newLab(t)
	config := l.member(wire.User, "alice").Config
	pair, err := nkeys.FromSeed([]byte(config.Seed))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	other, _ := newKey(t)
	for name, sign := range map[string]func([]byte) ([]byte, error){
		"old":     func([]byte) ([]byte, error) { return pair.Sign([]byte("another nonce")) },
		"other":   other.Sign,
		"garbage": func([]byte) ([]byte, error) { return []byte{1, 2, 3}, nil },
		"empty":   func([]byte) ([]byte, error) { return nil, nil },
	} {
		conn, err := nats.Connect(config.URL, nats.Nkey(public, sign), nats.TLSHandshakeFirst(),
			nats.Secure(&tls.Config{InsecureSkipVerify: true})) //nolint:gosec // a stranger does not care
		if err == nil {
			conn.Close()
			t.Errorf("%s: the signature is accepted", name)
		}
	}
	l.audited("denied: ", "its signature is wrong")
}

func TestWrongFingerprintsAreRefused(t *testing.T) {
	l := newLab(t)
	config := l.member(wire.User, "alice").Config
	config.Pin = link.Fingerprint([]byte("another certificate"))
	_, err := link.Dial(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "is not the hub of this lab") {
		t.Errorf("got %v", err)
	}
	line := l.invited(wire.Invite{Role: wire.User})
	line.Pin = config.Pin
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "bob"}); err == nil || !strings.Contains(err.Error(), "is not the hub of this lab") {
		t.Errorf("got %v", err)
	}
	line.Pin = l.book.Pin() // the secret was not told to the wrong hub, so it is good
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "bob"}); err != nil {
		t.Error(err)
	}
}

func TestConnectionsAreEncryptedFirst(t *testing.T) {
	l := newLab(t)
	address := l.server.Addr().String()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("CONNECT {\"verbose\":true}\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if strings.Contains(answer, "INFO") || strings.Contains(answer, "PONG") || err == nil {
		t.Errorf("a plain connection was answered: got %q, %v", answer, err)
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12} //nolint:gosec // it is what must be refused
	if conn, err := tls.Dial("tcp", address, old); err == nil {
		conn.Close()
		t.Error("TLS 1.2 is accepted")
	}
}

func TestHubWithoutKeysStaysOnItsHost(t *testing.T) {
	book, err := Loopback(discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"0.0.0.0", "", "::", "192.0.2.1", "example.org"} {
		if err := book.Secure(&server.Options{Host: host}); err == nil {
			t.Errorf("a hub without keys may listen on %q", host)
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost", "::1", "127.0.0.2"} {
		if err := book.Secure(&server.Options{Host: host}); err != nil {
			t.Error(err)
		}
	}
	if _, err := book.Invite("admin root", wire.Invite{Role: wire.User}); err == nil {
		t.Error("a hub without keys makes an invitation")
	}
	if _, err := link.Dial(t.Context(), link.Config{URL: "nats://192.0.2.1:4222", Role: wire.User, Name: "alice"}); err == nil || !strings.Contains(err.Error(), "fingerprint") {
		t.Errorf("a client would speak to a hub without keys on another host: got %v", err)
	}
}

func TestRolesWithoutKeys(t *testing.T) {
	l := &lab{t: t, dir: t.TempDir()}
	var err error
	if l.book, err = Loopback(l.note); err != nil {
		t.Fatal(err)
	}
	l.start()
	t.Cleanup(l.stop)
	config := link.Config{URL: "nats://" + l.server.Addr().String(), Role: wire.User, Name: "alice"}
	user := l.dial(config)
	l.denied(t, user, "fleet.request.user.alice.drain", func() error { return user.Conn.Publish("fleet.request.user.alice.drain", nil) })
	for _, name := range []string{"hub.hub", "guest.x", "nobody.x", "user", "user.*", "user.a.b", ""} {
		conn, err := nats.Connect(config.URL, nats.UserInfo(name, "x"))
		if err == nil {
			conn.Close()
			t.Errorf("the user %q is believed", name)
		}
	}
}

func TestInvitationsWorkOnce(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.User})
	alice, err := Enroll(t.Context(), line, wire.Join{Name: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if alice.Role != wire.User || alice.Name != "alice" {
		t.Errorf("got %+v", alice)
	}
	l.dial(alice)
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "bob"}); err == nil || !strings.Contains(err.Error(), "used already") {
		t.Errorf("got %v", err)
	}
	l.audited("denied: ", "an invitation that user alice has used")

	l.stop() // also after a restart
	l.open()
	l.start()
	line.URL = l.url()
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "bob"}); err == nil || !strings.Contains(err.Error(), "used already") {
		t.Errorf("after a restart: got %v", err)
	}
}

func TestInvitationsLastOverARestart(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.Worker})
	l.stop()
	l.open()
	l.start()
	line.URL = l.url()
	if _, err := Enroll(t.Context(), line, wire.Join{Host: "lab-1", User: "root"}); err != nil {
		t.Error(err)
	}
}

// The answer can get lost, so the same guest asks again.
func TestSameGuestMayAskAgain(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.User})
	pair, _ := newKey(t)
	for range 2 {
		config, err := enroll(t.Context(), line, wire.Join{Name: "alice"}, pair)
		if err != nil || config.Name != "alice" {
			t.Fatalf("got %+v, %v", config, err)
		}
	}
	if n := len(l.book.Keys()); n != 1 {
		t.Errorf("got %d keys, wanted 1", n)
	}
}

func TestInvitationUsedByManyAtOnce(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.User})
	const guests = 8
	joined := make(chan error, guests)
	for i := range guests {
		go func() {
			_, err := Enroll(t.Context(), line, wire.Join{User: "guest" + string(rune(97+i))})
			joined <- err
		}()
	}
	won := 0
	for range guests {
		if err := <-joined; err == nil {
			won++
		} else if !strings.Contains(err.Error(), "used already") {
			t.Error(err)
		}
	}
	if won != 1 || len(l.book.Keys()) != 1 {
		t.Errorf("%d guests have joined with one invitation, and %d keys are in the book", won, len(l.book.Keys()))
	}
}

func TestInvitationsExpire(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.User, Seconds: 60})
	guest := l.dial(link.Config{URL: line.URL, Pin: line.Pin, Role: wire.Guest, Name: hashed(line.Secret)[:idLength], Secret: line.Secret})
	l.book.mu.Lock()
	l.book.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	l.book.mu.Unlock()
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "alice"}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
	l.audited("denied: a connection", "its invitation has expired")
	_, public := newKey(t)
	if _, err := guest.Request(t.Context(), wire.VerbJoin, wire.Join{Name: "alice", Key: public}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("a guest who was connected before: got %v", err)
	}
	l.audited("denied: a guest with an invitation that is not valid")
}

func TestUnknownInvitationsAreRefused(t *testing.T) {
	l := newLab(t)
	line := Line{l.url(), l.book.Pin(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
	if _, err := Enroll(t.Context(), line, wire.Join{Name: "alice"}); err == nil || !strings.Contains(err.Error(), "ask for another one") {
		t.Errorf("got %v", err)
	}
	l.audited("denied: a connection", "its invitation is unknown")
}

func TestSecretsAreNotInTheFile(t *testing.T) {
	l := newLab(t)
	line := l.invited(wire.Invite{Role: wire.User})
	l.book.mu.Lock()
	defer l.book.mu.Unlock()
	data, err := json.Marshal(l.book.content)
	if err != nil || bytes.Contains(data, []byte(line.Secret)) {
		t.Errorf("the secret of an invitation is kept: %v", err)
	}
}

func TestNames(t *testing.T) {
	l := newLab(t)
	l.member(wire.User, "alice")
	first := l.member(wire.Worker, "lab-1")
	for _, c := range []struct {
		invite wire.Invite
		name   string
		want   string // of the error, or ""
	}{
		{wire.Invite{Role: wire.User}, "alice", "taken"},
		{wire.Invite{Role: wire.Admin}, "alice", "taken"}, // runs are of a user by name
		{wire.Invite{Role: wire.User}, "a.b", "wanted a name"},
		{wire.Invite{Role: wire.User}, "", "wanted a name"},
		{wire.Invite{Role: wire.Worker}, "lab-1", "taken"},
		{wire.Invite{Role: wire.Worker}, "alice", ""}, // a host may be called as a user
		{wire.Invite{Role: wire.User, Name: "alice"}, "other", ""},
		{wire.Invite{Role: wire.Worker, Name: "lab-1"}, "other", ""},
	} {
		config, err := Enroll(t.Context(), l.invited(c.invite), wire.Join{Name: c.name})
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v as %q: got %v, wanted an error with %q", c.invite, c.name, err, c.want)
		case c.want == "" && err != nil:
			t.Errorf("%+v as %q: %v", c.invite, c.name, err)
		case c.want == "" && c.invite.Name != "" && config.Name != c.invite.Name:
			t.Errorf("%+v as %q: got the name %q", c.invite, c.name, config.Name)
		}
	}
	select {
	case <-first.Done(): // another host has its name now
	case <-time.After(30 * time.Second):
		t.Error("two hosts have one name")
	}
}

func TestWrongInvitations(t *testing.T) {
	l := newLab(t)
	for _, invite := range []wire.Invite{
		{Role: wire.Hub}, {Role: wire.Guest}, {Role: ""}, {Role: wire.User, Name: "a.b"},
		{Role: wire.User, Seconds: -1}, {Role: wire.User, Seconds: 1e12},
	} {
		if _, err := l.book.Invite("admin root", invite); err == nil {
			t.Errorf("%+v is accepted", invite)
		}
	}
}
