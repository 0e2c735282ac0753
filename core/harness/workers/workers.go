// Package workers runs test files in several worker processes at once, and passes the
// events of all of them to one [harness.Run].
//
// It does not depend on the language of the tests: a worker is a command that calls
// [Connect], runs the files that it gets, and reports events. A worker runs many files.
// What a worker and its children write to their standard streams goes into a file in
// memory, which both sides can read: the worker after each test, and the parent if the
// worker has died.
//
// If a worker dies, the test that it was running fails. Another worker takes its place
// and continues with the file; it is told which tests have run.
package workers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/process"
)

// Pool is a number of workers that share the files of a run.
type Pool struct {
	Workers int              // at most; no more are started than there are jobs
	Command func() *exec.Cmd // the command of a worker
	Setup   any              // sent to every worker first, as JSON
	Run     *harness.Run     // receives the events

	// Patience is how long a worker may be silent before it gets a ping; 0 is the
	// default. It is killed after three times that.
	Patience time.Duration

	// CleanUp is how long a worker may take to clean up if the run ends early; 0 means
	// no limit. When AtOnce is closed, workers are killed without cleaning up.
	CleanUp time.Duration
	AtOnce  <-chan struct{}

	// Temp is a directory for the temporary files of workers, of this pool alone; "" is the
	// usual place. Paths are short, because sockets allow only few characters.
	Temp string

	// Fenced has workers end at once, without cleaning up, if this process dies: what they
	// work on is given to somebody else then.
	Fenced bool

	// Terminal, if there is one, is lent to workers that ask for it. Quit ends the run when
	// somebody there wants that.
	Terminal Terminal
	Quit     func()

	// Board decides about shared values and locks, if other pools share them, too. Nil means
	// that only the workers of this pool share them.
	Board Board
	// Ran, if it is not nil, is called when all jobs are done. If a worker has made a value
	// at the Board, it is kept until others do not need the value any more.
	Ran func(kept bool)

	mu     sync.Mutex // guards Run, and what is below
	slots  []*slot
	still  bool // the limits of time stand still
	temps  int  // how many directories were made in Temp
	jobs   []Job
	setup  json.RawMessage
	own    board          // of this pool: has at least what is held at its terminal
	shared sharing        // own, or that of Board
	pids   map[int]bool   // of the workers
	before []process.Stat // children of this process from before it had workers
}

// Do runs the jobs in order. When ctx ends, the workers stop their tests and clean up,
// or are killed; the error is then the cause of ctx, unless it is ErrStopped.
func (p *Pool) Do(ctx context.Context, jobs []Job) (err error) {
	if p.setup, err = json.Marshal(p.Setup); err != nil {
		return err
	}
	p.jobs, p.pids = slices.Clone(jobs), map[int]bool{}
	p.own = board{}
	p.shared = p.own
	if p.Board != nil {
		p.shared = &elsewhere{Board: p.Board, of: map[*slot]*held{}}
	}
	if p.before, err = process.Children(os.Getpid()); err != nil {
		return err
	}
	// The children of a dead worker become ours, not those of init.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	p.slots = make([]*slot, min(p.Workers, len(jobs)))
	for i := range p.slots {
		p.slots[i] = &slot{Pool: p, number: i + 1}
	}
	inParallel(p.slots, func(s *slot) { s.work(ctx) })
	kept := p.hasMade()
	if p.Ran != nil {
		p.Ran(kept)
	}
	if kept {
		p.Board.Rest()
	}
	inParallel(p.slots, (*slot).finish)
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

// slot is a place for a worker: when it dies, its successor takes the place.
type slot struct {
	*Pool
	number int

	// These are set with the pool's lock: other slots answer the worker and describe
	// its work.
	worker   *worker
	job      Job
	current  *harness.Event // the test that is running
	question Ask            // the last one

	kept   []harness.Artifact // by the test that is running
	last   harness.Kind       // of the last event
	block  *harness.Event     // the block that the worker is in
	blocks map[string]int     // how much was reported of each block
	again  map[string]int     // how much of that a successor will report again
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

// finish ends the worker. Values that it made for all must last until all are done.
func (s *slot) finish() {
	if s.worker != nil {
		s.end(s.farewellTime())
	}
}

// hasMade reports whether other pools may use values that workers of this one have made.
func (p *Pool) hasMade() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.shared.(*elsewhere)
	return ok && e.hasMade()
}

// run runs a file, in as many successive workers as needed.
func (s *slot) run(ctx context.Context, job Job) {
	s.blocks = map[string]int{}
	s.locked(func() {
		s.job = job
		s.Run.StartFile(job.File, s.number)
	})
	for s.attempt(ctx) {
	}
	s.locked(func() { s.Run.FinishFile(job.File, s.number) })
}

func (s *slot) locked(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// attempt lets a worker run the job. again is true if another worker has to continue.
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
		case w.Event != nil && (w.Event.Uncleaned || !stopped(ctx)):
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
	s.locked(func() { // otherwise it could be mistaken for an orphan
		var w *worker
		var temp string
		if temp, err = s.newTemp(); err != nil {
			return
		}
		if w, err = startWorker(s.Command(), temp, s.deathSignal(), s.Terminal, cmp.Or(s.Patience, patience)); err != nil {
			return
		}
		s.worker, s.pids[w.command.Process.Pid] = w, true
		s.worker.tell(order{Setup: s.setup, Lends: s.Terminal != nil})
		if s.still {
			s.worker.tell(order{Still: &s.still})
		}
	})
	return err
}

// deathSignal is what a worker gets when this process dies.
func (p *Pool) deathSignal() syscall.Signal {
	if p.Fenced {
		return syscall.SIGKILL
	}
	return syscall.SIGCONT
}

// newTemp makes the directory for the temporary files of a worker.
func (p *Pool) newTemp() (dir string, err error) {
	if p.Temp == "" {
		return os.MkdirTemp("", "avetest")
	}
	p.temps++
	dir = filepath.Join(p.Temp, strconv.Itoa(p.temps))
	return dir, os.Mkdir(dir, 0o700)
}

// grace is how long a worker that has closed its link may take to end.
const grace = 2 * time.Second

// event passes on an event.
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
			return // it failed again in the worker that continues
		}
		s.blocks[e.Key()]++
	}
	s.locked(func() {
		s.current = current
		s.Run.Report(e)
	})
}

