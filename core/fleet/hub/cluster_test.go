package hub

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/internal/hubports"
	"avescript/internal/poll"
)

// three is a cluster whose hubs are in this process.
type three struct {
	t       *testing.T
	cluster Cluster
	dirs    [clusterSize]string
	hubs    [clusterSize]*Hub
	reserve int64 // of the disk, or 0

	mu  sync.Mutex
	log [clusterSize][]string // what each has said
}

// said reports whether a hub has logged a line with this text.
func (c *three) said(i int, text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.log[i], func(line string) bool { return strings.Contains(line, text) })
}

// newThree makes the cluster, with the keys of a directory that a hub has used, or of none.
func newThree(t *testing.T, dir string) *three {
	t.Helper()
	c := &three{t: t}
	addresses, err := hubports.Addresses(clusterSize)
	if err != nil {
		t.Fatal(err)
	}
	if c.cluster, err = NewCluster(addresses); err != nil {
		t.Fatal(err)
	}
	c.dirs = [...]string{dir, t.TempDir(), t.TempDir()}
	keys, err := access.Whole(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range c.dirs[1:] {
		if err := access.Import(filepath.Join(other, "keys"), keys); err != nil {
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
	failed := make(chan error)
	for _, i := range members {
		go func() {
			cluster := c.cluster
			cluster.Me = i
			h, err := Start(c.t.Context(), Options{
				Dir: c.dirs[i], Listen: "127.0.0.1", Keys: true, Cluster: &cluster, Audit: true, Reserve: c.reserve,
				Log: func(format string, args ...any) {
					c.mu.Lock()
					c.log[i] = append(c.log[i], fmt.Sprintf(format, args...))
					c.mu.Unlock()
					c.t.Logf("%s hub %d: "+format, append([]any{time.Now().Format("05.000"), i + 1}, args...)...)
				},
			})
			c.hubs[i] = h
			failed <- err
		}()
	}
	for range members {
		if err := <-failed; err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *three) stop(i int) {
	if c.hubs[i] != nil {
		c.hubs[i].Close()
		c.hubs[i] = nil
	}
}

// leader is the hub that leads.
func (c *three) leader() int {
	c.t.Helper()
	found := -1
	poll.Until(c.t, "a hub leads", func() bool {
		for i, h := range c.hubs {
			if h != nil && h.metrics.leading.Load() {
				found = i
				return true
			}
		}
		return false
	})
	return found
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

func connect(t *testing.T, config link.Config) *link.Link {
	t.Helper()
	l, err := link.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// A cluster does what was asked at any hub, and goes on without any one of them: but not
// without two.
func TestClusterGoesOn(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.start(0, 1, 2)
	c.leader()
	t.Run("keys", c.testKeys)
	t.Run("revoked", c.testRevoked)
	t.Run("changes at the same time", c.testChanges)
	t.Run("injection", c.testInjection)
	t.Run("a second leader", c.testSecondLeader)
	t.Run("one hub is gone", c.testOneGone)
	t.Run("two hubs are gone", c.testTwoGone)
}

// Who was invited at one hub can join by another one, and work at the third one at once.
func (c *three) testKeys(t *testing.T) {
	for i := range c.hubs {
		at := func(n int) int { return (i + n) % clusterSize }
		admin := connect(t, c.account(at(0), wire.Admin, fmt.Sprintf("root-%d", i)))
		invited, err := ask(t, admin, wire.VerbInvite, wire.Invite{Role: wire.Worker, Name: fmt.Sprintf("new-%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		line := access.Line{URL: "tls://" + c.cluster.Hubs[at(1)], Pin: c.hubs[0].Book().Pin(), Secret: invited.Invited}
		config, err := access.Enroll(t.Context(), line, wire.Join{})
		if err != nil {
			t.Fatal(err)
		}
		if config.Others == "" {
			t.Error("wanted that who joins learns the other hubs")
		}
		config.URL, config.Others = "tls://"+c.cluster.Hubs[at(2)], ""
		if _, err := ask(t, connect(t, config), wire.VerbLab, nil); err != nil {
			t.Error(err)
		}
	}
}

// A key that is revoked ends the connections at all hubs.
func (c *three) testRevoked(t *testing.T) {
	config := c.account(0, wire.User, "eve")
	var links []*link.Link
	for i := range c.hubs {
		config.URL = "tls://" + c.cluster.Hubs[i]
		links = append(links, connect(t, config))
	}
	admin := connect(t, c.account(2, wire.Admin, "root"))
	if _, err := ask(t, admin, wire.VerbRevoke, wire.Revoke{Role: wire.User, Name: "eve"}); err != nil {
		t.Fatal(err)
	}
	for i, l := range links {
		poll.Until(t, fmt.Sprintf("the connection at hub %d is closed", i+1), func() bool { return l.Err() != nil })
		if err := l.Err(); !strings.Contains(err.Error(), "it was revoked") {
			t.Errorf("hub %d: wanted that the key was revoked, got %v", i+1, err)
		}
	}
}

// What a user has stored gets into no key, although the server can be asked to send it there.
func (c *three) testInjection(t *testing.T) {
	user := connect(t, c.account(0, wire.User, "mallory"))
	detour(t, user, "$KV.keys.book", `{"keys":[{"key":"evil","role":"admin","name":"mallory"}]}`)
	if _, err := c.hubs[0].Book().Invite("root", wire.Invite{Role: wire.User}); err != nil {
		t.Fatal(err)
	}
	for i, h := range c.hubs {
		for _, k := range h.Book().Keys() {
			if k.Key == "evil" {
				t.Errorf("hub %d has taken a key that a user has stored", i+1)
			}
		}
	}
}

// Hubs that change the keys at the same time lose nothing.
func (c *three) testChanges(t *testing.T) {
	const each = 5
	var changing sync.WaitGroup
	for i, h := range c.hubs {
		for n := range each {
			changing.Go(func() {
				path := filepath.Join(t.TempDir(), fmt.Sprintf("%d-%d.json", i, n))
				if _, err := h.Book().Local(path, link.Config{URL: h.URL(), Role: wire.Viewer, Name: fmt.Sprintf("viewer-%d-%d", i, n)}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	changing.Wait()
	for i, h := range c.hubs {
		poll.Until(t, fmt.Sprintf("hub %d has all keys", i+1), func() bool {
			count := 0
			for _, k := range h.Book().Keys() {
				if k.Role == wire.Viewer {
					count++
				}
			}
			return count == clusterSize*each
		})
	}
}

// Who has read the ledger before the last leader began does not answer heartbeats, and
// cannot decide.
func (c *three) testSecondLeader(t *testing.T) {
	leads := c.leader()
	l := newTerm(t, c.hubs[(leads+1)%clusterSize])
	l.landed = make(chan flight, 1)
	before := l.last
	poll.Until(t, "the leader has written again", func() bool {
		_, last, err := l.ledger.bounds(t.Context())
		return err == nil && last > before
	})
	r := &request{name: "lab-1", verb: wire.VerbBeat, role: wire.Worker, received: time.Now(), message: &nats.Msg{}}
	l.beat(r, wire.Beat{Host: "lab-1", Incarnation: "a"})
	if len(l.building.replies) != 1 {
		t.Fatal("wanted that the answer waits until it is sure who leads")
	}
	if err := l.launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := <-l.landed; f.err == nil {
		t.Errorf("wanted that nothing can be written after %d, got message %d", before, f.seq)
	}
}

// The leader ends three times. Each job is done once, and who looks sees the same.
func (c *three) testOneGone(t *testing.T) {
	const jobs = 40
	user := connect(t, c.account(0, wire.User, "anna"))
	poll.Until(t, "the hosts of other tests get no jobs any more", func() bool {
		return !slices.ContainsFunc(theLab(t, user).Hosts, func(h wire.LabHost) bool { return h.State == schedule.Up })
	})
	hosts := []*fakeHost{}
	for i := range c.hubs {
		hosts = append(hosts, fakeHostOn(t, connect(t, c.account(i, wire.Worker, fmt.Sprintf("lab-%d", i+1))), "a", false).up(t))
	}
	for n := range clusterSize {
		run := fmt.Sprintf("run-%d", n)
		submit(t, user, run, jobs)
		started := map[wire.Token]bool{}
		for _, h := range hosts {
			h.one(t)
			for token := range h.running() {
				started[token] = true
			}
		}
		leads := c.leader()
		c.stop(leads)
		if now := c.leader(); now == leads {
			t.Errorf("hub %d leads, and was ended", now+1)
		}
		if r := theRun(t, user, run); r.Jobs != jobs {
			t.Errorf("wanted %d jobs of %s, got %+v", jobs, run, r)
		}
		for _, h := range hosts { // what had begun before goes on
			for token, s := range h.running() {
				if err := h.result(t.Context(), s); err != nil && started[token] {
					t.Errorf("%s has worked on %s, which does not count: %v", h.name, token, err)
				}
			}
		}
		poll.Until(t, run+" has passed", func() bool {
			for _, h := range hosts {
				for _, s := range h.running() {
					_ = h.result(t.Context(), s)
				}
			}
			return theRun(t, user, run).State == "passed"
		})
		c.start(leads)
		poll.Until(t, "all hubs are there", func() bool {
			return !slices.ContainsFunc(theLab(t, user).Hubs, func(h wire.LabHub) bool { return h.Away })
		})
	}
	tally, err := c.hubs[0].audit(t.Context())
	if err != nil || tally.Finished != jobs*clusterSize || tally.Returned != 0 {
		t.Errorf("wanted %d finished jobs and none returned, got %+v, %v", jobs*clusterSize, tally, err)
	}
}

// One hub alone answers nobody and decides nothing. With a second one all goes on.
func (c *three) testTwoGone(t *testing.T) {
	config := c.account(0, wire.User, "ben")
	user := connect(t, config)
	host := fakeHostOn(t, connect(t, c.account(0, wire.Worker, "lab-9")), "a", false).up(t)
	submit(t, user, "run-9", 1)
	poll.Until(t, "a host has the job", func() bool { return theRun(t, user, "run-9").Running == 1 })
	left := c.leader()
	for i := range c.hubs {
		if i != left {
			c.stop(i)
		}
	}
	ledger := &ledger{js: c.hubs[left].js, stream: c.hubs[left].stores.ledger}
	config.URL = "tls://" + c.cluster.Hubs[left]
	alone := connect(t, config)
	poll.Until(t, "heartbeats are not answered", func() bool {
		host.mu.Lock()
		defer host.mu.Unlock()
		return host.failed != nil
	})
	_, before, _ := ledger.bounds(t.Context())
	limited, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if answer, err := alone.Request(limited, wire.VerbSubmit, submission("run-10", 1)); err == nil {
		t.Errorf("wanted no answer of one hub alone, got %+v", answer)
	}
	if _, after, _ := ledger.bounds(t.Context()); after > before && before > 0 {
		t.Errorf("wanted that nothing is decided, but the ledger has grown from %d to %d", before, after)
	}
	c.start((left + 1) % clusterSize)
	if _, err := ask(t, alone, wire.VerbSubmit, submission("run-10", 1)); err != nil {
		t.Fatal(err)
	}
	if r := theRun(t, alone, "run-9"); r.Jobs != 1 {
		t.Errorf("wanted run-9 with its job, got %+v", r)
	}
}

// A hub whose port for the other hubs is in use says so at once.
func TestPortForHubsIsInUse(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	l, err := net.Listen("tcp", c.cluster.Route(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = Start(t.Context(), Options{Dir: c.dirs[0], Listen: "127.0.0.1", Keys: true, Cluster: &c.cluster})
	if err == nil || !strings.Contains(err.Error(), "cannot listen") || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

// If the disks of all hubs are full, the hosts go on, as they do with one hub.
func TestAllDisksAreFull(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.reserve = 1 << 50
	c.start(0, 1, 2)
	for _, h := range c.hubs {
		poll.Until(t, "the disk is full", h.disk.isFull)
	}
	leads, since := -1, time.Time{}
	poll.Until(t, "a hub leads for a while", func() bool {
		if now := c.leader(); now != leads {
			leads, since = now, time.Now()
		}
		return time.Since(since) > 2*leaderTTL
	})
	l := connect(t, c.account(0, wire.Worker, "lab-1"))
	answer, err := l.Request(poll.Context(t), wire.VerbBeat, wire.Beat{Host: "lab-1", Incarnation: "a"})
	if err != nil || answer.Patience == 0 {
		t.Errorf("wanted an answer to a heartbeat, got %+v, %v", answer, err)
	}
}
