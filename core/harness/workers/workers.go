// Package workers runs test files in processes that are started for it, several
// at once, and gives the events of all of them to one [harness.Run].
//
// It knows nothing of what a test is written in: a worker is a command that
// calls [Connect], runs the files that it is told to and reports events. It
// stays for many files. What a worker and its children write to their standard
// streams goes into a file in memory, which both sides can read: the worker
// after each test, and the parent when the worker has died.
//
// A worker that dies fails the test that it was on. Another one takes its place
// and goes on with the file; it is told which tests have run.
package workers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/process"
)

// Pool is workers that share the files of a run.
type Pool struct {
	Workers int              // how many; no more are started than there are jobs
	Command func() *exec.Cmd // a worker's
	Setup   any              // what every worker is told first, as JSON
	Run     *harness.Run     // is told what happens

	// Patience is how long a worker may be silent before it is asked whether
	// it is there; 0 is the usual time. It is killed after three times that.
	Patience time.Duration

	mu     sync.Mutex // guards Run, and what is below
	jobs   []Job
	setup  json.RawMessage
	shared board
	pids   map[int]bool   // of the workers
	before []process.Stat // children that this process had before it had workers
}

// ErrStopped is the cause of a context that ends a run with which nothing is wrong:
// the tests that are running are left out of it, and there is no error.
var ErrStopped = errors.New("the run was stopped")

// Do runs the jobs, the first one first. When ctx ends, the workers end what
// they are at, or are killed; err is the context's cause, but for ErrStopped.
func (p *Pool) Do(ctx context.Context, jobs []Job) (err error) {
	if p.setup, err = json.Marshal(p.Setup); err != nil {
		return err
	}
	p.jobs, p.pids = slices.Clone(jobs), map[int]bool{}
	p.shared = board{}
	if p.before, err = process.Children(os.Getpid()); err != nil {
		return err
	}
	// What a dead worker leaves becomes ours, and not init's.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	slots := make([]*slot, min(p.Workers, len(jobs)))
	for i := range slots {
		slots[i] = &slot{Pool: p, number: i + 1}
	}
	inParallel(slots, func(s *slot) { s.work(ctx) })
	inParallel(slots, (*slot).finish)
	if cause := context.Cause(ctx); cause != nil && !stopped(ctx) {
		return cause
	}
	return nil
}

func inParallel(slots []*slot, fn func(*slot)) {
	var all sync.WaitGroup
	for _, s := range slots {
		all.Go(func() { fn(s) })
	}
	all.Wait()
}

func stopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrStopped) }

func (p *Pool) next() (job Job, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.jobs) == 0 {
		return Job{}, false
	}
	job, p.jobs = p.jobs[0], p.jobs[1:]
	return job, true
}

// slot is a place for a worker: the one after it, if it dies.
type slot struct {
	*Pool
	number int

	// Set under the lock: others answer the worker, and say what it is at.
	worker   *worker
	job      Job
	current  *harness.Event // the test that is running
	question Ask            // the last one

	kept   []harness.Artifact // by the test that is running
	last   harness.Kind       // of an event
	block  *harness.Event     // the block that the worker is in
	blocks map[string]int     // how much has been reported of each
	again  map[string]int     // of that, how much the worker has said that goes on
}

func (s *slot) work(ctx context.Context) {
	for ctx.Err() == nil {
		job, ok := s.next()
		if !ok {
			break
		}
		s.run(ctx, job)
	}
}

// finish ends the worker. What it has made for all has to last until all are done.
func (s *slot) finish() {
	if s.worker != nil {
		s.end(farewell)
	}
}

// run runs a file, in as many workers one after the other as it takes.
func (s *slot) run(ctx context.Context, job Job) {
	s.blocks = map[string]int{}
	s.locked(func() {
		s.job = job
		s.Run.StartFileIn(job.File, s.number)
	})
	for s.attempt(ctx) {
	}
	s.locked(func() { s.Run.FinishFileIn(job.File, s.number) })
}

func (s *slot) locked(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// attempt has a worker run the job, and tells whether another one has to go on.
func (s *slot) attempt(ctx context.Context) (again bool) {
	s.block, s.again, s.last = nil, map[string]int{}, ""
	if s.worker == nil {
		if err := s.start(); err != nil {
			s.broken(err.Error())
			return false
		}
	}
	s.locked(func() { s.current = nil })
	defer s.interruptWith(ctx)()
	s.worker.tell(order{Job: &s.job})
	for {
		w, err := s.worker.journal.next()
		if err != nil {
			return s.died(ctx, err)
		}
		s.worker.told.Store(max(s.worker.told.Load(), w.Told))
		switch {
		case w.Event != nil && !stopped(ctx):
			s.event(*w.Event)
		case w.Block != nil:
			s.block = w.Block
		case w.Kept != nil:
			s.kept = append(s.kept, *w.Kept)
		case w.Ask != nil:
			s.asked(*w.Ask)
		case w.Gone:
			return s.died(ctx, nil)
		case w.Done:
			s.worker.told.Store(w.Told)
			s.worker.journal.clear()
			s.freeAll()
			return false
		}
	}
}

func (s *slot) start() (err error) {
	s.locked(func() { // or it could be taken for an orphan
		var w *worker
		if w, err = startWorker(s.Command(), cmp.Or(s.Patience, patience)); err == nil {
			s.worker, s.pids[w.command.Process.Pid] = w, true
		}
	})
	if err == nil {
		s.worker.tell(order{Setup: s.setup})
	}
	return err
}

// grace is how long a worker may take to come to its end when the run does. Who
// runs a pool until a signal should wait longer for it.
const grace = 2 * time.Second

// interruptWith ends the worker with the run.
func (s *slot) interruptWith(ctx context.Context) (stop func()) {
	w := s.worker
	over := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		w.tell(order{Stop: context.Cause(ctx).Error()})
		select {
		case <-over:
		case <-time.After(grace):
			_ = w.command.Process.Kill()
		}
	})
	return func() {
		forget()
		close(over)
	}
}

