package access

import (
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/wire"
	"avescript/core/printable"
)

// handshakeTime is how long a client may take to encrypt its connection.
const handshakeTime = 5 // seconds

// The accounts of the server. What is in one of them is out of reach of the other. Whoever may
// read from a stream can have the server send what is stored to any subject of the same
// account, also to one that is stored again. So what the hub decides by has its own account:
// the ledger with its snapshots, who leads, and the keys.
const (
	labAccount = "LAB"
	hubAccount = "HUB"

	accounts = `accounts { LAB { jetstream: enabled }, HUB { jetstream: enabled } }`
)

// Secure sets the options of a server so that it knows this book. Without keys, it refuses
// to listen elsewhere than on the loopback interface.
func (b *Book) Secure(o *server.Options) error {
	if err := o.ProcessConfigString(accounts); err != nil {
		return fmt.Errorf("make the accounts of the server: %w", err)
	}
	o.CustomClientAuthentication = b
	o.AlwaysEnableNonce = true
	if b.HasKeys() {
		o.TLS = true
		o.TLSConfig = b.TLS()
		o.TLSHandshakeFirst = true
		o.TLSTimeout = handshakeTime
		return nil
	}
	if ip := net.ParseIP(o.Host); o.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("a hub without keys must listen on 127.0.0.1, because everybody who reaches it may do everything: got %q", o.Host)
	}
	return nil
}

// TLS is how the hub encrypts its connections.
func (b *Book) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{b.certificate}}
}

// Attach tells the book the server that asks it, so that it can end connections.
func (b *Book) Attach(s *server.Server) error {
	lab, err := s.LookupAccount(labAccount)
	if err != nil {
		return fmt.Errorf("find the account of the lab: %w", err)
	}
	private, err := s.LookupAccount(hubAccount)
	if err != nil {
		return fmt.Errorf("find the account of the hub: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server, b.lab, b.private = s, lab, private
	return nil
}

// errStranger is the reason of a denial that has no better one.
var errStranger = errors.New("it has no key and no invitation of this lab")

// Check implements server.Authentication: it decides whether a client may connect, and
// tells the server what it may do.
//
// The lock is held until the server knows the client, so that [Book.Revoke] either finds
// the connection, or takes away the key before it is looked at.
func (b *Book) Check(c server.ClientAuthentication) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	user, err := b.identify(c)
	var unknown *unknownError
	if errors.As(err, &unknown) {
		b.mu.RUnlock()
		know := b.askOthers()
		b.mu.RLock()
		if !know {
			return false // to a client that has given up: it would not come again if it was denied
		}
		user, err = b.identify(c)
	}
	if err != nil {
		b.log(fmt.Sprintf("denied: a connection from %s: %s", c.RemoteAddress(), printable.Line(err.Error())))
		return false
	}
	c.RegisterUser(user)
	return true
}

// unknownError is the reason of a denial by what the book has. Another hub may know more.
type unknownError struct{ text string }

func (e *unknownError) Error() string { return e.text }

func (b *Book) identify(c server.ClientAuthentication) (*server.User, error) {
	options := c.GetOpts()
	switch {
	case c.Kind() != server.CLIENT:
		return nil, errors.New("it is another server")
	case options.Nkey != "":
		return b.byKey(options, c.GetNonce(), c.RemoteAddress())
	case !b.HasKeys():
		return b.byWord(options, c.RemoteAddress())
	case options.Password != "":
		return b.byInvitation(options)
	}
	return nil, errStranger
}

// byKey identifies a client by the signature of the nonce.
func (b *Book) byKey(options *server.ClientOpts, nonce []byte, from net.Addr) (*server.User, error) {
	signature, err := base64.RawURLEncoding.DecodeString(options.Sig)
	if err != nil {
		return nil, errors.New("its signature is damaged")
	}
	public, err := nkeys.FromPublicKey(options.Nkey)
	if err != nil {
		return nil, errors.New("its key is damaged")
	}
	if len(nonce) == 0 || public.Verify(nonce, signature) != nil {
		return nil, errors.New("its signature is wrong")
	}
	if options.Nkey == b.ownKey {
		if !isInProcess(from) {
			return nil, errors.New("it has the key of the hub")
		}
		user := b.newUser(wire.Hub, "hub")
		if options.Name == privateName {
			user.Account = b.private
		}
		return user, nil
	}
	key, ok := b.content.find(options.Nkey)
	if !ok {
		return nil, &unknownError{fmt.Sprintf("the key %s is unknown or was revoked", options.Nkey)}
	}
	return b.newUser(key.Role, key.Name), nil
}

// byInvitation identifies a guest by the secret of an invitation. Whether it was used
// already is told by [Book.Join], with the reason.
func (b *Book) byInvitation(options *server.ClientOpts) (*server.User, error) {
	hash := hashed(options.Password)
	at := slices.IndexFunc(b.content.Invitations, func(i Invitation) bool {
		return subtle.ConstantTimeCompare([]byte(i.Hash), []byte(hash)) == 1
	})
	if at < 0 {
		return nil, &unknownError{"its invitation is unknown"}
	}
	i := b.content.Invitations[at]
	if b.now().After(i.Until) {
		return nil, errors.New("its invitation has expired")
	}
	user := b.newUser(wire.Guest, i.id())
	user.ConnectionDeadline = time.Now().Add(i.Until.Sub(b.now()))
	return user, nil
}

// byWord believes a client of a hub without keys, if it is on the same host.
func (b *Book) byWord(options *server.ClientOpts, from net.Addr) (*server.User, error) {
	if tcp, ok := from.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		return nil, errors.New("it comes from another host, and this hub has no keys")
	}
	role, name, _ := strings.Cut(options.Username, ".")
	if verbs[role] == nil || role == wire.Guest || wire.CheckName(name) != nil {
		return nil, fmt.Errorf("wanted ROLE.NAME as the user, got %q", options.Username)
	}
	return b.newUser(role, name), nil
}

func isInProcess(from net.Addr) bool { return from != nil && from.Network() == "pipe" }

func (b *Book) newUser(role, name string) *server.User {
	return &server.User{Username: role + "." + name, Permissions: Permissions(role, name), Account: b.lab}
}

// disconnect ends the connections of keys. The caller holds the lock.
func (b *Book) disconnect(keys []string) {
	if b.server == nil {
		return
	}
	for _, key := range keys {
		list, err := b.server.Connz(&server.ConnzOptions{Username: true, User: key, Limit: 1 << 20})
		if err != nil {
			b.log("connections of a revoked key are not ended: " + err.Error())
			continue
		}
		for _, c := range list.Conns {
			_ = b.server.DisconnectClientByID(c.Cid) // it has ended already
		}
	}
}
