package access

import (
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
)

// Local completes the configuration of an account on the hub's own host, and writes it. If
// the file there has a key of the book, that one is kept, with its name; otherwise a key is
// made. So the administrator of the hub needs no invitation.
func (b *Book) Local(path string, c link.Config) (link.Config, error) {
	c.Pin = b.pin
	old, err := link.Read(path)
	if err == nil && old.Role == c.Role && b.Knows(old) {
		c.Name, c.Seed = old.Name, old.Seed
		return c, c.Write(path)
	}
	if b.HasKeys() {
		pair, err := nkeys.CreateUser()
		if err != nil {
			return c, err
		}
		seed, err := pair.Seed()
		if err != nil {
			return c, err
		}
		c.Seed = string(seed)
		public, err := pair.PublicKey()
		if err != nil {
			return c, err
		}
		err = b.change(func(next *content) error {
			next.Keys = append(next.Keys, Key{Key: public, Role: c.Role, Name: c.Name, Since: b.now(), By: "the hub"})
			return nil
		})
		if err != nil {
			return c, err
		}
	}
	return c, c.Write(path)
}

// Knows reports whether a configuration of this host is that of a key in the book.
func (b *Book) Knows(c link.Config) bool {
	if !b.HasKeys() {
		return c.Seed == ""
	}
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		return false
	}
	public, err := pair.PublicKey()
	if err != nil {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	key, ok := b.content.find(public)
	return ok && key.Role == c.Role && key.Name == c.Name
}
