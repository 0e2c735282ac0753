package host

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

// stuck is a connection that nobody reads from some time on: to write waits.
type stuck struct {
	net.Conn
	gate *sync.Mutex
}

// Write implements io.Writer.
func (s stuck) Write(data []byte) (int, error) {
	s.gate.Lock()
	defer s.gate.Unlock()
	return s.Conn.Write(data)
}

// stuckDialer makes such connections.
type stuckDialer struct{ gate sync.Mutex }

// Dial implements nats.CustomDialer.
func (d *stuckDialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	return stuck{conn, &d.gate}, err
}

// TestFenceDoesNotWaitForTheConnection: the jobs are ended although a write to the hub waits,
// with which the connection is locked. It is not parallel: all children of this process that
// others start would be killed, too.
func TestFenceDoesNotWaitForTheConnection(t *testing.T) {
	l, dialer := newLab(t), &stuckDialer{}
	conn, err := link.Dial(t.Context(), link.Config{URL: l.hub.URL(), Role: wire.Worker, Name: "one"}, nats.SetCustomDialer(dialer))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h := &host{link: conn, running: t.Context(), jobs: map[wire.Token]*job{}, Options: Options{Dir: t.TempDir(), Log: t.Logf}}
	if err := os.Mkdir(filepath.Join(h.Dir, "running"), 0o700); err != nil {
		t.Fatal(err)
	}
	if h.records, err = openRecords(h.Dir); err != nil {
		t.Fatal(err)
	}
	j := newJob(h, wire.Start{Token: wire.Token{Seq: 1}})
	h.jobs[j.start.Token] = j
	ended := make(chan struct{})
	dialer.gate.Lock()
	defer func() {
		dialer.gate.Unlock()
		<-ended
	}()
	go func() { _ = conn.Conn.FlushTimeout(time.Minute) }()
	goroutines.AwaitBlocked(t, "host.stuck.Write")
	go func() {
		defer close(ended)
		h.isFresh() // there was no contact since the machine has started
	}()
	select {
	case <-j.ctx.Done():
	case <-time.After(time.Minute / 2): // less than the client of NATS lets a write wait
		t.Fatal("the job goes on")
	}
	if cause := context.Cause(j.ctx); !errors.Is(cause, errDoomed) {
		t.Errorf("got %v", cause)
	}
}

// TestWhyJobsAreKilled: the outcome says whether the hub was away.
func TestWhyJobsAreKilled(t *testing.T) {
	t.Parallel()
	h, changes := &host{}, make(chan nats.Status)
	go h.watchConnection(t.Context(), changes)
	for status, want := range map[nats.Status]string{nats.RECONNECTING: wire.Busy, nats.CONNECTED: wire.Died} {
		changes <- status
		poll.Until(t, "the outcome is "+want, func() bool { return h.isolation().Status == want })
	}
}
