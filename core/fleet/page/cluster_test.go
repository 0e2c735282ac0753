package page_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"avescript/core/fleet/access"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/internal/hubports"
	"avescript/internal/poll"
)

// three are the hubs of a cluster, each with its page, as avelab starts them.
type three struct {
	t       testing.TB
	cluster hub.Cluster
	dirs    [3]string
	hubs    [3]*hub.Hub
	pages   [3]*page.Page
}

func newThree(t testing.TB) *three {
	t.Helper()
	c := &three{t: t}
	addresses, err := hubports.Addresses(len(c.hubs))
	if err != nil {
		t.Fatal(err)
	}
	if c.cluster, err = hub.NewCluster(addresses); err != nil {
		t.Fatal(err)
	}
	for i := range c.dirs {
		c.dirs[i] = t.TempDir()
	}
	keys, err := access.Whole(filepath.Join(c.dirs[0], "keys"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range c.dirs[1:] {
		if err := access.Import(filepath.Join(dir, "keys"), keys); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for i := range c.hubs {
			c.stop(i)
		}
	})
	return c
}

func (c *three) start(members ...int) {
	c.t.Helper()
	failed := make(chan error, len(members))
	for _, i := range members {
		go func() {
			cluster := c.cluster
			cluster.Me = i
			h, err := hub.Start(c.t.Context(), hub.Options{Dir: c.dirs[i], Listen: "127.0.0.1", Keys: true, Cluster: &cluster, Log: func(format string, args ...any) {
				c.t.Logf("%s hub %d: "+format, append([]any{time.Now().Format("05.000"), i + 1}, args...)...)
			}})
			if err == nil {
				c.hubs[i] = h
				c.pages[i], err = page.Start(c.options(i, h))
			}
			failed <- err
		}()
	}
	for range members {
		if err := <-failed; err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *three) options(i int, h *hub.Hub) page.Options {
	certificate := h.Book().Certificate()
	return page.Options{
		Address: "127.0.0.1:0", Lab: h.View, JetStream: h.Link().JS, Metrics: h.Metrics(), Dir: filepath.Join(c.dirs[i], "page"),
		Secret: []byte("the same at all hubs"), Certificate: &certificate,
		Login: func(key string) (page.Identity, bool) {
			owner, ok := h.Book().Login(key)
			return page.Identity{Role: owner.Role, Name: owner.Name, Key: owner.Key}, ok
		},
		Allowed: func(who page.Identity) bool { return h.Book().Has(who.Key, who.Role, who.Name) },
		Act: func(ctx context.Context, who page.Identity, verb string, body any) error {
			_, err := h.Link().RequestAs(ctx, who.Role, who.Name, verb, body)
			return err
		},
	}
}

func (c *three) stop(i int) {
	c.t.Helper()
	if c.pages[i] != nil {
		if err := c.pages[i].Close(); err != nil {
			c.t.Error(err)
		}
	}
	if c.hubs[i] != nil {
		c.hubs[i].Close()
	}
	c.hubs[i], c.pages[i] = nil, nil
}

func (c *three) account(i int, role, name string) link.Config {
	c.t.Helper()
	config := link.Config{URL: "tls://" + c.cluster.Hubs[i], Role: role, Name: name}
	config, err := c.hubs[i].Book().Local(filepath.Join(c.t.TempDir(), "account.json"), config)
	if err != nil {
		c.t.Fatal(err)
	}
	return config
}

func (c *three) dial(i int, role, name string) *link.Link {
	c.t.Helper()
	l, err := link.Dial(c.t.Context(), c.account(i, role, name))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(l.Close)
	return l
}

// lab is what the page of a hub shows.
func (c *three) lab(client *http.Client, i int) (lab wire.Lab) {
	c.t.Helper()
	status, body, _ := request(c.t, client, http.MethodGet, c.pages[i].URL()+"/api/lab", "")
	if status != http.StatusOK {
		c.t.Fatalf("hub %d: %d %s", i+1, status, body)
	}
	return decode[wire.Lab](c.t, []byte(body))
}

// others are the hubs that run and do not lead, and the one that does, which is the last.
func (c *three) others(client *http.Client, at int) (hubs []int) {
	c.t.Helper()
	poll.Until(c.t, "a hub leads", func() bool {
		hubs = nil
		leads := slices.IndexFunc(c.lab(client, at).Hubs, func(h wire.LabHub) bool { return h.Leads })
		if leads < 0 || c.hubs[leads] == nil {
			return false
		}
		for i, h := range c.hubs {
			if h != nil && i != leads {
				hubs = append(hubs, i)
			}
		}
		hubs = append(hubs, leads)
		return true
	})
	return hubs
}

func ticket(t testing.TB, config link.Config) string {
	t.Helper()
	text, err := access.Ticket(config)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCluster: the page of each hub of a cluster shows the same, and does the same.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := newThree(t)
	c.start(0, 1, 2)
	c.stop(2)
	root, anna := c.account(0, wire.Admin, "root"), c.account(0, wire.User, "anna")
	client, annas := newClient(t), newClient(t)
	login := func(client *http.Client, i int, config link.Config) {
		t.Helper()
		if status, body, _ := request(t, client, http.MethodPost, c.pages[i].URL()+"/login", `{"key":"`+ticket(t, config)+`"}`, "Content-Type", "application/json"); status != http.StatusOK {
			t.Fatalf("login: %d %s", status, body)
		}
	}
	poll.Until(t, "the other hub knows the keys", func() bool {
		return c.hubs[1].Book().Knows(root) && c.hubs[1].Book().Knows(anna)
	})
	login(client, 1, root) // the cookie is good at all pages
	login(annas, 1, anna)

	// A hub that comes later has what was before.
	o := outputs{t: t, js: c.hubs[0].Link().JS}
	o.play(played, 6)
	c.start(2)
	past := func(i int) string {
		_, body, _ := request(t, client, http.MethodGet, c.pages[i].URL()+"/api/tests", "")
		return body
	}
	poll.Until(t, "the hub that has come has the history", func() bool {
		return strings.Contains(past(0), `"all":20`) && past(2) == past(0)
	})
	r := read(t, c.pages[2].URL()+"/api/run/"+played+"/events", "", cookie(t, client, c.pages[2]))
	wants(t, string(r.until("items").data), "nightly", "test_call0.lua")

	// All show the same, but what moves.
	host := c.dial(2, wire.Worker, "lab-1")
	beats, end := context.WithCancel(t.Context())
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		for beats.Err() == nil {
			ctx, cancel := context.WithTimeout(beats, time.Second)
			_, _ = host.Request(ctx, wire.VerbBeat, wire.Beat{Host: "lab-1", Incarnation: "a", Cores: 4})
			cancel()
			select {
			case <-beats.Done():
			case <-time.After(300 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() { end(); <-beating })
	l, err := link.Dial(t.Context(), anna)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	run := wire.Run{ID: wire.NewRunID(), Kind: wire.Tests, Title: "nightly", Patience: 600}
	relay := wire.Needs{Equipment: []wire.Want{{Name: "r", Profile: pieceOf(t, map[string]any{"type": "relay"})}}}
	if _, err := l.Request(t.Context(), wire.VerbSubmit, wire.Submit{Run: run, Jobs: []wire.Job{{Name: "a.lua", Needs: relay}}, Last: true}); err != nil {
		t.Fatal(err)
	}
	summary := func(i int) string {
		lab := c.lab(client, i)
		text := fmt.Sprint(lab.Hub, lab.Hubs)
		for _, h := range lab.Hosts {
			text += " " + h.Name + " " + h.Reason
		}
		for _, r := range lab.Runs {
			text += " " + r.Run + " " + r.State
		}
		return text
	}
	agree := func(parts ...string) {
		t.Helper()
		poll.Until(t, "all pages show "+strings.Join(parts, " "), func() bool {
			for i, p := range c.pages {
				for _, part := range parts {
					if p != nil && !strings.Contains(summary(i), part) {
						return false
					}
				}
			}
			return true
		})
	}
	agree("lab-1", run.ID+" waiting", "false}]")

	// Actions work at a hub that does not lead; so do terminals.
	hubs := c.others(client, 0)
	do := func(i int, client *http.Client, verb, body string) {
		t.Helper()
		if status, text, _ := request(t, client, http.MethodPost, c.pages[i].URL()+"/api/act/"+verb, body, "Content-Type", "application/json"); status != http.StatusOK {
			t.Errorf("%s: %d %s", verb, status, text)
		}
	}
	do(hubs[0], client, "drain", `{"host":"lab-1","reason":"a new disk"}`)
	do(hubs[1], annas, "cancel", `{"run":"`+run.ID+`"}`)
	agree("lab-1 a new disk", run.ID+" cancelled")
	q := url.Values{"host": {"lab-1"}, "job": {"0"}, "token": {"12.0"}, "test": {"a test"}, "name": {"shell"}}
	screen := read(t, c.pages[hubs[0]].URL()+"/api/run/"+run.ID+"/screen?"+q.Encode(), "", cookie(t, client, c.pages[hubs[0]]))
	cast := `{"version":2,"width":40,"height":5}` + "\n" + `[0.1,"o","hello"]` + "\n"
	outputs{t: t, js: host.JS}.output("lab-1", run.ID, 0, wire.Token{Seq: 12}, wire.Output{Screen: &wire.Screen{Test: "a test", Name: "shell", Cast: cast}})
	wants(t, string(screen.until("shot").data), "hello")

	// A key that is revoked is worth nothing at any page.
	admin, err := link.Dial(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	if _, err := admin.Request(t.Context(), wire.VerbRevoke, wire.Revoke{Role: wire.User, Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	for i, p := range c.pages {
		poll.Until(t, fmt.Sprintf("hub %d knows that the key was revoked", i+1), func() bool {
			status, _, _ := request(t, annas, http.MethodGet, p.URL()+"/api/me", "")
			return status == http.StatusUnauthorized
		})
	}

	// When the leader is away, the others show the next one.
	w := newBrowser(t).tab(1280, 800, page.LoginURL(c.pages[hubs[0]].URL(), ticket(t, root)))
	w.until(`document.querySelectorAll(".panel.hubs li").length === 3`)
	c.stop(hubs[2])
	agree(c.cluster.Hubs[hubs[2]] + " false true")
	w.until(`document.querySelector(".panel.attention").textContent.includes("` + c.cluster.Hubs[hubs[2]] + ` cannot be reached") && document.querySelector("#contact").textContent === ""`)
	w.shot("cluster")

	// A hub that is left alone says that what it shows is old.
	c.stop(hubs[1])
	w.until(`document.querySelector("#contact").textContent.startsWith("No news from the hub that leads for ")`)
	w.shot("cluster-alone")
	if got := firstAge(t, read(t, c.pages[hubs[0]].URL()+"/api/lab/events", "", cookie(t, client, c.pages[hubs[0]]))); got < 3 {
		t.Errorf("who comes then is told that it is %.1f s old", got)
	}
	began := time.Now()
	c.start(hubs[1], hubs[2])
	t.Log("both are back after", time.Since(began))
	w.until(`document.querySelector("#contact").textContent === "" && document.querySelectorAll(".panel.hubs .soft").length === 3`)
}

// firstAge is how old the lab is that a reader is told first.
func firstAge(t testing.TB, r *reader) float64 {
	t.Helper()
	return decode[struct{ Age float64 }](t, r.until("full").data).Age
}

// cookie is the header by which a client has logged in.
func cookie(t testing.TB, client *http.Client, p *page.Page) string {
	t.Helper()
	at, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range client.Jar.Cookies(at) {
		list = append(list, c.String())
	}
	return strings.Join(list, "; ")
}
