package harness

import (
	"sync"
	"time"
)

// Clock is a clock that can be stopped: while a test is held, the time limits stand still.
// The zero value is a running clock. Any goroutine may use it.
type Clock struct {
	mu      sync.Mutex
	origin  time.Time
	stops   int           // how many calls of Stop are in effect
	stopped time.Time     // when it was stopped
	stood   time.Duration // how long it stood still before that
	timers  map[*Timer]struct{}
}

// Timer calls a function at a time of a clock.
type Timer struct {
	clock *Clock
	due   time.Duration // by the clock
	fn    func()
	timer *time.Timer // nil while the clock stands still
}

// Now is the time by the clock, from an origin of its own.
func (c *Clock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Duration {
	now := time.Now()
	if c.origin.IsZero() {
		c.origin = now
	}
	if c.stops > 0 {
		now = c.stopped
	}
	return now.Sub(c.origin) - c.stood
}

// Stop stops the clock until goOn is called. If Stop was called several times, the clock
// runs again after all their goOn functions were called.
func (c *Clock) Stop() (goOn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.now()
	if c.stops++; c.stops == 1 {
		c.stopped = time.Now()
		for t := range c.timers {
			t.timer.Stop()
			t.timer = nil
		}
	}
	return sync.OnceFunc(c.goOn)
}

func (c *Clock) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stops--; c.stops > 0 {
		return
	}
	c.stood += time.Since(c.stopped)
	for t := range c.timers {
		t.run(t.due - c.now())
	}
}

// AfterFunc calls fn on a goroutine of its own when this much time of the clock has passed.
func (c *Clock) AfterFunc(d time.Duration, fn func()) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &Timer{clock: c, due: c.now() + d, fn: fn}
	if c.timers == nil {
		c.timers = map[*Timer]struct{}{}
	}
	c.timers[t] = struct{}{}
	if c.stops == 0 {
		t.run(d)
	}
	return t
}

// run starts the timer. The caller has the mutex.
func (t *Timer) run(left time.Duration) {
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		t.clock.mu.Lock()
		_, waits := t.clock.timers[t]
		late := !waits || t.timer != timer // it was stopped just before
		if !late {
			delete(t.clock.timers, t)
		}
		t.clock.mu.Unlock()
		if !late {
			t.fn()
		}
	})
	t.timer = timer
}

// Stop prevents the call of fn, unless it has begun.
func (t *Timer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	delete(t.clock.timers, t)
	if t.timer != nil {
		t.timer.Stop()
	}
}

// Due is the time of the clock at which fn is called.
func (t *Timer) Due() time.Duration { return t.due }
