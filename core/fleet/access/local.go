package access

import (
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
)

// Local makes the configuration of an account on the hub's own host, or returns that in the
// file if its key is in the book. So the administrator of the hub needs no invitation.
func (b *Book) Local(path, url, role, name string) (link.Config, error) {
	c, err := link.Read(path)
	if err == nil && c.Role == role && b.knows(c) {
		c.URL, c.Pin = url, b.pin
		return c, c.Write(path)
	}
	c = link.Config{URL: url, Pin: b.pin, Role: role, Name: name}
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
		if err := b.add(Key{Key: public, Role: role, Name: name, Since: b.now(), By: "the hub"}); err != nil {
			return c, err
		}
	}
	return c, c.Write(path)
}

// knows reports whether a configuration of this host is that of a key in the book.
func (b *Book) knows(c link.Config) bool {
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
	key, ok := b.find(public)
	return ok && key.Role == c.Role && key.Name == c.Name
}
