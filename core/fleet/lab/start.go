package lab

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"avescript/core/fleet/access"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/page"
	"avescript/core/fleet/programs"
	"avescript/core/fleet/wire"
	"avescript/core/printable"
	"avescript/core/systemd"
)

// StartOptions say how a hub is started.
type StartOptions struct {
	hub.Options     // Name is also the address by which others reach this host
	PagePort    int // 0 is page.Port, -1 any free one
	NoPage      bool
	Out         io.Writer // for people
}

// DefaultDir is where a hub that an account has started keeps its files. That of a service
// is named by its unit.
func DefaultDir() (string, error) {
	dir, err := link.Dir()
	return filepath.Join(dir, "hub"), err
}

// running is a hub with its page.
type running struct {
	StartOptions
	hub   *hub.Hub
	page  *page.Page // nil if there is none
	local string     // the hub's address for this host
	other string     // and for others
	site  string     // the page's address for others
	admin link.Config
}

// Start runs a hub with its page until ctx ends. It says how others join.
func Start(ctx context.Context, options StartOptions) (err error) {
	manager := systemd.Take()
	options.Log = logTo(options.Out)
	if err := options.joinCluster(manager); err != nil {
		return err
	}
	r := &running{StartOptions: options}
	hub.SaveMemory()
	if r.hub, err = hub.Start(ctx, options.Options); err != nil {
		return err
	}
	defer r.hub.Close()
	if err := r.addresses(); err != nil {
		return err
	}
	if !options.NoPage {
		if err := r.startPage(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.page.Close()) }()
	}
	if err := r.agree(ctx, func() error { return r.accounts(manager == nil) }); err != nil {
		return err
	}
	if err := r.welcome(ctx, manager == nil); err != nil {
		return err
	}
	if manager != nil {
		if err := manager.Ready(os.Getpid()); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.hub.Failed():
		return err
	}
}

// joinCluster has the hub start as one of a cluster, if its directory says so. A service of
// the system has started then when it accepts connections: the others may come much later.
func (o *StartOptions) joinCluster(manager *systemd.Manager) (err error) {
	if o.Cluster, err = hub.ReadCluster(o.Dir); err != nil || o.Cluster == nil {
		return err
	}
	host, port := o.Cluster.Address()
	switch {
	case !o.Keys:
		return fmt.Errorf("the hub in %s is one of a cluster, which needs keys: start it without --no-keys", o.Dir)
	case o.Name != "" && o.Name != host, o.Port != 0 && o.Port != port:
		return fmt.Errorf("the hub in %s is %s of a cluster: start it without --name and --port", o.Dir, o.Cluster.Hubs[o.Cluster.Me])
	}
	o.Name = host
	if manager != nil {
		o.Listening = func() { _ = manager.Ready(os.Getpid()) } // it is said again later
	}
	return nil
}

// agreeTime is for how long a hub of a cluster tries to change the keys when it starts: other
// hubs may start at the same time, and choose a leader several times.
const agreeTime = time.Minute