// event passes on what has happened.
func (s *slot) event(e harness.Event) {
	e.File, e.Worker, s.last = s.job.File, s.number, e.Kind
	current := s.current
	switch e.Kind {
	case harness.TestStarted:
		current, s.kept = &e, nil
	case harness.TestFinished:
		current = nil
		if e.Counts() {
			s.job.Skip = append(s.job.Skip, e.Key())
		}
	case harness.BlockFailed:
		s.again[e.Key()]++
		if s.again[e.Key()] <= s.blocks[e.Key()] {
			return // it has failed again for the worker that goes on
		}
		s.blocks[e.Key()]++
	}
	s.locked(func() {
		s.current = current
		s.Run.Send(e)
	})
}

// broken reports what has gone wrong outside of tests.
func (s *slot) broken(message string) {
	s.event(harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: message}}})
}

// died is called when the worker has died, or is about to; err is what came
// instead of a message, and nil if that said so. It tells whether another worker has
// to go on with the file, without the test or the block that this one has died in.
func (s *slot) died(ctx context.Context, err error) (again bool) {
	expected := err == nil
	current, rest := s.current, s.worker.rest()
	message := s.buried(err)
	if ctx.Err() != nil {
		if stopped(ctx) {
			return false
		}
		message = "interrupted: " + context.Cause(ctx).Error()
	}
	again = true
	e := harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Output: rest, Died: true}
	switch {
	case expected && s.last == harness.TestFinished:
		// It has said all of the test that it cannot come back from.
	case current != nil:
		e = current.Broken(message)
		e.Output, e.Died, e.Artifacts = rest, true, s.kept
	case s.block != nil && len(s.block.Path) > 0:
		e.Path, e.Line = s.block.Path, s.block.Line
		s.job.Skip = append(s.job.Skip, e.Key())
		message += "; what was left of the block has not been run"
	default:
		again = false
		message += "; what was left of the file has not been run"
	}
	if current == nil {
		e.Problems = []harness.Problem{{Message: message}}
	}
	if current != nil || !expected {
		s.event(e)
	}
	return again && ctx.Err() == nil
}

// buried ends the worker for which err came instead of a message, and says what
// it has died of.
func (s *slot) buried(err error) string {
	if silent, ok := errors.AsType[silence](err); ok {
		s.end(0)
		return silent.Error()
	}
	how, forced := s.end(grace)
	switch ended := err == nil || isEnd(err); {
	case !ended:
		return "the worker was ended: its parent wanted a message, got " + err.Error()
	case forced:
		return "the worker closed the link to its parent, and was killed"
	}
	return "the worker died: " + how
}

// isEnd tells whether nothing more can be read because the other side is closed.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, unix.ECONNRESET)
}

// end ends the worker, and what it has left to us.
func (s *slot) end(patience time.Duration) (how string, forced bool) {
	w := s.worker
	pid := w.command.Process.Pid
	s.locked(func() { s.worker = nil }) // who answers it must not meet the end
	how, forced = w.end(patience)
	s.freeAll()
	s.locked(func() {
		s.shared.lose(s)
		delete(s.pids, pid)
	})
	s.killOrphans()
	return how, forced
}

// killOrphans kills what a worker that has died has left to us.
func (p *Pool) killOrphans() {
	for _, child := range p.orphans() {
		if child.Session == child.PID {
			_ = process.KillTree(child.PID, nil)
		}
		if syscall.Kill(child.PID, syscall.SIGKILL) == nil { // it may be another user's by now
			reap(child.PID)
		}
	}
}

// orphans are the children of this process that lead sessions, or are in one, that
// came with a worker. Living workers keep theirs.
func (p *Pool) orphans() []process.Stat {
	p.mu.Lock()
	defer p.mu.Unlock()
	living, _ := process.Children(os.Getpid())
	dead, _ := process.Zombies(os.Getpid())
	return slices.DeleteFunc(slices.Concat(living, dead), func(child process.Stat) bool {
		was := func(s process.Stat) bool { return s.PID == child.PID && s.Start == child.Start }
		return p.pids[child.PID] || child.Session == ownSession() || slices.ContainsFunc(p.before, was)
	})
}

// reap waits for a child that was killed, but not for one that the kernel does not
// let go.
func reap(pid int) {
	const limit, interval = time.Second, 2 * time.Millisecond
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(interval) {
		if reaped, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); reaped != 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func ownSession() int {
	session, _ := unix.Getsid(0)
	return session
}
