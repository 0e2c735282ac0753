package control

import (
	"sync"
	"time"
)

// At most throttleCount messages of a kind are logged in a throttlePeriod, so that an
// attack does not fill the log.
const (
	throttleCount  = 10
	throttlePeriod = time.Second
)

// throttle logs messages of one kind that strangers can cause. At the end of a period
// it logs how many were left out.
type throttle struct {
	log  func(format string, args ...any)
	more string // the message for that, with a verb for the number

	mu     sync.Mutex
	period *time.Timer // nil while there are no messages
	logged int         // in this period
	left   int         // left out in this period
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

// end ends the current period, if there is one.
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
