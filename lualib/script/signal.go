package script

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Interrupted is the error of a script that a signal has ended.
type Interrupted struct {
	Signal syscall.Signal
}

func (e *Interrupted) Error() string {
	if e.Signal == syscall.SIGINT {
		return "interrupted"
	}
	return e.Signal.String()
}

// grace is how long a script may take to end after a signal. Lua code ends at once;
// but a Go function may have to end child processes, or cannot be interrupted, such
// as a read from a file on a dead server.
const grace = 3 * time.Second

// reportGrace is how long a program that has to end at once may take to write the
// reports of tests.
const reportGrace = 10 * time.Second

// ending ends a program by signals.
type ending struct {
	exit    func(syscall.Signal)
	came    chan os.Signal
	stopped chan struct{}
	again   chan struct{} // closed by the second signal, if tests are running
	prompts atomic.Int32  // how many are open

	mu    sync.Mutex
	tests chan struct{} // closed when no tests are running
}

type endingKey struct{}

// Notify returns a context that ends with *[Interrupted] as its cause when one of
// the signals comes. On a second signal, or if stop was not called within grace, it
// calls exit with the signal. A signal that was ignored when the program started,
// as under nohup, stays ignored.
func Notify(ctx context.Context, exit func(syscall.Signal), signals ...syscall.Signal) (_ context.Context, stop func()) {
	e := &ending{
		exit: exit, came: make(chan os.Signal, 2), stopped: make(chan struct{}),
		again: make(chan struct{}), tests: make(chan struct{}),
	}
	close(e.tests)
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, endingKey{}, e))
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(e.came, s)
		}
	}
	go e.follow(cancel)
	return ctx, func() {
		close(e.stopped)
		cancel(context.Canceled)
		time.AfterFunc(atLeisure, e.stop)
	}
}

// atLeisure is when signals that are no longer handled get their default again. The runtime
// asks another thread for each of them, which together takes as long as everything else at
// the end of a short script; most programs have ended by then.
const atLeisure = 10 * time.Millisecond

// stop has signals end the program at once, as those do that have come meanwhile.
func (e *ending) stop() {
	signal.Stop(e.came)
	select {
	case s := <-e.came:
		e.exit(s.(syscall.Signal))
	default:
	}
}

func (e *ending) follow(cancel context.CancelCauseFunc) {
	first, ok := e.first()
	if !ok {
		return
	}
	cancel(&Interrupted{first})
	select {
	case s := <-e.came:
		e.endAtOnce(s.(syscall.Signal))
	case <-e.withoutTests():
	}
	select {
	case s := <-e.came:
		e.exit(s.(syscall.Signal))
	case <-time.After(grace):
		e.exit(first)
	case <-e.stopped:
	}
}

// first waits for a signal that ends the program.
func (e *ending) first() (s syscall.Signal, ok bool) {
	for {
		select {
		case came := <-e.came:
			if came != syscall.SIGINT || e.prompts.Load() == 0 {
				return came.(syscall.Signal), true
			}
		case <-e.stopped:
			return 0, false
		}
	}
}

// Prompting tells the signals of a context by [Notify] that a prompt is open: until over
// is called, Ctrl-C is for what is typed there.
func Prompting(ctx context.Context) (over func()) {
	e, ok := ctx.Value(endingKey{}).(*ending)
	if !ok {
		return func() {}
	}
	e.prompts.Add(1)
	return func() { e.prompts.Add(-1) }
}

// endAtOnce is called on a second signal. If tests are running, their reports are
// written first.
func (e *ending) endAtOnce(s syscall.Signal) {
	close(e.again)
	select {
	case <-e.withoutTests():
	case <-e.came:
	case <-time.After(reportGrace):
	}
	e.exit(s)
}

func (e *ending) withoutTests() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tests
}

// Testing tells the handler of a context by [Notify] that tests begin. They end by
// themselves, which may take longer than grace; when again is closed they must end
// at once. Call over when their reports are written; it does not return if the
// program is being ended.
func Testing(ctx context.Context) (again <-chan struct{}, over func()) {
	e, ok := ctx.Value(endingKey{}).(*ending)
	if !ok {
		return nil, func() {}
	}
	tests := make(chan struct{})
	e.mu.Lock()
	e.tests = tests
	e.mu.Unlock()
	return e.again, func() {
		close(tests)
		select {
		case <-e.again:
			select {}
		default:
		}
	}
}
