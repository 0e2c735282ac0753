package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

// lab is everything that is simulated.
type lab struct {
	options Options
	url     string
	living  sync.WaitGroup
	dialing chan struct{} // has those who connect
	pid     int           // of the hub
	end     context.CancelFunc
	fences  atomic.Int64 // how often a host has ended its jobs for lack of contact
	said    atomic.Int64 // messages of output

	mu        sync.Mutex
	submitted map[string]time.Time // by run
	seen      map[wire.Token]bool  // claims that a host has got
	done      map[job]bool
	waited    []time.Duration
	repeated  int
	all       chan struct{} // closed when so many jobs are done
	wanted    int
	kill      []context.CancelFunc // by host
	failed    error
}

type job struct {
	run   string
	index int
}

const (
	partSize   = 500 // jobs in one request
	settleTime = time.Minute
)

func newLab(o Options, url string, pid int) *lab {
	return &lab{options: o, url: url, pid: pid, dialing: make(chan struct{}, mostDialing), kill: make([]context.CancelFunc, o.Hosts)}
}

// count starts a measurement that ends when so many jobs are done.
func (l *lab) count(wanted int) (all chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.submitted, l.seen, l.done = map[string]time.Time{}, map[wire.Token]bool{}, map[job]bool{}
	l.waited, l.repeated, l.wanted, l.all = nil, 0, wanted, make(chan struct{})
	return l.all
}

func (l *lab) started(s *wire.Start) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[s.Token] {
		return
	}
	l.seen[s.Token] = true
	if s.Attempt > 1 {
		l.repeated++
		return
	}
	if at, ok := l.submitted[s.Run.ID]; ok {
		l.waited = append(l.waited, now.Sub(at))
	}
}

func (l *lab) finished(s *wire.Start) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ours := l.submitted[s.Run.ID]; !ours || l.done[job{s.Run.ID, s.Index}] {
		return
	}
	l.done[job{s.Run.ID, s.Index}] = true
	if len(l.done) == l.wanted {
		close(l.all)
	}
}

// run makes all measurements.
func (l *lab) run(ctx context.Context, out io.Writer, r *Result) error {
	living, end := context.WithCancel(ctx)
	l.end = end
	viewer, err := link.Dial(ctx, link.Config{URL: l.url, Role: wire.Viewer, Name: "viewer"})
	if err != nil {
		return err
	}
	defer viewer.Close()
	users := make([]*link.Link, l.options.Users)
	for i := range users {
		users[i], err = link.Dial(ctx, link.Config{URL: l.url, Role: wire.User, Name: fmt.Sprintf("user-%d", i)})
		if err != nil {
			return err
		}
		defer users[i].Close()
	}
	fmt.Fprintf(out, "%d hosts connect to %s\n", l.options.Hosts, l.url)
	for n := range l.options.Hosts {
		l.revive(living, n, 1)
	}
	if err := l.settle(ctx, viewer); err != nil {
		return err
	}
	if err := l.idle(ctx, users[0], r); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d users submit %d jobs\n", l.options.Users, l.options.Jobs)
	return l.load(living, viewer, users, r)
}

func (l *lab) close() {
	if l.end != nil {
		l.end()
	}
	l.living.Wait()
}

// revive starts a host.
func (l *lab) revive(ctx context.Context, n, life int) {
	alive, kill := context.WithCancel(ctx)
	l.mu.Lock()
	l.kill[n] = kill
	l.mu.Unlock()
	l.living.Go(func() {
		defer kill()
		h, err := newHost(l, n, life)
		if err == nil {
			err = h.live(alive)
		}
		if err != nil && ctx.Err() == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.failed = errors.Join(l.failed, fmt.Errorf("host %d: %w", n, err))
		}
	})
}

// settle waits until all hosts are up.
func (l *lab) settle(ctx context.Context, viewer *link.Link) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		states, err := l.states(ctx, viewer)
		if err != nil {
			return fmt.Errorf("not all hosts are up: %w", errors.Join(err, l.failed))
		}
		up := 0
		for _, h := range states {
			if h.State == schedule.Up {
				up++
			}
		}
		if up == l.options.Hosts {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("only %d of %d hosts are up: %w", up, l.options.Hosts, errors.Join(ctx.Err(), l.failed))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *lab) states(ctx context.Context, viewer *link.Link) ([]wire.LabHost, error) {
	a, err := viewer.Request(ctx, wire.VerbLab, nil)
	if err != nil {
		return nil, err
	}
	if a.Lab == nil {
		return nil, errors.New("the hub has answered without a view")
	}
	return a.Lab.Hosts, nil
}

// idle measures single jobs when nothing else runs.
func (l *lab) idle(ctx context.Context, user *link.Link, r *Result) error {
	var took []time.Duration
	for range max(0, l.options.Idle) {
		all := l.count(1)
		if err := l.submit(ctx, user, 0, 1, 0); err != nil {
			return err
		}
		select {
		case <-all:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.mu.Lock()
		took = append(took, l.waited...)
		l.mu.Unlock()
	}
	r.Started = spread(took)
	return nil
}

// submit submits a run with jobs in parts.
func (l *lab) submit(ctx context.Context, user *link.Link, from, jobs int, work time.Duration) error {
	relay, err := profile.New(map[string]any{"type": "relay"})
	if err != nil {
		return err
	}
	run := wire.Run{ID: wire.NewRunID(), Kind: wire.Tests, Title: "simulated"}
	for first := 0; first < jobs; first += partSize {
		s := wire.Submit{Run: run, First: first, Last: first+partSize >= jobs}
		for i := first; i < min(first+partSize, jobs); i++ {
			j := wire.Job{Name: fmt.Sprintf("tests/test_%d.lua", from+i), Seconds: work.Seconds()}
			if l.options.Pieces > 0 && i%l.options.Wide == 0 {
				j.Needs.Equipment = []wire.Want{{Name: "relay", Profile: relay}}
			}
			s.Jobs = append(s.Jobs, j)
		}
		if s.Last {
			l.mu.Lock()
			l.submitted[run.ID] = time.Now() // nothing starts before the last part
			l.mu.Unlock()
		}
		if _, err := user.Request(ctx, wire.VerbSubmit, s); err != nil {
			return err
		}
	}
	return nil
}

// load measures many jobs at once.
func (l *lab) load(ctx context.Context, viewer *link.Link, users []*link.Link, r *Result) error {
	all := l.count(l.options.Jobs)
	began, worked, said := time.Now(), cpu(l.pid), l.said.Load()
	errs := make(chan error, len(users))
	for i, user := range users {
		from, to := i*l.options.Jobs/len(users), (i+1)*l.options.Jobs/len(users)
		go func() { errs <- l.submit(ctx, user, from, to-from, l.options.Work) }()
	}
	killing, stop := context.WithCancel(ctx)
	defer stop()
	noticed := make(chan []time.Duration, 1)
	go func() { noticed <- l.killer(killing, viewer) }()
	for range users {
		if err := <-errs; err != nil {
			return err
		}
	}
	if err := l.await(ctx, all, viewer); err != nil {
		return err
	}
	r.Jobs, r.Seconds = l.options.Jobs, time.Since(began).Seconds()
	r.CPU, r.Said = cpu(l.pid)-worked, int(l.said.Load()-said)
	r.PerSecond = float64(r.Jobs) / r.Seconds
	stop()
	r.Noticed = spread(<-noticed)
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Fences = int(l.fences.Load())
	r.Waited, r.Repeated = spread(l.waited), l.repeated
	return l.failed
}

// await waits until all jobs are done. A host that dies after its result was written, and
// before it was answered, cannot tell: so if hosts die, the hub is asked, too.
func (l *lab) await(ctx context.Context, all chan struct{}, viewer *link.Link) error {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-all:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
		if l.options.Kill <= 0 {
			continue
		}
		a, err := viewer.Request(ctx, wire.VerbLab, nil)
		if err == nil && a.Lab != nil && a.Lab.Done >= uint64(l.options.Jobs+max(0, l.options.Idle)) {
			return nil
		}
	}
}

// killer kills hosts at random, and returns how long it took until each was judged. After
// that they come back.
func (l *lab) killer(ctx context.Context, viewer *link.Link) (noticed []time.Duration) {
	if l.options.Kill <= 0 {
		return nil
	}
	type death struct {
		n  int
		at time.Time
	}
	dead, lives := map[string]death{}, map[int]int{}
	next := time.NewTicker(time.Duration(float64(time.Second) / l.options.Kill))
	defer next.Stop()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	last := time.NewTimer(time.Hour)
	done := ctx.Done()
	for {
		select {
		case <-done:
			// Those that have just died are noticed within some seconds.
			done = nil
			next.Stop()
			last.Reset(2 * time.Duration(wire.LostAfter*float64(time.Second)))
		case <-last.C:
			return noticed
		case <-next.C:
			n := rand.N(l.options.Hosts)
			name := fmt.Sprintf("host-%04d", n)
			if _, gone := dead[name]; gone {
				continue
			}
			l.mu.Lock()
			kill := l.kill[n]
			l.mu.Unlock()
			kill()
			dead[name] = death{n, time.Now()}
		case <-look.C:
			hosts, err := l.states(context.WithoutCancel(ctx), viewer)
			if err != nil {
				continue
			}
			for _, h := range hosts {
				d, gone := dead[h.Name]
				if !gone || h.State != schedule.Lost {
					continue
				}
				// By the hub's clock, which is that of this host.
				noticed = append(noticed, time.Duration(h.Since*1e9)-time.Duration(d.at.UnixNano()))
				delete(dead, h.Name)
				lives[d.n]++
				if done != nil {
					l.revive(ctx, d.n, 1+lives[d.n])
				}
			}
			if done == nil && len(dead) == 0 {
				return noticed
			}
		}
	}
}
