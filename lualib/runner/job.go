package runner

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/collector"
	"avescript/core/coverage"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
	"avescript/lualib/suite"
)

// fence is how old the host's contact may be.
const fence = time.Duration(wire.JobFenceAfter * float64(time.Second))

// WorkForHost is the main function of the process of a job in a fleet: it gets a
// [wire.JobSpec] on its standard input, runs it in a worker, and tells the host what
// happens.
//
// The host may lose its contact to the fleet, or may be stopped as a process, and then the
// job is given to another one. So this process ends, with everything that it has started,
// if it does not hear from the host of a newer contact. It does not clean up then: the
// equipment is in other hands by that time.
func WorkForHost(command func() *exec.Cmd) error {
	collector.StartRarely()
	// Daemons that tests leave stay descendants of this process, so none escapes.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the parent of orphans: %w", err)
	}
	// Nothing but words may be written to the standard output.
	out, err := unix.FcntlInt(uintptr(syscall.Stdout), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup3(syscall.Stderr, syscall.Stdout, 0)
	}
	if err != nil {
		return err
	}
	j := &hosted{
		in: json.NewDecoder(bufio.NewReader(os.Stdin)), out: os.NewFile(uintptr(out), "host"),
		pings: make(chan struct{}, 1), over: make(chan struct{}), atOnce: make(chan struct{}),
	}
	j.contact.Store(int64(process.SinceBoot()))
	go j.watch()
	go j.pong()
	return j.run(command)
}

// hosted is a job for a host.
type hosted struct {
	in      *json.Decoder
	pings   chan struct{} // to be answered
	over    chan struct{} // closed when nobody needs what the job shares
	atOnce  chan struct{} // closed when there is no time for a teardown
	cancel  context.CancelCauseFunc
	contact atomic.Int64 // of the host, by process.SinceBoot
	ends    atomic.Bool  // everything is being ended

	// saying guards out. It is held for long while the host does not read, so whoever
	// hears what the host says must not wait for it.
	saying sync.Mutex
	out    io.Writer

	mu     sync.Mutex // guards what is below
	asked  int        // the ID of the question that is to be answered
	answer func(workers.Answer)
}

func (j *hosted) say(w wire.JobWord) {
	line, err := json.Marshal(w)
	if err != nil {
		line, _ = json.Marshal(wire.JobWord{Done: &wire.JobDone{Error: err.Error()}})
	}
	j.saying.Lock()
	defer j.saying.Unlock()
	if j.ends.Load() {
		select {} // so that no other worker takes the place of one that is killed
	}
	if _, err := j.out.Write(append(line, '\n')); err != nil {
		j.endAll()
	}
}

// endAll ends this process and all that it has started, at once.
func (j *hosted) endAll() {
	j.ends.Store(true)
	_ = process.KillDescendants(os.Getpid(), nil)
	os.Exit(wire.JobFenced)
}

// watch ends everything when the host's contact is too old. After this process was stopped
// for a while, that is noticed as the first thing.
func (j *hosted) watch() {
	const check = 100 * time.Millisecond
	woken := make(chan os.Signal, 1)
	signal.Notify(woken, syscall.SIGCONT)
	for tick := time.NewTicker(check); ; {
		select {
		case <-woken:
		case <-tick.C:
		}
		if process.SinceBoot()-time.Duration(j.contact.Load()) >= fence {
			j.endAll()
		}
	}
}

// pong answers pings.
func (j *hosted) pong() {
	for range j.pings {
		j.say(wire.JobWord{Pong: true})
	}
}

