package control_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/internal/poll"
)

// working is a method that takes longer than the interval, and returns how often the
// service was idle meanwhile.
func working(idles *atomic.Int32, interval time.Duration, concurrent bool) method {
	return method{control.Method{RPC: true, Concurrent: concurrent},
		func(context.Context, *control.Conn, *control.Call) (any, error) {
			before := idles.Load()
			<-time.After(3 * interval)
			return idles.Load() - before, nil
		}}
}

func TestNotIdleWhileACallIsServed(t *testing.T) {
	const interval = 20 * time.Millisecond
	var idles atomic.Int32
	s, _ := start(t, methods{"work": working(&idles, interval, true)}, control.Options{Interval: interval,
		Callbacks: control.Callbacks{Idle: func(context.Context) error { idles.Add(1); return nil }}})
	c := newClient(t, s, "")
	for range 3 {
		if got, err := call(c, "work"); got != "0" || err != nil {
			t.Errorf("it was idle %s times, %v", got, err)
		}
	}
	before := idles.Load()
	poll.Until(t, "it is idle again", func() bool { return idles.Load() > before })
}

// Even if each call takes longer than the interval, idle is not called between two
// calls.
func TestNotIdleBetweenTwoCalls(t *testing.T) {
	const interval = 20 * time.Millisecond
	var idles atomic.Int32
	s, _ := start(t, methods{"work": working(&idles, interval, false)}, control.Options{Interval: interval,
		Callbacks: control.Callbacks{Idle: func(context.Context) error { idles.Add(1); return nil }}})
	c := newClient(t, s, "")
	if _, err := call(c, "work"); err != nil {
		t.Fatal(err)
	}
	before, pauses := idles.Load(), int32(0)
	for range 10 {
		sent := time.Now()
		if _, err := call(c, "work"); err != nil {
			t.Fatal(err)
		}
		if time.Since(sent) > 3*interval+interval/2 {
			pauses++ // of a loaded machine, during which idle was called correctly
		}
	}
	if got := idles.Load() - before; got > pauses {
		t.Errorf("it was idle %d times between 10 calls, with %d pauses", got, pauses)
	}
}
