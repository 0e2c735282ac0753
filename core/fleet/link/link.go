// Package link connects somebody who has a role in a fleet with its hub.
//
// Who has joined a lab has a [Config] in a file: where the hub is, the fingerprint of its
// certificate, a role, a name and a key. [Dial] connects with it, and connects again
// whenever the connection breaks, without limit. Everybody sends under subjects that have
// the role and the name in them, and the hub lets nobody use those of others: see package
// access.
//
// A request has its effect once, however often it is sent. So [Link.Request] repeats it
// until there is an answer: over a hub that starts again, another leader, a broken
// connection.
//
// A hub without keys is only on the loopback interface. There everybody is who they say.
package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"avescript/core/fleet/wire"
)

// How long a connection may take, and how fast one that broke is noticed and made again.
// A host must have contact again well before it is judged to be lost.
const (
	dialTimeout   = 5 * time.Second
	pingInterval  = 5 * time.Second
	clusterPing   = 2 * time.Second // with several hubs: another one must be found in time
	mostPings     = 2
	reconnectWait = 100 * time.Millisecond
	reconnectMost = 2 * time.Second
)

// Link is a connection to a hub.
type Link struct {
	Conn   *nats.Conn
	JS     jetstream.JetStream
	Config Config

	closed chan struct{} // when the connection is closed and is not made again
	heard  atomic.Int64  // when the leader has answered last, as time since begin
	begin  time.Time

	learning sync.Mutex // guards others, and the file of the configuration
	others   string     // the other hubs, as in Config

	mu      sync.Mutex
	waiting map[*waiter]bool
	left    deaf
}

// Dial connects to the hub. Options are added to those of the connection, for example
// nats.InProcessServer. It fails if there is no connection until ctx ends; later, a broken
// connection is made again.
func Dial(ctx context.Context, config Config, options ...nats.Option) (*Link, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	l := &Link{Config: config, closed: make(chan struct{}), begin: time.Now(), waiting: map[*waiter]bool{}, others: config.otherHubs(strings.Split(config.Others, ","))}
	all := []nats.Option{
		nats.Name(config.Role + "." + config.Name),
		nats.CustomInboxPrefix(wire.InboxPrefix(config.Role, config.Name)),
		nats.Timeout(timeLeft(ctx)),
		nats.Dialer(dialer(timeLeft(ctx))), // not a custom one, which would wait the whole time for each address of a name
		nats.PingInterval(config.pingInterval()),
		nats.MaxPingsOutstanding(mostPings),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.RetryOnFailedConnect(false),
		nats.ReconnectBufSize(-1), // who sends while there is no connection is told so
		nats.ErrorHandler(l.onError),
		nats.ReconnectHandler(l.reconnected),
		nats.DiscoveredServersHandler(l.learn),
		nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }),
	}
	credentials, err := config.credentials()
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(config.servers(), append(append(all, credentials...), options...)...)
	if err != nil {
		return nil, explain(config, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use the streams of %s: %w", config.URL, err)
	}
	l.Conn, l.JS = conn, js
	l.learn(conn)
	return l, nil
}

// Close ends the connection, after what was published has been sent.
func (l *Link) Close() {
	_ = l.Conn.FlushTimeout(time.Second) // what does not get out in time is lost, as with a broken connection
	l.Conn.Close()
	<-l.closed
}

// Done is closed when the connection is closed and will not be made again: by
// [Link.Close], or because the hub no longer knows the key.
func (l *Link) Done() <-chan struct{} { return l.closed }

// Err says why the link is done, or nil.
func (l *Link) Err() error {
	select {
	case <-l.closed:
	default:
		return nil
	}
	if err := l.Conn.LastError(); err != nil {
		return explain(l.Config, err)
	}
	return nats.ErrConnectionClosed
}

// servers are the hubs of the lab, as nats.Connect wants them.
func (c Config) servers() string {
	if c.Others == "" {
		return c.URL
	}
	return c.URL + "," + c.Others
}

func (c Config) pingInterval() time.Duration {
	if c.Others != "" {
		return clusterPing
	}
	return pingInterval
}

