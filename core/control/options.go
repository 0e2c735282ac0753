package control

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"time"

	"avescript/core/connection"
)

// Options says how a service is set up. The zero value listens on a port chosen by the
// system, and accepts everybody.
type Options struct {
	// Address is where to listen; the empty host means all interfaces. If there is a
	// Listener, the service uses and owns it, and its port must be the same. If the
	// listener listens on all interfaces and Address has a host, connections to other
	// addresses are closed at once.
	Address  connection.Address
	Listener net.Listener

	// Authkey is the primary key. A client with neither the primary nor an alternate
	// key is disconnected after the handshake, unless Anonymous is set. Anonymous
	// clients cannot call methods that require a key.
	Authkey   string
	AltKeys   map[string]*string // by account; nil is open to everybody
	Anonymous bool
	RefuseMD5 bool // accept keys only with SHA-256, which old clients do not support

	// TLS, if set, is used below the protocol; see [ServerTLS].
	TLS *tls.Config

	Limits Limits
	// KeepAlive is how long it takes until a client whose host has vanished is
	// disconnected. Zero means [connection.DefaultKeepAlive].
	KeepAlive time.Duration
	// Weigh computes how many bytes of memory the handler needs for the values of a
	// call. The default is the length of their JSON. It is called by many goroutines at
	// once.
	Weigh func(call *Call) int
	// Decode decodes the values of large calls before they have their turn, and stores
	// them in Call.Values for the handler. It is called by many goroutines at once.
	Decode func(call *Call)
	// MetricsPort is the port of GET /metrics for Prometheus, on the host of Address
	// and open to everybody. Zero means none.
	MetricsPort int
	// Describe returns the answer of the method $describe, which does not exist without
	// it. It is called by many goroutines at once.
	Describe func() (json.RawMessage, error)
	// Resource finds the method of a call with a resource; the method is then checked
	// like any other. It is called when the call has its turn. Without it, resources
	// are ignored.
	Resource func(ctx context.Context, conn *Conn, call *Call) (method Method, exists bool, err error)
	// Takeover is a service that another process hands over. Its port is used instead
	// of Address, and its clients are served from the start. See [TakeOver].
	Takeover *Takeover
	// Interval is how long nothing must happen until Callbacks.Idle is called. Zero
	// means never.
	Interval time.Duration

	Callbacks Callbacks
	// Log receives messages for an administrator. Each is one line, except the stack of
	// a panic.
	Log func(message string)
	// Report receives errors for the author of the service: errors of callbacks, with
	// their trace. The default is Log.
	Report func(message string)
}

// Callbacks are called like the methods: one at a time, and never during a call that is
// not concurrent. Each may be nil. An error of the class Exit ends the service; other
// errors are reported.
type Callbacks struct {
	// NewConnection is called for a client after its handshake, before its first call
	// of a method of the handler.
	NewConnection func(ctx context.Context, conn *Conn) error
	// LostConnection is called for each of these clients, whichever side ended it.
	LostConnection func(ctx context.Context, conn *Conn) error
	// Idle is called when nothing has happened for Options.Interval.
	Idle func(ctx context.Context) error
	// Prepare is called before the service is handed over, while calls are still
	// served. It is for work that takes time, so that clients do not have to wait for
	// it. After an error the service continues.
	Prepare func(ctx context.Context) error
	// Serialize is called when the service is handed over, after the last call here.
	// After an error the service continues.
	Serialize func(ctx context.Context) (Serialized, error)
	// Successor is called before Prepare, at any time, with the pid of the process that
	// requests the service. If it returns an error, that process gets the error, and
	// the service continues.
	Successor func(pid int) error
	// HandedOver is called with the pid of the new process after the handover.
	HandedOver func(pid int)
}

// Method is what a server needs to know about a method.
type Method struct {
	RPC        bool     // clients may call it
	Auth       bool     // requires the primary key
	Preauth    []string // requires the key of one of these accounts, unless nil
	Concurrent bool     // may overlap with other calls and with callbacks
	Resumable  bool     // interrupted during a handover, and called again in the new process
	Admin      bool     // for administrators; see keys.administers

	Target any // for the handler, which gets it back as [Call.Target]
}

// A Handler provides the methods of a service.
type Handler interface {
	// Lookup finds a method by name. It is called once for every call, by many
	// goroutines at once.
	Lookup(name string) (method Method, exists bool)

	// Call serves a call that has passed all checks. It returns JSON, or an error for
	// the client; nil means null. The result must not change after Call has returned,
	// and must not be part of the raw values of the call. The context is cancelled if
	// the service was shut down and the call does not return.
	Call(ctx context.Context, conn *Conn, call *Call) (json.RawMessage, error)
}
