package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// Defaults of [Options].
const (
	DefaultPort = 4222
	DefaultAge  = 7 * 24 * time.Hour
)

// StoreDir is where a hub has its ledger and everything else but its keys.
const StoreDir = "store"

// MaxPayload is the largest message, in bytes. Larger things are in the object stores.
const MaxPayload = 8 << 20

const (
	startTimeout = 30 * time.Second
	ownReconnect = 20 * time.Millisecond
)

// Options say how a hub runs.
type Options struct {
	Dir    string // of everything that it keeps; required
	Name   string // of this hub, for people; "" is the name of the host
	Listen string // address; "" is 127.0.0.1 without Keys, and else all of this host
	Port   int    // 0 is DefaultPort, -1 any free one

	// Keys says that only who has a key may connect, from everywhere. Without, everybody on
	// this host may do everything.
	Keys bool

	OutputAge   time.Duration // how long notes and output of runs are kept; 0 is DefaultAge
	ArtifactAge time.Duration // how long artifacts are kept; 0 is DefaultAge
	Reserve     int64         // bytes of the disk that stay free; 0 is a hundredth of it, at most 1 GiB
	Snapshot    int           // entries of the ledger between two snapshots; 0 is 20,000

	// Cluster says which hubs share the lab; nil is a hub that is alone. It needs Keys, and
	// decides the port.
	Cluster *Cluster

	// Audit keeps the whole ledger, for [Audit]. Otherwise what snapshots cover is purged.
	Audit bool

	Log func(format string, args ...any) // nil is nowhere

	// Listening is called when clients can connect. In a cluster, that can be long before
	// Start returns.
	Listening func()

	ledgerBytes  int64                       // the most that the ledger may have; tests fill it
	wall         func(now time.Time) float64 // the time of day; tests move it
	diskInterval time.Duration               // between two looks at the disk; tests miss that it gets full
}

