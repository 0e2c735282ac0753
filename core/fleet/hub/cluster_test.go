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

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// freeAddresses are addresses of hubs on this host.
func freeAddresses(t *testing.T) (addresses []string) {
	t.Helper()
	for len(addresses) < clusterSize {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		defer l.Close()
		r, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+routeOffset))
		if err != nil {
			continue
		}
		defer r.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}

// three is a cluster whose hubs are in this process.
type three struct {
	t       *testing.T
	cluster Cluster
	dirs    [clusterSize]string
	hubs    [clusterSize]*Hub

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
	var err error
	if c.cluster, err = NewCluster(freeAddresses(t)); err != nil {
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
				Dir: c.dirs[i], Listen: "127.0.0.1", Keys: true, Cluster: &cluster, Audit: true,
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

func TestClusterGoesOn(t *testing.T) {
	c := newThree(t, t.TempDir())
	c.start(0, 1, 2)
	leads := c.leader()
	admin := connect(t, c.account(1, wire.Admin, "root"))
	ask := func() wire.Lab {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := admin.Request(ctx, wire.VerbLab, nil)
		if err != nil {
			t.Fatal(err)
		}
		return *answer.Lab
	}
	t.Log(admin.Hubs(), ask().Hubs)
	for range 3 {
		began := time.Now()
		c.stop(leads)
		old := leads
		leads = c.leader()
		t.Log("leads after", time.Since(began))
		ask()
		t.Log("answered after", time.Since(began))
		c.start(old)
		poll.Until(t, "all are there", func() bool {
			for _, h := range ask().Hubs {
				if h.Away {
					return false
				}
			}
			return true
		})
	}
}
