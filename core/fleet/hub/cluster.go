package hub

import (
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

	"avescript/core/files"
	"avescript/core/fleet/link"
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

// Others are the URLs of the other hubs, for clients, sorted as these keep them.
func (c Cluster) Others() (urls []string) {
	for i, hub := range c.Hubs {
		if i != c.Me {
			urls = append(urls, "tls://"+hub)
		}
	}
	slices.Sort(urls)
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
