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

// The service sends the prefix and a salt; the client answers with a digest
// over the salt that is keyed with its authentication key. The suffix, which
// is part of the salt, tells a client that it may use SHA-256; nobody can
// remove it on the way without making the digests differ.
const (
	challengePrefix = "#CHALLENGE#"
	sha256Suffix    = ";sha256"
	saltSize        = 32

	// handshakeFrame is the longest frame of a client before it is known.
	handshakeFrame = 64
)

var (
	authenticatedTrue  = []byte(`{"authenticated": true}`)
	authenticatedFalse = []byte(`{"authenticated": false}`)
)

// Identity is what a connection has proven in the handshake.
type Identity struct {
	// Key is the key that matched, or "".
	Key string
	// Primary is set for a client that has the service's primary key, and for
	// every client of a service without one.
	Primary bool
	// Accounts are those whose alternate key is Key.
	Accounts []string
}

// keys are those of a service. A key that is not set protects nothing: without
// a primary key everybody may connect and make the calls that want it.
type keys struct {
	primary   string
	alternate map[string]*string
	accounts  []string // those with a key, in the order in which they are tried
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

// identify finds the key with which a client made its digest of salt.
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

// holder is who has a key, as far as somebody else has found out.
func (k *keys) holder(key string) Identity {
	id := Identity{Key: key, Primary: k.primary == "" || key == k.primary}
	for _, account := range k.accounts {
		if *k.alternate[account] == key {
			id.Accounts = append(id.Accounts, account)
		}
	}
	return id
}

// kindOf tells the two kinds of digest apart by their size. It is nil for what
// is neither, or refused.
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

// admits is the rule of @preauth: the key of one of the accounts, or any when
// one of them is open or none has a key at all.
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

// administers is who may make the calls for the administrator: the account for
// it, or in a service without one, who has the primary key.
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

// respond makes a client's answer to a challenge. Everything behind the prefix
// is the salt, whatever its length.
func respond(challenge []byte, key string, refuseMD5 bool) ([]byte, error) {
	salt, ok := bytes.CutPrefix(challenge, []byte(challengePrefix))
	if !ok {
		return nil, exceptions.AuthError.Newf("wanted a challenge from the service, got %q", shown(challenge))
	}
	kind := sha256.New
	if !bytes.HasSuffix(salt, []byte(sha256Suffix)) {
		if refuseMD5 {
			return nil, exceptions.AuthError.Newf("the service knows no SHA-256 and this client refuses MD5")
		}
		kind = md5.New
	}
	return makeDigest(kind, key, salt), nil
}
