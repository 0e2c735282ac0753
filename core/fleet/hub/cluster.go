package hub

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/files"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// Cluster says which hubs share a lab. Each has a copy of everything that the lab keeps, and
// what was answered is in the stores of at least two. So the lab goes on as long as two of
// them can reach each other.
type Cluster struct {
	Hubs []string `json:"hubs"` // HOST:PORT of each, where its clients connect
	Me   int      `json:"me"`   // which of them this one is
}

// ClusterFile has the [Cluster].
const ClusterFile = "cluster.json"

const (
	clusterSize = 3

	// ClusterDir is where a hub of a cluster has its store. StoreDir has that of the time
	// when the hub was alone, until it is moved into the cluster.
	ClusterDir = "cluster"

	// MovedDir is StoreDir after that.
	MovedDir = "store.moved"

	// routeOffset is how far the port for the other hubs is from that for clients.
	routeOffset = 2000

	// A hub that does not answer for so long is away for the others.
	routePing  = 2 * time.Second
	routePings = 2

	// clusterPatience is for how long the hosts of a cluster go on without contact, besides
	// wire.FenceAfter: when a hub dies, the two others need up to so long to go on.
	clusterPatience = 15 * time.Second
)

// NewCluster makes the cluster of three hubs, the first of which is this one. An address is
// HOST or HOST:PORT.
func NewCluster(addresses []string) (Cluster, error) {
	var c Cluster
	for _, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			host, port = strings.Trim(address, "[]"), strconv.Itoa(DefaultPort)
		}
		c.Hubs = append(c.Hubs, net.JoinHostPort(host, port))
	}
	return c, c.check()
}

func (c Cluster) check() error {
	if len(c.Hubs) != clusterSize || c.Me < 0 || c.Me >= len(c.Hubs) {
		return fmt.Errorf("wanted the addresses of %d hubs, got %d: two can go on when one is lost", clusterSize, len(c.Hubs))
	}
	for i, hub := range c.Hubs {
		host, port, err := net.SplitHostPort(hub)
		n, numeric := strconv.Atoi(port)
		if err != nil || host == "" || numeric != nil || n < 1 || n+routeOffset > 65535 || strings.ContainsAny(host, " /@?#,") {
			return fmt.Errorf("wanted HOST or HOST:PORT with a port of at most %d as the address of a hub, got %q", 65535-routeOffset, hub)
		}
		if slices.Contains(c.Hubs[:i], hub) {
			return fmt.Errorf("wanted %d different hubs, got %s twice", clusterSize, hub)
		}
	}
	return nil
}

// ReadCluster reads the file in the directory of a hub; nil is a hub that is alone.
func ReadCluster(dir string) (*Cluster, error) {
	path := filepath.Join(dir, ClusterFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a hub that is alone has no cluster
	}
	if err != nil {
		return nil, err
	}
	var c Cluster
	err = json.Unmarshal(data, &c)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return &c, nil
}

// Write writes the file into the directory of a hub that does not run. The hub is one of the
// cluster from then on.
func (c Cluster) Write(dir string) error {
	if err := c.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	held, err := lock(dir)
	if err != nil {
		return err
	}
	defer held.Close()
	err = files.Create(filepath.Join(dir, ClusterFile), append(data, '\n'), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the hub in %s is one of a cluster already", dir)
	}
	return err
}

// Address is the host and the port of this hub.
func (c Cluster) Address() (host string, port int) {
	host, text, _ := net.SplitHostPort(c.Hubs[c.Me])
	port, _ = strconv.Atoi(text) // it was checked
	return host, port
}

// Others are the URLs of the other hubs, for clients.
func (c Cluster) Others() (urls []string) {
	for i, hub := range c.Hubs {
		if i != c.Me {
			urls = append(urls, "tls://"+hub)
		}
	}
	return urls
}

// configure sets the options of the server. The hubs know each other by the certificate,
// which all of them have.
func (c Cluster) configure(o *server.Options, certificate tls.Certificate, pin string) {
	_, port := c.Address()
	mutual := link.Pinned(pin)
	mutual.Certificates = []tls.Certificate{certificate}
	mutual.ClientAuth = tls.RequireAnyClientCert
	o.ServerName = c.Hubs[c.Me]
	o.ClientAdvertise = c.Hubs[c.Me]
	o.Cluster = server.ClusterOpts{
		Name: "lab", Host: o.Host, Port: port + routeOffset,
		TLSConfig: mutual, TLSTimeout: 5, PoolSize: -1, ConnectBackoff: true,
		PingInterval: routePing, MaxPingsOut: routePings,
		Advertise: c.Route(c.Me),
	}
	for i := range c.Hubs {
		if i != c.Me {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: c.Route(i)})
		}
	}
}

// route is where the other hubs connect.
func (c Cluster) route(i int) (host, port string) {
	host, port, _ = net.SplitHostPort(c.Hubs[i])
	n, _ := strconv.Atoi(port) // it was checked
	return host, strconv.Itoa(n + routeOffset)
}