// learn keeps the addresses of the other hubs of a cluster: for this connection, because a hub
// has its clients forget others that it does not reach itself, and in the file of the
// configuration, for when the first hub cannot be reached.
func (l *Link) learn(conn *nats.Conn) {
	l.learning.Lock()
	defer l.learning.Unlock()
	others := l.Config.otherHubs(append(strings.Split(l.others, ","), conn.DiscoveredServers()...))
	if others == l.others {
		return
	}
	l.others = others
	config := l.Config
	config.Others = others
	_ = conn.SetServerPool(strings.Split(config.servers(), ",")) // fails when it is closed
	if config.File == "" {
		return
	}
	now, err := Read(config.File)
	if err == nil && now.URL == config.URL && now.Others != others {
		now.Others = others
		_ = now.Write(config.File) // who may not write it learns them again at the next time
	}
}

// otherHubs are the servers that are not the hub of the configuration, separated by commas.
func (c Config) otherHubs(servers []string) string {
	others := slices.DeleteFunc(servers, func(server string) bool { return server == "" || server == c.URL || server == c.Public })
	slices.Sort(others)
	return strings.Join(slices.Compact(others), ",")
}

// Hubs are the other hubs of the lab that the connection has learned, separated by commas.
func (l *Link) Hubs() string {
	l.learning.Lock()
	defer l.learning.Unlock()
	return l.others
}

// credentials are the options of a connection that say who it is, and who the hub is.
func (c Config) credentials() ([]nats.Option, error) {
	var options []nats.Option
	if c.Pin != "" {
		options = append(options, nats.Secure(Pinned(c.Pin)), nats.TLSHandshakeFirst())
	}
	switch {
	case c.Secret != "":
		return append(options, nats.UserInfo(c.Role+"."+c.Name, c.Secret)), nil
	case c.Seed == "":
		return append(options, nats.UserInfo(c.Role+"."+c.Name, "")), nil
	}
	pair, err := nkeys.FromSeed([]byte(c.Seed))
	if err != nil {
		return nil, fmt.Errorf("the key of %s %s is damaged: %w: join the lab again", c.Role, c.Name, err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("the key of %s %s is damaged: %w: join the lab again", c.Role, c.Name, err)
	}
	return append(options, nats.Nkey(public, pair.Sign)), nil
}

// onError ends the requests that the hub did not let through: there will be no answer.
func (l *Link) onError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	_, rest, _ := strings.Cut(err.Error(), `"`) // Permissions Violation for Publish to "SUBJECT"
	subject, _, _ := strings.Cut(rest, `"`)
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.waiting {
		if w.subject == subject {
			w.cancel(err)
		}
	}
}

// waiter is a request that waits for its answer.
type waiter struct {
	subject string
	cancel  context.CancelCauseFunc
}

// untilDenied returns a context that ends when the hub did not let through what was
// published under a subject.
func (l *Link) untilDenied(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &waiter{subject, cancel}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[w] = true
	return ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, w)
		cancel(nil)
	}
}

func timeLeft(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Millisecond, min(dialTimeout, time.Until(deadline)))
	}
	return dialTimeout
}

// reconnectDelay is the time before a try to connect again. The first tries are quick: a hub
// that is started again should have its hosts back before they have to end their jobs.
func reconnectDelay(attempts int) time.Duration {
	const quick = 30
	return min(reconnectMost, reconnectWait<<min(max(attempts-quick, 0), 6))
}

// explain puts an error of a connection into words for people, which say what to do.
func explain(c Config, err error) error {
	say := func(format string, args ...any) error { return &explained{fmt.Sprintf(format, args...), err} }
	switch {
	case errors.Is(err, errPin):
		return say("%s is not the hub of this lab: %v: if the hub was made anew, join it again", c.URL, err)
	case errors.Is(err, nats.ErrAuthorization) && c.Role == wire.Guest:
		return say("%s does not know this invitation: it has expired or was withdrawn: ask for another one", c.URL)
	case errors.Is(err, nats.ErrAuthorization):
		return say("%s does not accept the key of %s %s: it was revoked, or the hub was made anew: join again", c.URL, c.Role, c.Name)
	case errors.Is(err, nats.ErrNoServers):
		return say("cannot connect to the hub at %s: nobody answers there: check that it runs and can be reached", c.URL)
	}
	return fmt.Errorf("connect to the hub at %s: %w", c.URL, err)
}

// explained is an error in other words.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }
