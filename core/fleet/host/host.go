package host

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
	"avescript/core/persona"
	"avescript/core/process"
)

// seconds is a span of the wire.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// host is a running host.
type host struct {
	Options
	link        *link.Link
	incarnation string
	account     *persona.Account // nil if jobs run as this one
	tags        []string
	ownSum      string // of Program
	code        *parcel.Cache
	programs    *parcel.Cache
	records     *records
	groups      *groups // nil if there are no control groups
	stock       *stock  // equipment

	running context.Context // ends with the host
	end     context.CancelCauseFunc
	jobsRun sync.WaitGroup
	isCut   atomic.Bool // the connection is broken, and is made again

	fencing  sync.Mutex    // held while jobs are killed
	mu       sync.Mutex    // guards what is below
	contact  time.Duration // when the last answered heartbeat was sent, by process.SinceBoot, plus the patience
	patience time.Duration // of the hub, as it has said last
	jobs     map[wire.Token]*job
	ended    map[wire.Token]bool // tokens of jobs that the host has had
	order    []wire.Token        // of ended
	highest  wire.Token
	leaving  bool
	closed   bool // takes no orders any more
}

// errRetired means that another process has taken the host's place.
var errRetired = errors.New("another process works under the name of this host: give each host a name of its own")

// Run works for the hub until ctx ends: the host takes no more jobs then, ends those that
// it has, with their teardown, and gives them back to the scheduler, which does not count
// that as a failure of the job.
//
// The host kills all children of this process that it has not started itself and that were
// not there before: they are what jobs have left. So a program that runs a host starts no
// other processes.
func Run(ctx context.Context, o Options) (err error) {
	account, err := o.check()
	if err != nil {
		return err
	}
	h := &host{
		Options: o, account: account, incarnation: strings.ToLower(rand.Text()[:12]), tags: wire.MachineTags(o.Link.Name, o.Tags...),
		jobs: map[wire.Token]*job{}, ended: map[wire.Token]bool{},
	}
	release, err := h.open()
	if err != nil {
		return err
	}
	defer release()
	return h.work(ctx)
}

// open prepares the directory, and ends what a predecessor has left.
func (h *host) open() (release func(), err error) {
	for _, d := range []struct {
		dir  string
		mode os.FileMode
	}{
		{h.Dir, 0o755}, {h.path("jobs"), 0o755}, {h.path("bin"), 0o755}, {h.path("programs"), 0o755}, // jobs can enter these
		{h.path("code"), 0o700}, {h.path("running"), 0o700},
	} {
		if err := makeDir(d.dir, d.mode); err != nil {
			return nil, err
		}
	}
	locked, err := lock(h.path("lock"))
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("%s is in use by another host process: stop it first, or use another directory", h.Dir)
	}
	if err != nil {
		return nil, err
	}
	release = func() { locked.Close() }
	defer func() {
		if err != nil {
			release()
		}
	}()
	// What a job's process leaves when it is killed becomes a child of this one.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the parent of orphans: %w", err)
	}
	if h.records, err = openRecords(h.Dir); err != nil {
		return nil, err
	}
	h.groups = openGroups(h.records.id)
	if err := h.records.endLeft(h.groups); err != nil {
		return nil, fmt.Errorf("jobs of an earlier process of this host: %w", err)
	}
	left, _ := filepath.Glob(h.path("jobs", "*"))
	for _, dir := range left {
		_ = removeAll(dir)
	}
	h.highest = h.records.highest()
	if err := h.copyProgram(); err != nil {
		return nil, fmt.Errorf("the program avescript: %w", err)
	}
	unlock := release
	return func() {
		h.groups.close()
		unlock()
	}, nil
}

// makeDir makes a directory with a mode, whatever the umask is, in which only this account
// can change something. What another account has put there would be believed: the pids of
// processes to end, and programs.
func makeDir(dir string, mode os.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	for _, look := range []func(string) (os.FileInfo, error){os.Lstat, os.Stat} { // it may be a link
		info, err := look(dir)
		if err != nil {
			return err
		}
		if uid := owner(info); int(uid) != os.Geteuid() {
			return fmt.Errorf("%s belongs to %s: a host needs a directory of its own: remove it, or choose another one", dir, persona.NameOf(int(uid)))
		}
	}
	return os.Chmod(dir, mode)
}

// copyProgram copies the program: jobs may run as an account that cannot read the original,
// and the original may be replaced at any time.
func (h *host) copyProgram() error {
	from, err := os.Open(h.Program)
	if err != nil {
		return err
	}
	defer from.Close()
	own := h.path("bin", "avescript")
	to, err := os.OpenFile(own+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	digest := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, digest), from)
	h.ownSum = hex.EncodeToString(digest.Sum(nil))
	return errors.Join(err, to.Chmod(0o755), to.Close(), os.Rename(own+".new", own))
}

// jobDir is the directory of a job.
func (h *host) jobDir(token wire.Token) string {
	return h.path("jobs", fmt.Sprintf("%d-%d", token.Seq, token.Index))
}

func (h *host) path(parts ...string) string {
	return filepath.Join(append([]string{h.Dir}, parts...)...)
}

func (h *host) work(ctx context.Context) error {
	running, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	h.running, h.end = running, end
	dialled, err := h.dial(ctx)
	if err != nil {
		return err
	}
	h.link = dialled
	defer dialled.Close()
	h.code = &parcel.Cache{Dir: h.path("code"), Fetch: h.fetch, Most: h.CacheBytes}
	h.programs = &parcel.Cache{Dir: h.path("programs"), Fetch: h.fetch, Most: h.CacheBytes}
	subject := wire.OrderSubject(h.Link.Name, h.incarnation)
	orders, err := dialled.Conn.Subscribe(subject, h.ordered)
	if err != nil {
		return fmt.Errorf("orders of the hub: %w", err)
	}
	defer func() { _ = orders.Unsubscribe() }()
	var parts sync.WaitGroup
	defer parts.Wait()
	defer end(nil)
	if h.Broker != "" {
		h.stock = newStock(h.Broker, h.Log)
		parts.Go(func() { h.stock.watch(running) })
	}
	changes := dialled.Conn.StatusChanged(nats.CONNECTED, nats.RECONNECTING)
	parts.Go(func() { h.watchConnection(running, changes) })
	parts.Go(func() { h.guard(running) })
	parts.Go(func() { h.guardDisk(running) })
	parts.Go(func() { h.beats(running) })
	h.wait(ctx, running)
	cause := context.Cause(running)
	if running.Err() == nil || errors.Is(cause, context.Canceled) {
		cause = nil
	} else {
		h.killAll(wire.Outcome{Status: wire.Died, Message: cause.Error()})
	}
	h.close(false)
	end(nil)
	h.jobsRun.Wait() // their processes are dead
	return cause
}

// close has the host take no orders any more, if it has no jobs or has to.
func (h *host) close(ifIdle bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = h.closed || !ifIdle || len(h.jobs) == 0
	return h.closed
}

// dial connects to the hub, and tries again until ctx ends: the hub may start later.
func (h *host) dial(ctx context.Context) (*link.Link, error) {
	const interval = time.Second
	for said := ""; ; {
		l, err := link.Dial(ctx, h.Link)
		if err == nil {
			return l, nil
		}
		if !isAway(err) || ctx.Err() != nil {
			return nil, err
		}
		if text := err.Error(); text != said {
			said = text
			h.Log("%s; trying again", text)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(interval):
		}
	}
}

// isAway reports whether an error may be gone after a while.
func isAway(err error) bool {
	var network net.Error
	return errors.Is(err, nats.ErrNoServers) || errors.Is(err, nats.ErrTimeout) || errors.As(err, &network)
}

// wait waits until the host is to end, and has no more jobs.
func (h *host) wait(ctx, running context.Context) {
	select {
	case <-ctx.Done():
		h.leave()
		h.stopAll("the host is stopped")
	case <-h.Leave:
		h.leave()
	case <-h.link.Done():
		h.end(fmt.Errorf("the hub has ended the connection: %w", h.link.Err()))
	case <-running.Done():
	}
	const interval = 10 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	stopped := ctx.Done()
	if ctx.Err() != nil {
		stopped = nil
	}
	for {
		select {
		case <-ticker.C:
			if h.close(true) || ctx.Err() != nil && h.isForlorn() {
				return
			}
		case <-running.Done():
			return
		case <-stopped:
			stopped = nil
			h.stopAll("the host is stopped")
		case <-h.AtOnce:
			h.killAll(wire.Outcome{Status: wire.Died, Message: "the host was ended at once"})
			return
		}
	}
}

// isForlorn reports whether nothing is left to do but to report results, and nobody listens.
func (h *host) isForlorn() bool {
	const patience = 10 * time.Second
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, j := range h.jobs {
		if !j.isSettled() {
			return false
		}
	}
	return process.SinceBoot()-h.contact > patience
}

func (h *host) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaving = true
}

// stopAll ends all jobs, with their teardown, and gives them back.
func (h *host) stopAll(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, j := range h.jobs {
		j.stop(reason, true)
	}
}
