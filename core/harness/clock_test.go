package harness_test

import (
	"testing"
	"time"

	"avescript/core/harness"
)

func TestClockStandsStill(t *testing.T) {
	var c harness.Clock
	came := make(chan string, 2)
	before := c.AfterFunc(time.Hour, func() { came <- "an hour" })
	goOn := c.Stop()
	again := c.Stop()
	stopped := c.Now()
	c.AfterFunc(0, func() { came <- "at once" })
	goOn()
	goOn() // once more means nothing
	if now := c.Now(); now != stopped {
		t.Errorf("it was %v, and %v later, while the clock stands still", stopped, now)
	}
	select {
	case what := <-came:
		t.Errorf("got %q while the clock stands still", what)
	default:
	}
	again()
	if what := <-came; what != "at once" {
		t.Errorf("wanted at once, got %q", what)
	}
	if c.Now() == stopped {
		t.Error("the clock does not go on")
	}
	if due := before.Due(); due < time.Hour || due > time.Hour+stopped {
		t.Errorf("wanted the hour by the clock, got %v", due)
	}
	before.Stop()
}

func TestStoppedTimerIsNotCalled(t *testing.T) {
	var c harness.Clock
	goOn := c.Stop()
	c.AfterFunc(0, func() { t.Error("called") }).Stop()
	came := make(chan struct{})
	c.AfterFunc(0, func() { close(came) })
	goOn()
	<-came
}

// TestTimeOfTests: a test takes no time while the clock stands still.
func TestTimeOfTests(t *testing.T) {
	var events list
	run := harness.Start(&events, 1)
	var clock harness.Clock
	run.UseClock(&clock)
	defer clock.Stop()()
	run.StartFile("it", 1)
	run.Report(harness.Event{Kind: harness.TestStarted, File: "it", Worker: 1})
	run.Report(harness.Event{Kind: harness.TestFinished, File: "it", Worker: 1, Status: harness.Passed})
	if took := events[len(events)-1].Seconds; took != 0 {
		t.Errorf("wanted no time, got %v s", took)
	}
}