// agree does something that changes the keys, to which another hub of a cluster must agree.
func (r *running) agree(ctx context.Context, do func() error) error {
	for began := time.Now(); ; {
		err := do()
		if err == nil || r.Cluster == nil || time.Since(began) > agreeTime {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// logTo writes a line for each message of a hub or a host.
func logTo(out io.Writer) func(string, ...any) {
	return func(format string, args ...any) {
		fmt.Fprintln(out, "avelab: "+printable.Line(fmt.Sprintf(format, args...)))
	}
}

// addresses finds out how the hub is reached.
func (r *running) addresses() error {
	u, err := url.Parse(r.hub.URL())
	if err != nil {
		return err
	}
	host, port := u.Hostname(), u.Port()
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	r.local = u.Scheme + "://" + net.JoinHostPort(host, port)
	r.other = r.local
	if r.Keys {
		r.other = u.Scheme + "://" + net.JoinHostPort(r.publicName(), port)
	}
	return nil
}

// publicName is the name by which others reach this host.
func (r *running) publicName() string {
	host, _ := os.Hostname()
	return cmp.Or(r.Name, host, "127.0.0.1")
}

func (r *running) startPage() (err error) {
	book := r.hub.Book()
	options := page.Options{
		Lab: r.hub.View, JetStream: r.hub.Link().JS, Metrics: r.hub.Metrics(), Dir: filepath.Join(r.Dir, "page"),
		Act: func(ctx context.Context, who page.Identity, verb string, body any) error {
			_, err := r.hub.Link().RequestAs(ctx, who.Role, who.Name, verb, body)
			return err
		},
	}
	if options.Secret, err = secret(filepath.Join(r.Dir, pageKey)); err != nil {
		return err
	}
	host := "127.0.0.1"
	if r.Keys {
		host = r.Listen
		certificate := book.Certificate()
		options.Certificate = &certificate
		options.Login = func(key string) (page.Identity, bool) {
			owner, ok := book.Login(key)
			return page.Identity{Role: owner.Role, Name: owner.Name, Key: owner.Key}, ok
		}
		options.Allowed = func(who page.Identity) bool { return book.Has(who.Key, who.Role, who.Name) }
	}
	port := cmp.Or(r.PagePort, page.Port)
	options.Address = net.JoinHostPort(host, strconv.Itoa(max(port, 0)))
	if r.page, err = page.Start(options); err != nil {
		return fmt.Errorf("%w: choose another port with --page-port, or --no-page", err)
	}
	u, err := url.Parse(r.page.URL())
	if err != nil {
		return err
	}
	r.site = r.page.URL()
	if r.Keys {
		r.site = "https://" + net.JoinHostPort(r.publicName(), u.Port())
	}
	return nil
}

// pageKey is the file with the secret of the page's logins.
const pageKey = "page.key"

// secret reads a secret of the hub, or makes it.
func secret(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	data = make([]byte, 32)
	_, _ = rand.Read(data) // it never fails
	return data, os.WriteFile(path, data, 0o600)
}

// accounts writes the files of an administrator and a user of the hub: into its directory,
// and for this account if people use it, unless that has joined another lab.
func (r *running) accounts(forPeople bool) error {
	for _, role := range []string{wire.Admin, wire.User} {
		config := link.Config{URL: r.local, Role: role, Name: AccountName(), Page: r.site, Public: r.other}
		if r.Cluster != nil {
			config.Others = strings.Join(r.Cluster.Others(), ",")
		}
		config, err := r.hub.Book().Local(filepath.Join(r.Dir, role+".json"), config)
		if err != nil {
			return err
		}
		if role == wire.Admin {
			r.admin = config
		}
		if !forPeople {
			continue
		}
		if err := r.offer(config); err != nil {
			r.Log("the commands of this account need %s=%s: %v", link.EnvFile, filepath.Join(r.Dir, role+".json"), err)
		}
	}
	return nil
}

// offer writes a file for this account.
func (r *running) offer(config link.Config) error {
	dir, err := link.Dir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, config.Role+".json")
	old, err := link.Read(path)
	if err == nil && old.URL != config.URL && !r.hub.Book().Knows(old) {
		return fmt.Errorf("%s is that of the lab at %s", path, old.URL)
	}
	return config.Write(path)
}

// welcome says how the lab is used. A service does not write secrets into its log.
func (r *running) welcome(ctx context.Context, toPeople bool) error {
	say := func(format string, args ...any) { fmt.Fprintf(r.Out, format+"\n", args...) }
	say("The hub runs at %s; its files are in %s.", r.other, r.Dir)
	if r.Cluster != nil {
		say("  It shares the lab with the other hubs: %s", strings.Join(r.Cluster.Others(), ", "))
	}
	command := CommandName()
	switch {
	case !r.Keys:
		say("  It has no keys: only accounts of this host can use it, and all may do everything.")
		say("  A host joins by:   %s join %s", command, r.local)
	case toPeople:
		var secret string
		err := r.agree(ctx, func() (err error) {
			secret, err = r.hub.Book().Invite("the hub", wire.Invite{Role: wire.Worker})
			return err
		})
		if err != nil {
			return err
		}
		line := access.Line{URL: r.other, Pin: r.hub.Book().Pin(), Secret: secret}
		say("  A host joins by (once, within an hour):\n    %s join %s", command, line)
		say("  More invitations:  %s invite --role worker|user|viewer|admin", command)
	default:
		say("  Invitations:       %s=%s %s invite --role worker|user|viewer|admin", link.EnvFile, filepath.Join(r.Dir, "admin.json"), command)
	}
	say("  Tests run there:   avescript test --fleet PATHS")
	say("  The lab:           %s", command)
	if r.page == nil {
		return nil
	}
	site := r.site
	if r.Keys && toPeople {
		ticket, err := access.Ticket(r.admin)
		if err != nil {
			return err
		}
		site = page.LoginURL(site, ticket)
		say("  The page (this link is valid for 10 minutes; '%s page' makes others):\n    %s", command, site)
		return nil
	}
	say("  The page:          %s", site)
	return nil
}

// CommandName is how this program was called: by avescript, or by itself.
func CommandName() string {
	if os.Getenv(programs.Variable) != "" {
		return "avescript lab"
	}
	return "avelab"
}