func (j *hosted) run(command func() *exec.Cmd) error {
	var first wire.JobOrder
	if err := j.in.Decode(&first); err != nil || first.Job == nil {
		return fmt.Errorf("wanted a job from a host on standard input, got %w", cmp.Or(err, errors.New("a line without one")))
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	j.cancel = cancel
	go j.listen()
	go j.interrupted()
	var done wire.JobDone
	opts, part, err := j.prepare(*first.Job)
	if err == nil {
		opts.Command, opts.AtOnce = command, j.atOnce
		part.Board = (*jobBoard)(j)
		said := false
		part.Done = func(passed, kept bool) {
			said = true
			done.Passed, done.Kept = passed, kept
			if ctx.Err() != nil {
				done.Error = workers.EndOf(ctx).Why
			}
			j.say(wire.JobWord{Done: &done})
		}
		if err = suite.RunPart(ctx, part, opts); said {
			return nil
		}
	}
	j.say(wire.JobWord{Done: &wire.JobDone{Error: err.Error()}})
	return nil
}

// prepare reads what the job is.
func (j *hosted) prepare(spec wire.JobSpec) (opts suite.Options, part suite.Part, err error) {
	opts.TeardownTimeout = suite.DefaultTeardown
	if len(spec.Setup) > 0 {
		if err := json.Unmarshal(spec.Setup, &opts); err != nil {
			return opts, part, fmt.Errorf("options of the run: %w", err)
		}
	}
	if err := json.Unmarshal(spec.Work, &part.Job); err != nil || part.Job.File == "" {
		return opts, part, fmt.Errorf("wanted a test file in the job, got %s", spec.Work)
	}
	if len(opts.Line) == 0 {
		opts.Line = []string{os.Args[0]}
	}
	opts.Reporter, opts.Fleet = jobReporter{j}, spec.Leases
	part.Directory, part.Temp = spec.Directory, spec.Temp
	if len(spec.Coverage) > 0 {
		err = measured(spec)
	}
	return opts, part, err
}

// measured has the workers count which lines they execute, into the job's directory.
func measured(spec wire.JobSpec) error {
	var choice coverage.Choice
	if err := json.Unmarshal(spec.Coverage, &choice); err != nil {
		return fmt.Errorf("files to measure: %w", err)
	}
	dir := filepath.Join(spec.Directory, wire.JobCoverage)
	run, err := coverage.StartIn(dir, choice)
	if err != nil {
		return err
	}
	return os.Setenv(coverage.Variable, run.Dir)
}

// listen reads the orders of the host.
func (j *hosted) listen() {
	for {
		var o wire.JobOrder
		if j.in.Decode(&o) != nil {
			j.endAll() // the host has ended
		}
		j.contact.Store(max(j.contact.Load(), int64(o.Contact)))
		switch {
		case o.Ping:
			select {
			case j.pings <- struct{}{}:
			default:
			}
		case o.Answer != nil:
			j.answered(*o.Answer)
		case o.Stop != nil:
			j.stop(*o.Stop)
		case o.Over:
			j.isOver()
		}
	}
}

func (j *hosted) answered(a workers.Answer) {
	j.mu.Lock()
	answer := j.answer
	if answer == nil || a.ID != j.asked {
		j.mu.Unlock()
		return
	}
	if a.Wait == "" {
		j.answer = nil
	}
	j.mu.Unlock()
	answer(a)
}

func (j *hosted) stop(s wire.JobStop) {
	j.cancel(&workers.End{Why: s.Reason})
	j.isOver()
	if s.AtOnce {
		closeOnce(&j.mu, j.atOnce)
	}
}

func (j *hosted) isOver() { closeOnce(&j.mu, j.over) }

func closeOnce(mu *sync.Mutex, c chan struct{}) {
	mu.Lock()
	defer mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

// interrupted ends the job as the host would, after a signal to this process.
func (j *hosted) interrupted() {
	came := make(chan os.Signal, 2)
	signal.Notify(came, syscall.SIGTERM, syscall.SIGINT)
	for at := 0; ; at++ {
		<-came
		j.stop(wire.JobStop{Reason: "interrupted", AtOnce: at > 0})
	}
}

// jobReporter sends events to the host.
type jobReporter struct{ *hosted }

// Report sends the event.
func (r jobReporter) Report(e harness.Event) { r.say(wire.JobWord{Event: &e}) }

// jobBoard is the board of the run, which the host asks for the job.
type jobBoard hosted

// Ask asks the host.
func (b *jobBoard) Ask(a workers.Ask, answer func(workers.Answer)) {
	j := (*hosted)(b)
	if answer != nil {
		j.mu.Lock()
		j.asked, j.answer = a.ID, answer
		j.mu.Unlock()
	}
	j.say(wire.JobWord{Ask: &a})
}

// Rest waits until nobody needs what the job shares.
func (b *jobBoard) Rest() { <-b.over }
