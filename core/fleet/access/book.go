// Package access decides who may do what at a hub.
//
// Everybody in a lab has a role, a name and a key (an nkey, which is ed25519). The hub keeps
// the public keys in a [Book]. Who connects signs what the hub has just invented, and may
// then publish and subscribe to the subjects of its role and name, and to no others: see
// [Permissions]. The connection is encrypted before anything is said, and the client knows
// the fingerprint of the hub's certificate.
//
// A key gets into the book by an invitation: a secret that works once, for a limited time.
// The join line has all that a newcomer needs, see [Line]. Who has an invitation may
// connect as a guest, and do nothing but join. The guest makes its key itself, so no secret
// key ever leaves its host.
//
//	hub:    Book.Invite  ->  tls://hub:4222#FINGERPRINT.SECRET
//	guest:  Enroll       ->  VerbJoin with its public key
//	hub:    Book.Join    ->  the key is in the book, and the invitation is used up
//	guest:  the file with its link.Config
//
// The book is a file that is replaced as a whole, so whatever was answered is there after
// any end of the hub. A hub without keys listens on the loopback interface only; there the
// roles prevent mistakes, and nothing else.
//
// Whatever is refused is logged: connections here, and messages by the [Logger] that the
// server gets.
package access

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// bookFile has the keys and the invitations.
const bookFile = "keys.json"

