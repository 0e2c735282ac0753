package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"avescript/core/harness/workers"
)

// ending is the early end of a run. No more tests and blocks begin, running code is
// ended, and all hooks that clean up share one time limit.
type ending struct {
	run   context.Context // of the run; the ending begins when it ends
	limit time.Duration   // 0 means no limit
	began func() time.Time
}

// DefaultTeardown is the time limit, in seconds, for all hooks that clean up after
// the end of a run: enough to switch equipment off.
const DefaultTeardown = 30

// lastGrace is how long to wait for code that has not ended within the limit. The
// parent of a worker waits longer.
const lastGrace = 4 * time.Second

// atOnce is how long code may go on if the run ends at once.
const atOnce = time.Second

func newEnding(run context.Context, seconds float64) ending {
	limit := time.Duration(seconds * float64(time.Second))
	return ending{run: run, limit: limit, began: sync.OnceValue(time.Now)}
}

// end returns why the run ends, or nil.
func (e *ending) end() *workers.End {
	if e.run == nil || e.run.Err() == nil {
		return nil
	}
	return workers.EndOf(e.run)
}

// left returns how much time is left to clean up, if that is limited.
func (e *ending) left() (left time.Duration, limited bool) {
	return e.limit - time.Since(e.began()), e.limit > 0
}

func (e *ending) limitText() string {
	return fmt.Sprintf("the %g s for cleaning up", e.limit.Seconds())
}

// refuses returns why code is not started: code that does not clean up, and, after
// the time limit, any code.
func (e *ending) refuses(end *workers.End, cleans bool) (why string) {
	left, limited := e.left()
	switch {
	case !cleans:
		return end.Message()
	case limited && left <= 0:
		return "it was not run: " + e.limitText() + " have passed"
	}
	return ""
}

// errStuck means that code was told to end and has not.
var errStuck = errors.New("it does not end")

// attend calls run, which runs tests under the context. If the run has ended and
// the tests do not end, the error is errStuck, and run may still be going on. In a
// worker, the parent handles this.
func (s *session) attend(run func(context.Context) error) error {
	over := context.AfterFunc(s.ending.run, func() {
		s.ending.began()
		if d := s.deadline.Load(); d != nil {
			d.runEnds()
		}
	})
	defer over()
	if s.opts.Link != nil {
		return run(context.WithoutCancel(s.ending.run))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ending.run))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-s.ending.run.Done():
	}
	var late <-chan time.Time
	if s.ending.limit > 0 {
		late = time.After(s.ending.limit + lastGrace)
	}
	select {
	case err := <-done:
		return err
	case <-late:
	case <-s.opts.AtOnce:
		cancel()
		late = time.After(atOnce)
		select {
		case err := <-done:
			return err
		case <-late:
		}
	}
	return errStuck
}
