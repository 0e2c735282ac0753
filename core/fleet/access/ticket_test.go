package access

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"avescript/core/fleet/wire"
)

func TestTickets(t *testing.T) {
	l := newLab(t)
	config := l.member(wire.Viewer, "eve").Config
	text, err := Ticket(config)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := l.book.Login(text)
	if !ok || key.Role != wire.Viewer || key.Name != "eve" || !l.book.Has(key.Key, wire.Viewer, "eve") || l.book.Has(key.Key, wire.Admin, "eve") {
		t.Errorf("got %+v, %v", key, ok)
	}
	body, sum, _ := strings.Cut(text, ".")
	other, _ := Ticket(l.member(wire.Admin, "root").Config)
	otherBody, _, _ := strings.Cut(other, ".")
	later := base64.RawURLEncoding.EncodeToString([]byte(`{"key":"U","until":99999999999}`))
	for _, wrong := range []string{"", ".", body, body + ".", otherBody + "." + sum, later + "." + sum, text + "A", "x" + text} {
		if _, ok := l.book.Login(wrong); ok {
			t.Errorf("%q is accepted", wrong)
		}
	}
	l.audited("denied: a login to the page", "not signed")

	l.book.now = func() time.Time { return time.Now().Add(ticketTime + time.Minute) }
	if _, ok := l.book.Login(text); ok {
		t.Error("a ticket that has expired is accepted")
	}
	l.book.now = time.Now
	if err := l.book.Revoke("root", wire.Revoke{Role: wire.Viewer, Name: "eve"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.book.Login(text); ok || l.book.Has(key.Key, wire.Viewer, "eve") {
		t.Error("the ticket of a revoked key is accepted")
	}
	if l.member(wire.Viewer, "eve"); l.book.Has(key.Key, wire.Viewer, "eve") {
		t.Error("the old key is good again when eve has a new one")
	}
}