// Key is the public key of somebody. A user can have several, one for each account.
type Key struct {
	Key   string    `json:"key"`
	Role  string    `json:"role"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	By    string    `json:"by,omitempty"` // who has invited
}

// Book knows the keys and the invitations of a lab.
type Book struct {
	dir         string // "" without keys
	log         func(string)
	now         func() time.Time
	own         nkeys.KeyPair // of the hub's own connections; never on the disk
	ownKey      string
	certificate tls.Certificate
	pin         string

	changing sync.Mutex // held by whoever changes the content, also while it is written
	shared   *shared    // with the other hubs of a cluster, or nil
	failed   time.Time  // when the shared content could not be changed; belongs to changing

	sharing chan struct{} // closed when the content is shared, or nil; see WillShare
	asking  chan struct{} // has room for whoever asks the other hubs

	mu      sync.RWMutex
	content content
	server  *server.Server
	lab     *server.Account // of everybody
	private *server.Account // of what only hubs may read and write

	// names has "ROLE NAME" by key, even of keys that are revoked. The server logs while mu
	// is held, so the logger cannot use the content.
	names sync.Map
}

// content is what the file has.
type content struct {
	Keys        []Key        `json:"keys"`
	Invitations []Invitation `json:"invitations"`

	revision uint64 // in the bucket of a cluster
}

// Open opens the book in a directory, and makes it, with a certificate, if it is not there.
// What is refused is logged.
func Open(dir string, log func(string)) (*Book, error) {
	b, err := newBook(log)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	b.dir = dir
	if b.certificate, err = certificate(dir); err != nil {
		return nil, err
	}
	b.pin = link.Fingerprint(b.certificate.Certificate[0])
	data, err := os.ReadFile(filepath.Join(dir, bookFile))
	if errors.Is(err, os.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &b.content); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w: restore a backup", filepath.Join(dir, bookFile), err)
	}
	b.name()
	return b, nil
}

// Loopback is the book of a hub without keys.
func Loopback(log func(string)) (*Book, error) { return newBook(log) }

func newBook(log func(string)) (*Book, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	return &Book{log: log, now: time.Now, own: pair, ownKey: public, asking: make(chan struct{}, 1)}, err
}

// HasKeys reports whether it is the book of a hub with keys.
func (b *Book) HasKeys() bool { return b.dir != "" }

// Pin is the fingerprint of the certificate, or "" without keys.
func (b *Book) Pin() string { return b.pin }

// Certificate is that of the hub, which its page may use, too.
func (b *Book) Certificate() tls.Certificate { return b.certificate }

// Own is the configuration of the hub's own connection, which must be made with
// nats.InProcessServer. It may do everything that others can do.
func (b *Book) Own() link.Config { return b.inProcess("hub") }

// Private is [Book.Own] for what only hubs may read and write.
func (b *Book) Private() link.Config { return b.inProcess("private") }

// privateName is the name of the connection of [Book.Private].
const privateName = wire.Hub + ".private"

func (b *Book) inProcess(name string) link.Config {
	seed, err := b.own.Seed()
	if err != nil {
		panic(err) // the pair was made by newBook
	}
	return link.Config{URL: "nats://127.0.0.1", Role: wire.Hub, Name: name, Seed: string(seed)}
}

// Keys are those in the book, sorted by role and name.
func (b *Book) Keys() []Key {
	b.mu.RLock()
	defer b.mu.RUnlock()
	keys := slices.Clone(b.content.Keys)
	slices.SortStableFunc(keys, func(x, y Key) int {
		return cmp.Or(cmp.Compare(x.Role, y.Role), cmp.Compare(x.Name, y.Name))
	})
	return keys
}

func (c content) find(public string) (Key, bool) {
	i := slices.IndexFunc(c.Keys, func(k Key) bool { return k.Key == public })
	if i < 0 {
		return Key{}, false
	}
	return c.Keys[i], true
}

// Revoke takes the keys of somebody away, and ends their connections. By is who wants it.
func (b *Book) Revoke(by string, revoke wire.Revoke) error {
	role, name := revoke.Role, revoke.Name
	err := b.change(func(next *content) error {
		before := len(next.Keys)
		next.Keys = slices.DeleteFunc(next.Keys, func(k Key) bool { return k.Role == role && k.Name == name })
		if len(next.Keys) == before {
			return &link.Refusal{Code: wire.CodeUnknown, Message: fmt.Sprintf("there is no key of %s %s", role, name)}
		}
		return nil
	})
	if err == nil {
		b.log(fmt.Sprintf("%s has revoked the keys of %s %s", by, role, name))
	}
	return err
}

// mostEdits is how often a change is tried while other hubs change the content, too.
const mostEdits = 20

// errSame is what an edit returns if the content shall stay as it is.
var errSame = errors.New("nothing is changed")

// change replaces the content by what edit makes of it: for all hubs first, then in the
// file. Edit is called again if another hub has changed the content meanwhile.
func (b *Book) change(edit func(next *content) error) (err error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	if b.shared != nil {
		err = b.changeAll(edit)
	} else {
		next := b.clone()
		if err = edit(&next); err == nil {
			err = b.install(next)
		}
	}
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// errAway is the answer for a while after a change has failed, because the leader decides
// nothing else while it waits for the bucket.
var errAway = errors.New("the hubs of this lab cannot agree on its keys now: two of them must reach each other")

// changeAll changes the content that the hubs share. Nobody is refused because of an old one.
func (b *Book) changeAll(edit func(next *content) error) error {
	if time.Since(b.failed) < shareTime {
		return errAway
	}
	for range mostEdits {
		next := b.clone()
		before := next.revision
		refused := edit(&next)
		if errors.Is(refused, errSame) {
			return refused
		}
		var err error
		if refused != nil {
			err = b.catchUp()
		} else if next.revision, err = b.shared.write(next); err == nil {
			return b.install(next)
		} else if errors.Is(err, errStale) {
			err = b.fetch(before + 1)
		}
		if err != nil {
			b.failed = time.Now()
			return err
		}
		if refused != nil && b.clone().revision == before {
			return refused
		}
	}
	return errStale
}

// install makes a content the current one, in the file first, and ends the connections of
// the keys that it has no more. It does nothing if that or a newer one is there.
func (b *Book) install(next content) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if next.revision > 0 && next.revision <= b.content.revision {
		return nil
	}
	if err := b.save(next); err != nil {
		if next.revision == 0 {
			return err
		}
		b.log(err.Error()) // the other hubs have it, and what is revoked must not wait for room on this disk
	}
	gone := b.content.without(next)
	b.content = next
	b.name()
	b.disconnect(gone)
	return nil
}

func (b *Book) save(next content) error {
	data, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(b.dir, bookFile), append(data, '\n')); err != nil {
		return fmt.Errorf("write the keys of the hub: %w", err)
	}
	return nil
}

// name tells the logger who has which key.
func (b *Book) name() {
	for _, k := range b.content.Keys {
		b.names.Store(k.Key, k.Role+" "+k.Name)
	}
}

func (b *Book) clone() content {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c := b.content
	return content{slices.Clone(c.Keys), slices.Clone(c.Invitations), c.revision}
}

// without are the keys that another content does not have.
func (c content) without(other content) (gone []string) {
	for _, k := range c.Keys {
		if _, kept := other.find(k.Key); !kept {
			gone = append(gone, k.Key)
		}
	}
	return gone
}

// replace writes a file, so that the old content or the new one is there whatever happens.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
