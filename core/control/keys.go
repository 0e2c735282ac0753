package control

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"slices"

	"avescript/core/exceptions"
)

// The service sends the prefix and a salt. The client answers with a digest of the
// salt, keyed with its authentication key. The suffix is part of the salt. It tells a
// client that it may use SHA-256, and cannot be removed in transit without changing the
// digest.
const (
	challengePrefix = "#CHALLENGE#"
	sha256Suffix    = ";sha256"
	saltSize        = 32

	// handshakeFrame is the longest frame of a client during the handshake.
	handshakeFrame = 64
)

var (
	authenticatedTrue  = []byte(`{"authenticated": true}`)
	authenticatedFalse = []byte(`{"authenticated": false}`)
)

// Identity is what a client has proved in the handshake.
type Identity struct {
	// Key is the key that matched, or "".
	Key string
	// Primary is true for a client that has the primary key of the service, and for all
	// clients of a service without a primary key.
	Primary bool
	// Accounts are the accounts whose alternate key is Key.
	Accounts []string
}

// keys are the keys of a service. A key that is not set protects nothing: without a
// primary key, everybody may connect and call the methods that require it.
type keys struct {
	primary   string
	alternate map[string]*string
	accounts  []string // accounts with a key, in the order in which the keys are tried
	refuseMD5 bool
}

func newKeys(o *Options) (*keys, error) {
	k := &keys{primary: o.Authkey, alternate: maps.Clone(o.AltKeys), refuseMD5: o.RefuseMD5}
	for _, account := range slices.Sorted(maps.Keys(o.AltKeys)) {
		switch key := o.AltKeys[account]; {
		case key == nil:
		case *key == "":
			return nil, fmt.Errorf("the key of account %q is empty: wanted a key, or null for an account that is open to everybody", account)
		default:
			k.accounts = append(k.accounts, account)
		}
	}
	return k, nil
}

// all returns the keys.
func (k *keys) all() (all []string) {
	if k.primary != "" {
		all = append(all, k.primary)
	}
	for _, account := range k.accounts {
		all = append(all, *k.alternate[account])
	}
	return all
}

// identify finds the key with which a client computed its digest of salt.
func (k *keys) identify(salt, digest []byte) (id Identity, known bool) {
	id.Primary = k.primary == ""
	kind := k.kindOf(digest)
	if kind == nil {
		return id, id.Primary
	}
	if k.primary != "" && hmac.Equal(digest, makeDigest(kind, k.primary, salt)) {
		id.Key, id.Primary = k.primary, true
	}
	for _, account := range k.accounts {
		key := *k.alternate[account]
		if id.Key == "" && hmac.Equal(digest, makeDigest(kind, key, salt)) {
			id.Key = key
		}
		if id.Key == key {
			id.Accounts = append(id.Accounts, account)
		}
	}
	return id, id.Primary || id.Key != ""
}

// holder returns the identity of a client that has key, which was checked elsewhere.
func (k *keys) holder(key string) Identity {
	id := Identity{Key: key, Primary: k.primary == "" || key == k.primary}
	for _, account := range k.accounts {
		if *k.alternate[account] == key {
			id.Accounts = append(id.Accounts, account)
		}
	}
	return id
}

// kindOf returns the hash function of a digest, which follows from the size. It is nil
// if there is none, or if it is refused.
func (k *keys) kindOf(digest []byte) func() hash.Hash {
	switch {
	case len(digest) == sha256.Size:
		return sha256.New
	case len(digest) == md5.Size && !k.refuseMD5:
		return md5.New
	}
	return nil
}

func makeDigest(kind func() hash.Hash, key string, salt []byte) []byte {
	mac := hmac.New(kind, []byte(key))
	mac.Write(salt)
	return mac.Sum(nil)
}

// admits is the rule of @preauth: the client has the key of one of the accounts, or one
// of them is open, or none of them has a key.
func (k *keys) admits(id *Identity, accounts []string) bool {
	open := true
	for _, account := range accounts {
		key, listed := k.alternate[account]
		switch {
		case !listed:
		case key == nil || *key == id.Key:
			return true
		default:
			open = false
		}
	}
	return open
}

// administers reports whether a client may make the calls for administrators: it has
// the key of the admin account or, in a service without this account, the primary key.
func (k *keys) administers(id *Identity) bool {
	key, listed := k.alternate[AdminAccount]
	if listed {
		return key == nil || *key == id.Key
	}
	return id.Primary
}

// newChallenge makes the first message of a connection.
func newChallenge() []byte {
	challenge := make([]byte, 0, len(challengePrefix)+saltSize+len(sha256Suffix))
	challenge = append(challenge, challengePrefix...)
	challenge = challenge[:len(challengePrefix)+saltSize]
	rand.Read(challenge[len(challengePrefix):])
	return append(challenge, sha256Suffix...)
}

// respond computes a client's answer to a challenge. Everything after the prefix is the
// salt, whatever its length.
func respond(challenge []byte, key string, refuseMD5 bool) ([]byte, error) {
	salt, ok := bytes.CutPrefix(challenge, []byte(challengePrefix))
	if !ok {
		return nil, exceptions.AuthError.Newf("wanted a challenge from the service, got %q", shown(challenge))
	}
	kind := sha256.New
	if !bytes.HasSuffix(salt, []byte(sha256Suffix)) {
		if refuseMD5 {
			return nil, exceptions.AuthError.Newf("the service does not support SHA-256, and this client refuses MD5")
		}
		kind = md5.New
	}
	return makeDigest(kind, key, salt), nil
}
