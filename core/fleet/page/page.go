// Package page shows a fleet in a browser: hosts, equipment, the queue, runs with their
// live output, and what became of equipment and tests over time.
//
// The page is one program of a few static files. Everything that it shows comes as JSON
// and gets into the document as text, so what others have named or printed is never
// markup; the content security policy forbids every script except the page's own, and all
// addresses except the hub's.
//
//	[wire.Lab] --feed--> differences --server-sent events--> browsers
//	OUTPUT stream --a consumer for each reader--> the page of a run
//	OUTPUT stream --a terminal for each reader--> what a command of a test shows
//	OUTPUT stream --history--> holders of equipment, verdicts of tests
//
// The feed looks at the lab once a second while somebody reads, and sends what has changed: a
// reader that was away gets the differences that it missed, or everything. It also sends for
// how long the lab has had no new time, because the page of a hub without contact to the one
// that leads shows an old lab. No reader has a queue. Each
// knows how far it has read, and one that does not take its data within [Options.Patience]
// is disconnected; its browser comes back by itself.
//
// Without keys the page listens on the loopback interface only, and answers only requests
// whose Host names it, so that a page of somebody else cannot reach it by a name that
// resolves to this host. With keys a link with a secret after "#" logs a browser in; it
// then has a cookie that no script can read and no other site can use.
package page

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

//go:embed web
var web embed.FS

// Port is where the page listens by default.
const Port = 4280

// mostReaders is how many readers of live data there can be; others are told to try later.
const mostReaders = 500

// Identity is who looks at the page.
type Identity struct {
	Role string `json:"role"` // wire.Viewer, wire.User or wire.Admin
	Name string `json:"name"`
	Key  string `json:"key,omitempty"` // which key of the name it was: another one is another login
}

// Options are what the page needs. Only Lab is required.
type Options struct {
	Address string // to listen at, such as ":4280"; "" is 127.0.0.1 and Port

	// Lab is the view that is shown. It is called once a second while somebody reads, and
	// otherwise seldom, for the history.
	Lab func() wire.Lab

	// JetStream has the outputs of runs and the artifacts. Without it the page shows the
	// lab alone.
	JetStream jetstream.JetStream

	// Login finds out whose key it is that somebody presents. Without it there are no keys:
	// the page listens on loopback only, and whoever can reach it may do everything.
	Login func(key string) (Identity, bool)

	// Allowed reports whether somebody who has logged in still has that key. Without it, a login
	// is good until it ends.
	Allowed func(Identity) bool

	// Secret signs the cookies of logins. Without it, logins end with this process.
	Secret []byte

	Certificate *tls.Certificate // needed if Login is given

	// Act does what somebody asks for: wire.VerbCancel, VerbDrain or VerbAside, with its body.
	// Without it the page is read only.
	Act func(ctx context.Context, who Identity, verb string, body any) error

	Metrics http.Handler // for /metrics, see [TokenFile]
	Dir     string       // where history is kept; "" keeps it in memory

	Interval time.Duration // between two looks at the lab; 0 is a second
	Patience time.Duration // how long a reader may take to accept what is sent to it; 0 is 10 seconds
	Log      *log.Logger   // nil: nobody wants to know
}

// Page is a page that is served.
type Page struct {
	options  Options
	feed     *feed
	history  *history
	logins   logins
	listener net.Listener
	server   *http.Server
	readers  chan struct{} // a token for each
	ctx      context.Context
	stop     context.CancelFunc
	done     sync.WaitGroup
	served   chan struct{} // closed when the server has ended
}

// Start serves the page until Close.
func Start(options Options) (*Page, error) {
	if options.Address == "" {
		options.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(Port))
	}
	if err := check(options); err != nil {
		return nil, err
	}
	if options.Interval == 0 {
		options.Interval = time.Second
	}
	if options.Patience == 0 {
		options.Patience = 10 * time.Second
	}
	if options.Log == nil {
		options.Log = log.New(discard{}, "", 0)
	}
	if options.Secret == nil {
		options.Secret = make([]byte, 32)
		_, _ = rand.Read(options.Secret) // it never fails
	}
	history, err := openHistory(options.Dir, options.Log)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", options.Address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the page: %w", err)
	}
	p := &Page{
		options: options, listener: listener, history: history,
		logins:  logins{options.Secret, options.Certificate != nil},
		readers: make(chan struct{}, mostReaders), served: make(chan struct{}),
	}
	if err := p.keepToken(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.feed = newFeed(options.Lab)
	p.feed.look()
	p.server = &http.Server{
		Handler:           p.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute, // of answers that end; others have limits of their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          options.Log,
		BaseContext:       func(net.Listener) context.Context { return p.ctx },
	}
	if options.Certificate != nil {
		p.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*options.Certificate}, MinVersion: tls.VersionTLS12}
	}
	p.done.Go(p.look)
	if options.JetStream != nil {
		p.done.Go(func() { p.history.follow(p.ctx, options.JetStream, options.Log) })
	}
	go p.serve()
	return p, nil
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// check refuses to show a lab to strangers.
func check(o Options) error {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return fmt.Errorf("wanted an address such as %q for the page, got %q: %w", ":4280", o.Address, err)
	}
	switch {
	case o.Lab == nil:
		return errors.New("a page needs a lab to show")
	case o.Login == nil && !isLoopback(host):
		return fmt.Errorf("the page would listen on %q without keys: use 127.0.0.1, or start the lab with keys", o.Address)
	case o.Login != nil && o.Certificate == nil:
		return errors.New("a page with keys needs a certificate: without TLS, keys can be read on the network")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *Page) serve() {
	defer close(p.served)
	// Both return when the server was closed, and not before.
	if p.options.Certificate != nil {
		_ = p.server.ServeTLS(p.listener, "", "")
		return
	}
	_ = p.server.Serve(p.listener)
}

// idleLooks is how many intervals pass between two looks while nobody reads.
const idleLooks = 5

// look passes the lab to the feed and to the history, again and again.
func (p *Page) look() {
	ticker := time.NewTicker(p.options.Interval)
	defer ticker.Stop()
	for idle := 0; ; {
		p.history.observe(p.feed.lab())
		select {
		case <-p.ctx.Done():
			return
		case <-ticker.C:
		}
		if idle++; idle >= idleLooks || len(p.readers) > 0 {
			idle = 0
			p.feed.look()
		}
	}
}

// refresh looks for somebody who comes while nobody reads.
func (p *Page) refresh() {
	if p.feed.age() > p.options.Interval {
		p.feed.look()
	}
}

// URL is the page's address.
func (p *Page) URL() string {
	scheme := "http"
	if p.options.Certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + p.listener.Addr().String()
}

// LoginURL is a link that logs a browser in. Browsers do not send what stands after "#" to
// the server, and do not write it into logs of proxies.
func LoginURL(page, key string) string { return page + "/#key=" + key }

// Close ends the page. Readers are disconnected. It may take 10 s if the hub does not reach the
// others of its cluster.
func (p *Page) Close() error {
	p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := p.server.Shutdown(ctx); err != nil {
		_ = p.server.Close()
	}
	<-p.served
	p.done.Wait()
	return p.history.save()
}
