package control

import (
	"sync"
	"time"
)

// No more than throttleCount messages of a kind are logged in a throttlePeriod,
// so that an attack doesn't fill the log.
const (
	throttleCount  = 10
	throttlePeriod = time.Second
)

// throttle logs messages of one kind that strangers can cause. At the end of a
// period it logs how many more there have been in it.
type throttle struct {
	log  func(format string, args ...any)
	more string // how that is logged, with a verb for the number

	mu     sync.Mutex
	period *time.Timer // nil while there are no messages
	logged int         // in the period
	left   int         // out, in the period
}

func (t *throttle) printf(format string, args ...any) {
	if t.admit() {
		t.log(format, args...)
	}
}

func (t *throttle) admit() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.period == nil {
		t.period = time.AfterFunc(throttlePeriod, t.end)
	}
	if t.logged == throttleCount {
		t.left++
		return false
	}
	t.logged++
	return true
}

// end ends the period, if there is one.
func (t *throttle) end() {
	t.mu.Lock()
	if t.period != nil {
		t.period.Stop()
	}
	left := t.left
	t.period, t.logged, t.left = nil, 0, 0
	t.mu.Unlock()
	if left > 0 {
		t.log(t.more, left)
	}
}

// refusals are for what strangers can cause without reaching a limit.
type refusals struct{ authkey, tls, accept throttle }

func (s *Server) newRefusals() *refusals {
	return &refusals{
		authkey: throttle{log: s.log, more: "%d more clients were disconnected: they have no valid key"},
		tls:     throttle{log: s.log, more: "%d more clients were disconnected: TLS"},
		accept:  throttle{log: s.log, more: "%d more connections could not be accepted"},
	}
}

// endThrottles logs what was left out of the log so far.
func (s *Server) endThrottles() {
	for _, h := range s.hits {
		h.log.end()
	}
	for _, t := range []*throttle{&s.refusals.authkey, &s.refusals.tls, &s.refusals.accept} {
		t.end()
	}
}