// Route is where the other hubs connect to one of the hubs, as HOST:PORT.
func (c Cluster) Route(i int) string { return net.JoinHostPort(c.route(i)) }

// assemble waits for the other hubs, and opens the stores. The first hub makes what all of
// them use, or moves it from the store of the time when it was alone. The bucket of the
// leader is made last: nobody leads before.
func (h *Hub) assemble(ctx context.Context) (err error) {
	if err := h.sayCopies(); err != nil {
		return err
	}
	if err := h.awaitQuorum(ctx); err != nil {
		return err
	}
	founder := h.options.Cluster.Me == 0
	if founder {
		if err := h.moveIn(ctx); err != nil {
			return fmt.Errorf("cannot move the store of this hub into the cluster: %w", err)
		}
		if err := h.shareBook(ctx); err != nil {
			return err
		}
	}
	what := "waits until the first hub, " + h.options.Cluster.Hubs[0] + ", has begun"
	if founder {
		what = "waits until all three hubs are there, so that each gets a copy of everything"
	}
	waiting := h.remind(ctx, what)
	h.stores, err = openStores(ctx, h.js, h.options, h.disk.room())
	waiting()
	if err != nil {
		return err
	}
	if founder {
		return h.moveAway()
	}
	return h.shareBook(ctx)
}

// shareBook has the book share its keys with the other hubs.
func (h *Hub) shareBook(ctx context.Context) error {
	o := opener{ctx, h.js, h.options.Cluster.Me == 0, h.options.copies()}
	bucket, err := o.bucket(jetstream.KeyValueConfig{Bucket: wire.KeyBucket})
	if err != nil {
		return err
	}
	return patient(ctx, func() (err error) { // just after its creation, the bucket cannot answer
		h.unshare, err = h.book.Share(context.WithoutCancel(ctx), bucket)
		return err
	})
}

// awaitQuorum waits until most hubs of the cluster are connected and have chosen a leader of
// their stores.
func (h *Hub) awaitQuorum(ctx context.Context) error {
	defer h.remind(ctx, "waits for another hub of the cluster")()
	return patient(ctx, func() error {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := h.js.AccountInfo(limited)
		return err
	})
}

// remind logs every now and then what this hub waits for, until the returned function is
// called.
func (h *Hub) remind(ctx context.Context, what string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for wait := 2 * time.Second; ; wait = 30 * time.Second {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			h.options.Log("%s; connected are: %s", what, strings.Join(h.connected(), ", "))
		}
	}()
	return cancel
}

// connected are the addresses of the hubs of the cluster that this one is connected with, and
// its own.
func (h *Hub) connected() []string {
	names := []string{h.options.Cluster.Hubs[h.options.Cluster.Me]}
	routes, err := h.server.Routez(&server.RoutezOptions{})
	if err == nil {
		for _, r := range routes.Routes {
			names = append(names, r.RemoteName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// usual begins messages of the server that say what is usual in a cluster, or what the hub
// says itself.
var usual = []string{
	"Error trying to connect to route", "TLS certificate chain and hostname", "Waiting for routing",
	"JetStream has not established contact", "Catchup for stream", "JetStream cluster ", "JetStream is not current", "Metalayer ",
}

// watchHubs logs when another hub of the cluster comes or goes.
func (h *Hub) watchHubs(ctx context.Context) {
	before := h.connected()
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := h.connected()
		for _, hub := range now {
			if !slices.Contains(before, hub) {
				h.options.Log("hub %s is there", hub)
			}
		}
		for _, hub := range before {
			if !slices.Contains(now, hub) {
				h.options.Log("hub %s cannot be reached", hub)
			}
		}
		before = now
	}
}

// watchLeader asks the leader for its view whenever somebody has looked at that of this hub,
// which does not lead. A view can be large, so nobody asks while nobody looks.
func (h *Hub) watchLeader(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.looked:
		}
		if h.metrics.leading.Load() {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, leaderPatience)
		answer, err := h.link.Request(limited, wire.VerbLab, nil)
		cancel()
		if err == nil && answer.Lab != nil {
			h.view.mirror(*answer.Lab)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(mirrorPause):
		}
	}
}

const (
	followInterval = time.Second
	leaderPatience = 10 * time.Second       // for an answer of the leader
	mirrorPause    = 500 * time.Millisecond // between two questions to it, at least
)

// hubs are those of the cluster, for the view; this one leads.
func (h *Hub) hubs() (list []wire.LabHub) {
	if h.options.Cluster == nil {
		return nil
	}
	connected := h.connected()
	for i, hub := range h.options.Cluster.Hubs {
		list = append(list, wire.LabHub{Name: hub, Leads: i == h.options.Cluster.Me, Away: !slices.Contains(connected, hub)})
	}
	return list
}

// copies is how many hubs have a copy of what is stored.
func (o Options) copies() int {
	if o.Cluster == nil {
		return 1
	}
	return len(o.Cluster.Hubs)
}

// patience is for how long hosts go on without contact, besides wire.FenceAfter.
func (h *Hub) patience() time.Duration {
	if h.options.Cluster == nil {
		return 0
	}
	return clusterPatience
}
