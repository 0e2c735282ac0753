package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
)

// Causes of the end of a job's context.
var (
	errStopped = errors.New("the job is stopped")
	errDoomed  = errors.New("the job is killed")
)

// job is a job that this host has, from its order to the answer to its result.
type job struct {
	host   *host
	start  wire.Start
	out    *output
	asks   *asks
	ctx    context.Context // ends when the job is to end
	cancel context.CancelCauseFunc
	temp   string        // its directory for temporary files
	shared chan struct{} // closed when nobody needs any more what it shares

	mu        sync.Mutex // guards what is below; taken after that of the host
	pid       int        // of its process; 0 if there is none
	child     *child
	equipped  *leased
	doomed    *wire.Outcome // it is killed, for this reason
	settled   bool          // it has its outcome
	reason    string        // why it is stopped
	returned  bool          // it is stopped by this host, and not by its run
	test      string        // that is running
	kept      bool          // its process stays for what it shares
	artifacts []string      // paths, as events name them
}

func newJob(h *host, start wire.Start) *job {
	j := &job{host: h, start: start, shared: make(chan struct{})}
	j.ctx, j.cancel = context.WithCancelCause(h.running)
	j.out = newOutput(h.link, wire.OutputSubject(h.Link.Name, start.Run.ID, start.Index, start.Token))
	j.asks = newAsks(j)
	return j
}

// running is the job in a heartbeat.
func (j *job) running() wire.Running {
	j.mu.Lock()
	defer j.mu.Unlock()
	return wire.Running{Run: j.start.Run.ID, Job: j.start.Index, Token: j.start.Token, Test: j.test, Kept: j.kept}
}

// process returns the pid of the job's process, 0 if there is none, and whether it is to be
// killed.
func (j *job) process() (pid int, doomed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.pid, j.doomed != nil
}

// isSettled reports whether the job has its outcome, and no process.
func (j *job) isSettled() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.settled && j.pid == 0
}

// doom has the job killed. It reports whether there is something to kill.
func (j *job) doom(why wire.Outcome) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.doomed != nil || j.settled && j.pid == 0 {
		return false
	}
	j.doomed = &why
	j.cancel(errDoomed)
	if j.equipped != nil {
		j.equipped.drop()
	}
	return true
}

// kill kills the job.
func (j *job) kill(why wire.Outcome) {
	if j.doom(why) {
		j.host.kill()
	}
}

// stop ends the job, with its teardown. It is returned if this host stops it, and not its
// run.
func (j *job) stop(reason string, returned bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.reason != "" && (!j.returned || returned) {
		return
	}
	if reason == "" {
		reason = "the run was cancelled"
	}
	j.reason, j.returned = reason, returned
	j.cancel(errStopped)
	j.endShared()
}

// over ends what the job shares.
func (j *job) over() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.endShared()
}

func (j *job) endShared() {
	select {
	case <-j.shared:
	default:
		close(j.shared)
	}
}

// run runs the job, and sends its result.
func (j *job) run() {
	h := j.host
	defer h.forget(j)
	defer j.cancel(nil)
	sending, end := context.WithCancel(h.running)
	defer end()
	var parts sync.WaitGroup
	defer parts.Wait()
	defer end()
	parts.Go(func() { j.out.send(sending) })
	parts.Go(func() { j.asks.send(sending) })
	began := time.Now()
	dir := h.jobDir(j.start.Token)
	outcome := j.perform(dir)
	outcome.Seconds = time.Since(began).Seconds()
	if !j.isKept() {
		h.kill() // what it has left must be gone before others get the job
	}
	j.giveBack()
	if outcome.Status == wire.Done || outcome.Status == wire.Stopped {
		j.upload(sending, dir)
	}
	j.out.flush()
	if j.isKept() {
		j.report(sending, outcome)
		j.child.linger(j.shared)
		h.kill()
		j.clear(dir)
	} else {
		j.clear(dir) // first: the next job may need the room
		j.report(sending, outcome)
	}
}

// settle decides the outcome of the job: that it was killed or stopped comes first.
func (j *job) settle(o wire.Outcome) wire.Outcome {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settled, j.test = true, ""
	switch {
	case j.doomed != nil:
		o = *j.doomed
	case j.reason != "" && j.returned:
		// The scheduler gives it to another host, and does not count it as a failure.
		o = wire.Outcome{Status: wire.Busy, Message: j.reason}
	case j.reason != "":
		o = wire.Outcome{Status: wire.Stopped, Message: j.reason}
	}
	return o
}

