package access

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// usualTime is how long an invitation is valid if nothing else is said, and mostTime is the
// longest.
const (
	usualTime = time.Hour
	mostTime  = 90 * 24 * time.Hour
)

// Invitation lets somebody join once. Its secret is not kept, only the hash.
type Invitation struct {
	Hash  string    `json:"hash"` // SHA-256 of the secret
	Role  string    `json:"role"`
	Name  string    `json:"name,omitempty"` // "" lets the guest choose
	Until time.Time `json:"until"`
	By    string    `json:"by"`
	Used  string    `json:"used,omitempty"`   // the key that has joined with it
	As    string    `json:"joined,omitempty"` // the name that it got
}

// idLength is the length of the name that a guest has at the hub: the first digits of the
// hash. It tells the leader which invitation the guest has.
const idLength = 16

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func (i Invitation) id() string { return i.Hash[:idLength] }

// Invite makes an invitation, and returns its secret. By is who invites.
func (b *Book) Invite(by string, invite wire.Invite) (secret string, _ error) {
	if !b.HasKeys() {
		return "", refused("this lab has no keys, so it needs no invitations: all accounts of its host may use it")
	}
	switch invite.Role {
	case wire.Worker, wire.User, wire.Viewer, wire.Admin:
	default:
		return "", refused("wanted the role worker, user, viewer or admin, got %q", invite.Role)
	}
	if invite.Name != "" {
		if err := wire.CheckName(invite.Name); err != nil {
			return "", refused("%v", err)
		}
	}
	valid := time.Duration(invite.Seconds * float64(time.Second))
	if invite.Seconds == 0 {
		valid = usualTime
	}
	if invite.Seconds < 0 || invite.Seconds > mostTime.Seconds() {
		return "", refused("wanted a time of at most %d days for an invitation, got %g seconds", int(mostTime.Hours()/24), invite.Seconds)
	}
	secret = rand.Text()
	now := b.now()
	err := b.change(func(next *content) error {
		next.Invitations = slices.DeleteFunc(next.Invitations, func(i Invitation) bool { return now.After(i.Until) })
		next.Invitations = append(next.Invitations, Invitation{
			Hash: hashed(secret), Role: invite.Role, Name: invite.Name, Until: now.Add(valid).Truncate(time.Second), By: by,
		})
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Join puts the key of a guest into the book. Guest is the name under which it has sent the
// request. The same guest may ask again, because the answer can get lost.
func (b *Book) Join(guest string, join wire.Join) (role, name string, err error) {
	if !nkeys.IsValidPublicUserKey(join.Key) {
		return "", "", refused("wanted a public key, got %q", join.Key)
	}
	var key Key
	var admitted error
	err = b.change(func(next *content) error {
		key, admitted = b.admit(next, guest, join)
		return admitted
	})
	if err != nil {
		return "", "", err
	}
	if admitted == nil {
		b.log(fmt.Sprintf("%s %s has joined, invited by %s", key.Role, key.Name, key.By))
	}
	return key.Role, key.Name, nil
}

// admit uses an invitation up. It returns errSame if the guest was admitted before.
func (b *Book) admit(next *content, guest string, join wire.Join) (Key, error) {
	at := slices.IndexFunc(next.Invitations, func(i Invitation) bool { return i.id() == guest })
	if at < 0 || b.now().After(next.Invitations[at].Until) {
		return Key{}, b.denied("a guest with an invitation that is not valid", "the invitation has expired or was never made: ask for another one")
	}
	i := &next.Invitations[at]
	key := Key{Key: join.Key, Role: i.Role, Name: wanted(join, i.Role), Since: b.now().Truncate(time.Second), By: i.By}
	if i.Used == join.Key {
		key.Name = i.As
		return key, errSame
	}
	if i.Used != "" {
		return key, b.denied(fmt.Sprintf("a guest with an invitation that %s %s has used", i.Role, i.As), "the invitation was used already: ask for another one")
	}
	if _, known := next.find(join.Key); known {
		return key, b.denied("a guest with the key of somebody else", "the key is in use already: join with a new one")
	}
	if err := next.place(&key, i.Name); err != nil {
		return key, err
	}
	i.Used, i.As = key.Key, key.Name
	next.Keys = append(next.Keys, key)
	return key, nil
}

// wanted is the name that a guest wants. It does not know the role before it has joined.
func wanted(join wire.Join, role string) string {
	if role == wire.Worker {
		return cmp.Or(join.Name, join.Host)
	}
	return cmp.Or(join.Name, join.User)
}

// place finds the name for a key: that of the invitation, or else the one that the guest
// wants, if nobody has it. An invitation with the name of a host replaces the key of that
// host, because two hosts must not have one name. A user can have several accounts.
func (c *content) place(key *Key, invited string) error {
	if invited != "" {
		key.Name = invited
		if key.Role == wire.Worker {
			c.Keys = slices.DeleteFunc(c.Keys, func(k Key) bool { return k.Role == key.Role && k.Name == key.Name })
		}
		return nil
	}
	if err := wire.CheckName(key.Name); err != nil {
		return refused("%v: choose one with --name", err)
	}
	isPerson := key.Role != wire.Worker
	taken := slices.ContainsFunc(c.Keys, func(k Key) bool {
		return k.Name == key.Name && (k.Role != wire.Worker) == isPerson
	})
	if taken {
		return refused("the name %s is taken: choose another one with --name, or ask for an invitation with this name", key.Name)
	}
	return nil
}

// denied logs that somebody was refused, and returns what the guest is told.
func (b *Book) denied(who, why string) error {
	b.log("denied: " + who)
	return refused("%s", why)
}

func refused(format string, arguments ...any) error {
	return &link.Refusal{Code: wire.CodeRefused, Message: fmt.Sprintf(format, arguments...)}
}