// broken reports a failure outside of tests.
func (s *slot) broken(message string) {
	s.event(harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: message}}})
}

// died handles a worker that has died or is about to. err is what came instead of a
// message; it is nil if the worker announced its end. again is true if another worker
// has to continue with the file, without the test or block in which this one died.
func (s *slot) died(ctx context.Context, err error) (again bool) {
	expected := err == nil
	current, rest := s.current, s.worker.rest()
	message := s.buried(err)
	if ctx.Err() != nil {
		if stopped(ctx) && expected {
			return false
		}
		end := EndOf(ctx).Message()
		if !expected {
			end += "\n\n" + message + "; " + NotCleaned
		}
		message = end
	}
	again = true
	e := harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Output: rest, Died: true}
	switch {
	case expected && s.last == harness.TestFinished:
		// It has reported the test that it cannot return from.
	case current != nil:
		e = current.Broken(message)
		e.Output, e.Died, e.Artifacts = rest, true, s.kept
	case s.block != nil && len(s.block.Path) > 0:
		e.Path, e.Line = s.block.Path, s.block.Line
		s.job.Skip = append(s.job.Skip, e.Key())
		message += "; the rest of the block was not run"
	default:
		again = false
		message += "; the rest of the file was not run"
	}
	if current == nil {
		e.Problems = []harness.Problem{{Message: message}}
	}
	if current != nil || !expected {
		s.event(e)
	}
	return again && ctx.Err() == nil
}

// buried ends a worker from which err came instead of a message, and returns why it
// died.
func (s *slot) buried(err error) string {
	if silent, ok := errors.AsType[silence](err); ok {
		s.end(0)
		return silent.Error()
	}
	how, forced := s.end(grace)
	switch ended := err == nil || isEnd(err); {
	case !ended:
		return "the worker was stopped: its parent wanted a message, got " + err.Error()
	case forced:
		return "the worker closed the connection to its parent and was killed"
	}
	return "the worker died: " + how
}

// isEnd reports whether the error means that the other side is closed.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, unix.ECONNRESET)
}

// end ends the worker, and the processes that it left to us.
func (s *slot) end(patience time.Duration) (how string, forced bool) {
	w := s.worker
	pid := w.command.Process.Pid
	s.locked(func() { s.worker = nil }) // nobody may answer it from now on
	how, forced = w.end(patience)
	s.freeAll()
	s.locked(func() {
		s.shared.lose(s)
		delete(s.pids, pid)
	})
	s.killOrphans()
	return how, forced
}

// killOrphans kills what a dead worker has left to us.
func (p *Pool) killOrphans() {
	for _, child := range p.orphans() {
		if child.Session == child.PID {
			_ = process.KillTree(child.PID, nil)
		}
		if syscall.Kill(child.PID, syscall.SIGKILL) == nil { // it may run as another user by now
			reap(child.PID)
		}
	}
}

// orphans are the children of this process that belong to a session and came from a
// dead worker. Children of living workers are still their own.
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

// reap waits for a child that was killed, but not without limit.
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