// perform does everything up to the end of the tests.
func (j *job) perform(dir string) wire.Outcome {
	if err := j.equip(); err != nil {
		return j.settle(unequipped(j.start, err))
	}
	if j.start.Run.Kind == wire.Hold {
		return j.settle(j.hold())
	}
	program, release, err := j.prepare(dir)
	if err != nil {
		return j.settle(broken(j.start, err))
	}
	defer release()
	p, err := j.spawn(dir, program)
	if err != nil {
		return j.settle(broken(j.start, err))
	}
	showing, end := context.WithCancel(j.host.running)
	var shown sync.WaitGroup
	shown.Go(func() { j.showScreens(showing, dir) })
	defer shown.Wait()
	defer end()
	return j.settle(j.attend(p))
}

// broken is the outcome of a job that could not be started.
func broken(start wire.Start, err error) wire.Outcome {
	o := wire.Outcome{Status: wire.Broken, Message: err.Error()}
	var missing *missingError
	if errors.As(err, &missing) {
		o.Missing = missing.sum
	}
	return o
}

// missingError is that a parcel has to be sent again.
type missingError struct {
	sum string
	err error
}

func (e *missingError) Error() string { return e.err.Error() }
func (e *missingError) Unwrap() error { return e.err }

func missing(what, sum string, err error) error {
	err = fmt.Errorf("%s: %w", what, err)
	if errors.Is(err, parcel.ErrDamaged) {
		return &missingError{sum, err}
	}
	return err
}

// equip leases the equipment of the job.
func (j *job) equip() error {
	if len(j.start.Pieces) == 0 {
		return nil
	}
	stock := j.host.stock
	if stock == nil {
		return errors.New("this host has no broker")
	}
	equipped, err := stock.lease(j.ctx, j.start, j.host.Link.Name)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.doomed != nil {
		equipped.drop()
		return errDoomed
	}
	j.equipped = equipped
	j.host.jobsRun.Go(func() { j.keepEquipment(equipped) })
	return nil
}

// unequipped is the outcome of a job whose equipment could not be leased. It does not count
// as a failure: the scheduler tries it elsewhere, or here when the broker says that the
// equipment is free. Equipment that does not work is a failure; otherwise the job would be
// tried without end.
func unequipped(start wire.Start, err error) wire.Outcome {
	o := wire.Outcome{Status: wire.Busy, Message: "equipment: " + err.Error()}
	if _, ok := errors.AsType[*openError](err); ok {
		o.Status = wire.Died
		return o
	}
	var busy *busyError
	if errors.As(err, &busy) {
		o.Busy = busy.keys
	}
	if len(o.Busy) == 0 {
		for _, p := range start.Pieces {
			o.Busy = append(o.Busy, p.Profile.Key())
		}
	}
	return o
}

// keepEquipment tells the broker that this host is there, while it has contact that is new
// enough: the broker counts [wire.LeaseContact] from then, and must not need longer than the
// leader. A job whose equipment is lost is killed: it cannot work any more.
func (j *job) keepEquipment(l *leased) {
	ticker := time.NewTicker(beatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-l.gone.Done():
			return
		case <-ticker.C:
		}
		if !j.host.isFresh() || j.host.sinceContact() > 2*beatInterval {
			continue
		}
		if err := l.beat(l.gone); err != nil && l.gone.Err() == nil {
			j.kill(wire.Outcome{Status: wire.Died, Message: "the broker has ended the lease of the equipment: " + err.Error()})
			return
		}
	}
}

// giveBack ends the leases of the job. The scheduler may give the equipment to another job
// as soon as it has the result, so that comes later.
func (j *job) giveBack() {
	j.mu.Lock()
	equipped := j.equipped
	j.mu.Unlock()
	if equipped != nil {
		equipped.giveBack()
	}
}

// report sends the result until it is answered. A result that does not count any more is
// forgotten.
func (j *job) report(ctx context.Context, o wire.Outcome) {
	result := wire.Result{Run: j.start.Run.ID, Job: j.start.Index, Token: j.start.Token, Outcome: o}
	_, err := j.host.link.Request(ctx, wire.VerbResult, result)
	var refusal *link.Refusal
	if errors.As(err, &refusal) {
		j.host.Log("%s of run %s, token %s: the result does not count: %s", j.start.Job.Name, j.start.Run.ID, j.start.Token, refusal.Message)
		j.over()
	}
}

func (j *job) isKept() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept
}

// clear removes everything that a dead job has left.
func (j *job) clear(dir string) {
	h := j.host
	h.groups.remove(j.start.Token)
	h.records.remove(j.start.Token)
	for _, d := range []string{dir, j.temp} {
		if err := removeAll(d); err != nil && d != "" {
			h.Log("files of a job: %v", err)
		}
	}
}

// teardown is how long the job's process may take to end after it was stopped; 0 is without
// limit.
func (j *job) teardown() time.Duration {
	const grace = 20 * time.Second // the process has limits of its own, which are shorter
	setup := struct{ TeardownTimeout float64 }{}
	if json.Unmarshal(j.start.Run.Setup, &setup) != nil || setup.TeardownTimeout <= 0 {
		return 0
	}
	return seconds(setup.TeardownTimeout) + grace
}
