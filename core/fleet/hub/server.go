package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// Defaults of [Options].
const (
	DefaultPort = 4222
	DefaultAge  = 7 * 24 * time.Hour
)

// MaxPayload is the largest message, in bytes. Larger things are in the object stores.
const MaxPayload = 8 << 20

const startTimeout = 30 * time.Second

// Options say how a hub runs.
type Options struct {
	Dir    string // of everything that it keeps; required
	Name   string // of this hub, for people; "" is the name of the host
	Listen string // address; "" is 127.0.0.1, and nothing else is allowed without Auth
	Port   int    // 0 is DefaultPort, -1 any free one

	// Auth decides who may connect; nil is everybody on this host. It must accept the
	// hub's own connection, which logs in with Self.
	Auth server.Authentication
	Self []nats.Option
	TLS  *tls.Config // for other connections than the hub's own; nil is without

	// Joins answers the requests about keys: invite, revoke and join.
	Joins Joins

	OutputAge   time.Duration // how long notes and output of runs are kept; 0 is DefaultAge
	ArtifactAge time.Duration // how long artifacts are kept; 0 is DefaultAge
	Reserve     int64         // bytes of the disk that stay free; 0 is a hundredth of it, at most 1 GiB
	Snapshot    int           // entries of the ledger between two snapshots; 0 is 20,000

	Log func(format string, args ...any) // nil is nowhere
}

// Joins hands out and takes away keys: package access. The leader has checked that the role
// may ask.
type Joins interface {
	Invite(by string, i wire.Invite) (secret string, err error)
	Revoke(by string, r wire.Revoke) error
	Join(guest string, j wire.Join) (role, name string, err error)
}

// Hub is a running hub.
type Hub struct {
	options Options
	server  *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	stores  *stores
	disk    *disk
	metrics *metrics
	view    *view
	minimum uint64 // where the ledger must go on at the earliest; belongs to campaign
	first   bool   // the first time that this process stands; likewise

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Start starts a hub. It returns when the server accepts connections; the leader begins
// at once. The context only limits the start.
func Start(ctx context.Context, o Options) (*Hub, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Hub{options: o, metrics: newMetrics(), view: newView(), first: true}
	if err := h.start(ctx); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (o *Options) complete() error {
	if o.Dir == "" {
		return errors.New("a hub needs a directory")
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1"
	}
	if ip := net.ParseIP(o.Listen); o.Auth == nil && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("a hub without keys listens only on this host: wanted a loopback address, got %q", o.Listen)
	}
	if o.Port == 0 {
		o.Port = DefaultPort
	}
	if o.Name == "" {
		o.Name, _ = os.Hostname()
	}
	if o.OutputAge == 0 {
		o.OutputAge = DefaultAge
	}
	if o.ArtifactAge == 0 {
		o.ArtifactAge = DefaultAge
	}
	if o.Snapshot == 0 {
		o.Snapshot = 20_000
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return nil
}

func (h *Hub) start(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, startTimeout)
	defer done()
	if err := h.open(ctx); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.running.Go(func() { h.guardDisk(running) })
	h.running.Go(func() { h.campaign(running) })
	return nil
}

// open starts the server and opens its stores.
func (h *Hub) open(ctx context.Context) error {
	if err := h.serve(); err != nil {
		return err
	}
	var err error
	h.conn, err = h.connect()
	if err != nil {
		return fmt.Errorf("the hub cannot connect to its own server: %w", err)
	}
	h.js, err = jetstream.New(h.conn)
	if err != nil {
		return err
	}
	h.stores, err = openStores(ctx, h.js, h.options, h.disk.room())
	return err
}

// serve starts the server.
func (h *Hub) serve() error {
	store := filepath.Join(h.options.Dir, "store")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	h.disk = newDisk(store, h.options.Reserve)
	o := serverOptions(h.options, store)
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("cannot start the server of the hub: %w", err)
	}
	s.SetLoggerV2(logger{h.options.Log}, false, false, false)
	h.server = s
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		return fmt.Errorf("the server of the hub does not accept connections on %s port %d: the port may be in use", h.options.Listen, h.options.Port)
	}
	return nil
}

func serverOptions(o Options, store string) *server.Options {
	return &server.Options{
		ServerName: "hub", Host: o.Listen, Port: o.Port,
		JetStream: true, StoreDir: store, SyncAlways: true, SyncInterval: time.Minute,
		// The sizes of the streams are limited by the disk, see openStores. With the
		// defaults of the server, reservations could fail after other files have grown.
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 64 << 20,
		MaxPayload: MaxPayload, MaxPending: 64 << 20,
		MaxConn: -1, NoSigs: true, NoSystemAccount: false,
		CustomClientAuthentication: o.Auth, AlwaysEnableNonce: o.Auth != nil,
		TLSHandshakeFirst: o.TLS != nil, TLSConfig: o.TLS, TLS: o.TLS != nil, TLSTimeout: 5, AuthTimeout: 5,
		// A peer that does not answer is closed after 15 s; heartbeats of hosts notice earlier.
		PingInterval: 5 * time.Second, MaxPingsOut: 2,
		DisableJetStreamBanner: true,
	}
}

// connect connects to the server within the process.
func (h *Hub) connect() (*nats.Conn, error) {
	options := append([]nats.Option{
		nats.InProcessServer(h.server), nats.Name("hub"), nats.MaxReconnects(-1), nats.ReconnectWait(20 * time.Millisecond),
		nats.CustomInboxPrefix(wire.InboxPrefix(wire.Hub, "hub")), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { h.options.Log("connection of the hub: %v", err) }),
	}, h.options.Self...)
	return nats.Connect("", options...)
}

// URL is where clients connect to.
func (h *Hub) URL() string {
	scheme := "nats"
	if h.options.TLS != nil {
		scheme = "tls"
	}
	return scheme + "://" + h.server.Addr().String()
}

// storeIsOff reports whether JetStream has turned itself off, because it could not write.
func (h *Hub) storeIsOff() bool { return !h.server.JetStreamEnabled() }

// View is the newest view of the lab. It must not be changed.
func (h *Hub) View() wire.Lab { return h.view.newest() }

// Conn is the hub's own connection, which may do everything, for the page.
func (h *Hub) Conn() *nats.Conn { return h.conn }

// Close ends the hub. What is running on hosts is not ended: they fence themselves.
func (h *Hub) Close() {
	if h.cancel != nil {
		h.cancel()
	}
	h.running.Wait()
	if h.conn != nil {
		h.conn.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
}

// logger takes what the server says.
type logger struct {
	log func(format string, args ...any)
}

func (l logger) Noticef(string, ...any)         {}
func (l logger) Warnf(format string, v ...any)  { l.log("server: "+format, v...) }
func (l logger) Fatalf(format string, v ...any) { l.log("server: "+format, v...) }
func (l logger) Errorf(format string, v ...any) { l.log("server: "+format, v...) }
func (l logger) Debugf(format string, v ...any) {}
func (l logger) Tracef(format string, v ...any) {}
