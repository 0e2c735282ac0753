package control

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"time"

	"avescript/core/connection"
)

// Options is how a service is set up. The zero value listens on a port that
// the system picks, for everybody.
type Options struct {
	// Address is where to listen; the empty host is all interfaces. Listener
	// is taken instead when there is one, and has to agree about the port; it
	// is the service's then.
	Address  connection.Address
	Listener net.Listener

	// Authkey is the primary key. A client that has neither it nor an
	// alternate key is disconnected after the handshake, unless the service
	// takes Anonymous clients; those may make no call that wants a key.
	Authkey   string
	AltKeys   map[string]*string // by account; nil is open to everybody
	Anonymous bool
	RefuseMD5 bool // take the key only by SHA-256, which old clients don't know

	// TLS lies beneath the protocol if it is set; see [ServerTLS].
	TLS *tls.Config

	Limits Limits
	// MetricsPort is where GET /metrics gives the statistics to Prometheus, on
	// all interfaces and to everybody. Zero is nowhere.
	MetricsPort int
	// Describe is what the RPC $describe answers. Without it there is none. It
	// is called from many goroutines at once.
	Describe func() (json.RawMessage, error)
	// Estate is a service that another process leaves, to go on here: its port
	// is taken instead of Address, and its clients are served from the
	// beginning. See [TakeOver].
	Estate *Estate
	// Interval is how long nothing has to happen for Callbacks.Idle. Zero is
	// never.
	Interval time.Duration

	Callbacks Callbacks
	// Log takes what an administrator should know, a line a time, but for the
	// stack of a panic.
	Log func(message string)
}

// Callbacks are called like the calls of clients: one at a time, and never
// while a call is served that isn't concurrent. Each may be nil. An error of
// the class Exit ends the service, and any other is logged.
type Callbacks struct {
	// NewConnection is called for a client that has come through the
	// handshake, before its first call of a method of the handler's.
	NewConnection func(ctx context.Context, conn *Conn) error
	// LostConnection is called for each of those, whoever ended it.
	LostConnection func(ctx context.Context, conn *Conn) error
	// Idle is called when nothing has happened for Options.Interval.
	Idle func(ctx context.Context) error
	// Prepare is called when the service is to be handed over, beside the calls:
	// what takes time and can be done before the clients have to wait. After an
	// error the service goes on.
	Prepare func(ctx context.Context) error
	// Serialize is called when the service is handed over, after the last call
	// here. After an error the service goes on.
	Serialize func(ctx context.Context) (Legacy, error)
}

// Method is what a server has to know of a method before it lets a call
// through.
type Method struct {
	RPC        bool     // may be called at all
	Auth       bool     // wants the primary key
	Preauth    []string // wants the key of one of these accounts, unless nil
	Concurrent bool     // may overlap with other calls and with callbacks
	Resumable  bool     // is interrupted when the service is handed over, and called again there
	Admin      bool     // is for who runs the service; see keys.administers
}

// A Handler has the methods of a service.
type Handler interface {
	// Lookup finds a method by its name. It is called from many goroutines at
	// once, and once for every call.
	Lookup(name string) (method Method, exists bool)

	// Call serves a call that has passed all checks, and gives back JSON or an
	// error for the client; nil is null. The result must not be changed once
	// Call has returned it. The context is cancelled when the service has been
	// shut down and the call does not come to its end.
	Call(ctx context.Context, conn *Conn, call *Call) (json.RawMessage, error)
}