// Hub is a running hub.
type Hub struct {
	options Options
	lock    *os.File
	server  *server.Server
	book    *access.Book
	unshare func()     // ends what the book does in a cluster; nil if it does nothing
	link    *link.Link // to where everybody is
	private *link.Link // to what only hubs may read and write
	conn    *nats.Conn // of link
	js      jetstream.JetStream
	stores  *stores
	disk    *disk
	metrics *metrics
	view    *view
	minimum uint64    // where the ledger must go on at the earliest; belongs to campaign
	cramped bool      // the ledger must be purged before it can go on; likewise
	first   bool      // the first time that this process stands; likewise
	jumped  time.Time // when the ledger jumped last, because of a token; likewise
	vacant  time.Time // since when nobody leads while the disk is full; likewise
	terms   int       // that this process has led; likewise
	failed  chan error
	looked  chan struct{} // somebody has looked at the view

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// SaveMemory has this process collect garbage earlier. A hub makes much garbage and keeps
// little, so this saves much memory for some processor time.
func SaveMemory() { debug.SetGCPercent(savingPercent) }

const savingPercent = 40

// Start starts a hub. It returns when the server accepts connections; the leader begins
// at once. In a cluster, it returns when most hubs are there. The context only limits the
// start.
func Start(ctx context.Context, o Options) (*Hub, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	h := &Hub{options: o, metrics: newMetrics(), view: newView(), first: o.Cluster == nil, failed: make(chan error, 1), looked: make(chan struct{}, 1)}
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
	if c := o.Cluster; c != nil {
		if err := c.check(); err != nil {
			return err
		}
		if !o.Keys {
			return errors.New("a cluster of hubs needs keys")
		}
		o.Name, o.Port = c.Address()
	}
	if o.Listen == "" && !o.Keys {
		o.Listen = "127.0.0.1"
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
	if o.diskInterval == 0 {
		o.diskInterval = diskInterval
	}
	if o.wall == nil {
		o.wall = clock
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return nil
}

func (h *Hub) start(ctx context.Context) error {
	if h.options.Cluster == nil {
		limited, done := context.WithTimeout(ctx, startTimeout)
		defer done()
		ctx = limited
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.running.Go(func() { h.guardDisk(running) })
	h.running.Go(func() { h.tidyCode(running) })
	h.running.Go(func() { h.campaign(running) })
	if h.options.Cluster != nil {
		h.running.Go(func() { h.watchHubs(running) })
		h.running.Go(func() { h.watchLeader(running) })
	}
	return nil
}

// open starts the server and opens its stores.
func (h *Hub) open(ctx context.Context) error {
	if err := h.serve(); err != nil {
		return err
	}
	var err error
	if h.link, err = dialOwn(ctx, h.server, h.book.Own()); err != nil {
		return err
	}
	if h.private, err = dialOwn(ctx, h.server, h.book.Private()); err != nil {
		return err
	}
	h.conn, h.js = h.link.Conn, h.link.JS
	if h.options.Listening != nil {
		h.options.Listening()
	}
	if h.options.Cluster != nil {
		err = h.assemble(ctx)
	} else {
		h.stores, err = h.openStores(ctx)
	}
	if err != nil {
		return err
	}
	return checkLedger(ctx, h.stores.ledger)
}

// dialOwn connects with the server of this process.
func dialOwn(ctx context.Context, s *server.Server, config link.Config) (*link.Link, error) {
	l, err := link.Dial(ctx, config, nats.InProcessServer(s), nats.CustomReconnectDelay(func(int) time.Duration { return ownReconnect }))
	if err != nil {
		return nil, fmt.Errorf("the hub cannot connect to its own server: %w", err)
	}
	return l, nil
}

// serve starts the server.
func (h *Hub) serve() error {
	store := h.options.store()
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	var err error
	if h.lock, err = lock(h.options.Dir); err != nil {
		return err
	}
	if err := h.tryPorts(); err != nil {
		return err
	}
	h.disk = newDisk(store, h.options.Reserve)
	o := serverOptions(h.options, store)
	if err := h.openBook(o); err != nil {
		return err
	}
	if c := h.options.Cluster; c != nil {
		h.book.WillShare()
		c.configure(o, h.book.Certificate(), h.book.Pin())
	}
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("cannot start the server of the hub: %w", err)
	}
	s.SetLoggerV2(h.book.Logger(h.serverSays), false, false, false)
	h.server = s
	if err := h.book.Attach(s); err != nil {
		return err
	}
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
		JetStreamMaxStore: mostStore, JetStreamMaxMemory: mostMemory,
		MaxPayload: MaxPayload, MaxPending: 64 << 20,
		NoSigs:      true,
		AuthTimeout: 5,
		// A peer that does not answer is closed after 15 s; heartbeats of hosts notice earlier.
		PingInterval: 5 * time.Second, MaxPingsOut: 2,
		DisableJetStreamBanner: true,
	}
}

const (
	mostStore  = 1 << 50
	mostMemory = 64 << 20
)

// store is the directory of the streams.
func (o Options) store() string {
	if o.Cluster != nil {
		return filepath.Join(o.Dir, ClusterDir)
	}
	return filepath.Join(o.Dir, StoreDir)
}

// tryPorts finds out early whether the ports are free: the server only logs that they are not.
func (h *Hub) tryPorts() error {
	ports := []int{h.options.Port}
	if h.options.Cluster != nil {
		ports = append(ports, h.options.Port+routeOffset)
	}
	for _, port := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(h.options.Listen, strconv.Itoa(max(port, 0))))
		if err != nil {
			return fmt.Errorf("the hub cannot listen: %w", err)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// openBook opens the book of keys, and has the server ask it.
func (h *Hub) openBook(o *server.Options) (err error) {
	log := func(text string) { h.options.Log("%s", text) }
	if h.options.Keys {
		h.book, err = access.Open(filepath.Join(h.options.Dir, "keys"), log)
	} else {
		h.book, err = access.Loopback(log)
	}
	if err != nil {
		return fmt.Errorf("cannot open the keys of the hub: %w", err)
	}
	return h.book.Secure(o)
}

// serverSays takes what the server logs.
func (h *Hub) serverSays(level, text string) {
	if strings.Contains(text, "Critical write error") {
		h.disk.damaged.Store(true)
	}
	isUsual := func(beginning string) bool { return strings.HasPrefix(text, beginning) }
	if level != "notice" && (h.options.Cluster == nil || !slices.ContainsFunc(usual, isUsual)) {
		h.options.Log("server: %s: %s", level, text)
	}
}

// URL is where clients connect to.
func (h *Hub) URL() string {
	scheme := "nats"
	if h.options.Keys {
		scheme = "tls"
	}
	return scheme + "://" + h.server.Addr().String()
}

// wall is the time of day, which is only shown.
func (h *Hub) wall(now time.Time) float64 { return h.options.wall(now) }

// storeIsOff reports whether JetStream has turned itself off, because it could not write.
func (h *Hub) storeIsOff() bool { return !h.server.JetStreamEnabled() }

// View is the newest view of the lab. It must not be changed. A hub of a cluster that does
// not lead has the view that it got after the last call, and asks the leader for the next
// one now. Lab.Time tells how old the view is.
func (h *Hub) View() wire.Lab {
	select {
	case h.looked <- struct{}{}:
	default:
	}
	return h.view.newest()
}

// Book is who may connect.
func (h *Hub) Book() *access.Book { return h.book }

// Link is the hub's own connection, which may do everything, for the page.
func (h *Hub) Link() *link.Link { return h.link }

// every does something again and again, until it returns false or the context ends.
func every(ctx context.Context, interval time.Duration, do func() (again bool)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !do() {
				return
			}
		}
	}
}

// Failed has an error when the hub cannot go on, and has to be started again.
func (h *Hub) Failed() <-chan error { return h.failed }

// Close ends the hub. What is running on hosts is not ended: they fence themselves.
func (h *Hub) Close() {
	if h.cancel != nil {
		h.cancel()
	}
	h.running.Wait()
	if h.unshare != nil {
		h.unshare()
	}
	for _, l := range []*link.Link{h.link, h.private} {
		if l != nil {
			l.Close()
		}
	}
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
	if h.lock != nil {
		h.lock.Close()
	}
}
