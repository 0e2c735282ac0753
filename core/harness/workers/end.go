package workers

import (
	"context"
	"errors"
	"time"
)

// End is the reason why a run ends before all tests have run. It is the cause of the
// context that was cancelled.
type End struct {
	Why     string `json:"why"`
	Overdue bool   `json:"overdue,omitempty"` // the time of the run is over: tests show what they were doing
	Quiet   bool   `json:"quiet,omitempty"`   // it is not a failure: running tests do not count
}

func (e *End) Error() string { return e.Why }

// ErrStopped is the cause of a context that stops a run without a failure: the running
// tests are left out, and there is no error.
var ErrStopped error = &End{Why: "the run was stopped", Quiet: true}

// EndOf returns why the run of a cancelled context ends.
func EndOf(ctx context.Context) *End {
	cause := context.Cause(ctx)
	if end, ok := errors.AsType[*End](cause); ok {
		return end
	}
	return &End{Why: cause.Error()}
}

// Message is the problem of a test that was ended with the run.
func (e *End) Message() string {
	if e.Why == "interrupted" { // by Ctrl-C
		return e.Why
	}
	return "interrupted: " + e.Why
}

// NotCleaned is the problem of a test whose hooks may not have finished.
const NotCleaned = "its cleanup hooks may not have finished"

// reportTime is how long a worker may take after its time for cleaning up, to report
// what did not finish, and to end.
const reportTime = 8 * time.Second

// interruptWith ends the worker when ctx ends. The worker may clean up, within the
// limit.
func (s *slot) interruptWith(ctx context.Context) (stop func()) {
	w := s.worker
	over := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		w.tell(order{Stop: EndOf(ctx)})
		w.wake()
		var late <-chan time.Time
		if s.CleanUp > 0 {
			late = time.After(s.CleanUp + reportTime)
		}
		select {
		case <-over:
			return
		case <-s.AtOnce:
		case <-late:
		}
		_ = w.command.Process.Kill()
	})
	return func() {
		forget()
		close(over)
	}
}

// farewellTime is how long a worker without further work may take to end.
func (p *Pool) farewellTime() time.Duration {
	select {
	case <-p.AtOnce:
		return 0
	default:
		return farewell
	}
}
