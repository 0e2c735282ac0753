package access

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
)

// A ticket lets a browser log in to the page of a hub as the holder of a key. The holder
// signs it, so the hub has to remember nothing, and the key stays where it is.

// ticketTime is how long a ticket is valid. It is in a link that one opens at once.
const ticketTime = 10 * time.Minute

// ticketPurpose is signed, too, so that nothing else that was signed is a ticket.
const ticketPurpose = "login to the page of a lab\x00"

type ticket struct {
	Key   string `json:"key"`
	Until int64  `json:"until"` // seconds since the epoch
}

// Ticket makes a ticket for who has this configuration.
func Ticket(config link.Config) (string, error) {
	pair, err := nkeys.FromSeed([]byte(config.Seed))
	if err != nil {
		return "", fmt.Errorf("the key of %s %s is damaged: %w: join the lab again", config.Role, config.Name, err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(ticket{public, time.Now().Add(ticketTime).Unix()})
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(text)
	signature, err := pair.Sign([]byte(ticketPurpose + body))
	if err != nil {
		return "", err
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Login returns whose ticket it is; ok is false if it is not valid.
func (b *Book) Login(text string) (key Key, ok bool) {
	body, sum, _ := strings.Cut(text, ".")
	signature, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil {
		return Key{}, false
	}
	data, err := base64.RawURLEncoding.DecodeString(body)
	var t ticket
	if err != nil || json.Unmarshal(data, &t) != nil || !nkeys.IsValidPublicUserKey(t.Key) {
		return Key{}, false
	}
	public, err := nkeys.FromPublicKey(t.Key)
	if err != nil || public.Verify([]byte(ticketPurpose+body), signature) != nil {
		b.log("denied: a login to the page with a ticket that is not signed by its key")
		return Key{}, false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	key, known := b.content.find(t.Key)
	if !known || b.now().Unix() > t.Until {
		b.log(fmt.Sprintf("denied: a login to the page with the ticket of %s, which has expired or whose key was revoked", t.Key))
		return Key{}, false
	}
	return key, true
}

// Has reports whether a public key is still that of somebody. Another key that the same name
// has got later does not count.
func (b *Book) Has(public, role, name string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	key, known := b.content.find(public)
	return known && key.Role == role && key.Name == name
}
