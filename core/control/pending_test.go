package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

// begin starts a call of a client.
func begin(t *testing.T, c *control.Client, method string, args ...any) *control.Pending {
	t.Helper()
	vargs, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Start(ctx, method, vargs, nil, late)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantResult(t *testing.T, p *control.Pending, want string) {
	t.Helper()
	if got, err := p.Wait(ctx, late); string(got) != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestCallsAreUnderWayTogether(t *testing.T) {
	c := scripted(t, func(r *raw) {
		for range 3 {
			r.get() // all of them, before the first answer
		}
		r.put(`{"result": 1}`)
		r.put(`{"exception": {"type": "Busy", "message": "m"}}`)
		r.put(`{"result": 3}`)
		r.want(callText("plain", "[4]"))
		r.put(`{"result": 4}`)
		r.get()
	})
	first, second, third := begin(t, c, "a"), begin(t, c, "b"), begin(t, c, "c")
	wantResult(t, third, "3")
	wantResult(t, first, "1")
	if _, err := second.Wait(ctx, late); err == nil || err.Error() != "m" {
		t.Errorf("got %v, want the exception of the second call", err)
	}
	wantResult(t, first, "1") // again
	if !second.Ready() {
		t.Error("a call that has its answer is not ready")
	}
	if got, err := call(c, "plain", 4); got != "4" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPlainCallWaitsBehindThoseUnderWay(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := newClient(t, s, "")
	for i := range 200 {
		p := begin(t, c, "echo", i)
		if got, err := call(c, "echo", -i-1); got != fmt.Sprint(-i-1) || err != nil {
			t.Fatalf("got %s, %v", got, err)
		}
		wantResult(t, p, fmt.Sprint(i))
	}
}

// Neither side may get stuck with buffers that are full of calls and answers.
func TestManyLargeCallsAreSentBeforeAnyIsWaitedFor(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := newClient(t, s, "")
	large := strings.Repeat("x", 1<<20)
	var pending []*control.Pending
	for range 32 {
		pending = append(pending, begin(t, c, "echo", large))
	}
	for _, p := range pending {
		if got, err := p.Wait(ctx, late); err != nil || len(got) != len(large)+2 {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
}

func TestTimeoutOfOneFailsAllUnderWay(t *testing.T) {
	c := scripted(t, func(r *raw) {
		r.get()
		r.put(`{"result": 1}`)
		r.get()
		r.get()
		r.get()
	})
	answered, slow, after := begin(t, c, "a"), begin(t, c, "b"), begin(t, c, "c")
	poll.Until(t, "the first call is answered", answered.Ready)
	if _, err := slow.Wait(ctx, 10*time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
	want := regexp.MustCompile(`^connection closed: an earlier call failed: call of 'b' at 127\.0\.0\.1:\d+: timed out$`)
	if _, err := after.Wait(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) || !want.MatchString(err.Error()) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := call(c, "x"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
	wantResult(t, answered, "1")
}

func TestWaitIsCancelled(t *testing.T) {
	c := scripted(t, func(r *raw) { r.get(); r.get() })
	p := begin(t, c, "x")
	limited, cancel := context.WithCancel(ctx)
	goroutines.WhenBlocked(t, "control.(*Pending).await", cancel)
	if _, err := p.Wait(limited, connection.Forever); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Wait(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestServiceEndsWithCallsUnderWay(t *testing.T) {
	c := scripted(t, func(r *raw) {
		r.get()
		r.get()
		r.put(`{"exception": {"type": "Exit", "message": "bye"}}`)
	})
	first, second := begin(t, c, "a"), begin(t, c, "b")
	if _, err := first.Wait(ctx, late); !errors.Is(err, exceptions.Exit) {
		t.Errorf("got %v, want Exit", err)
	}
	if _, err := second.Wait(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestCloseFailsCallsUnderWay(t *testing.T) {
	c := scripted(t, func(r *raw) { r.get(); r.get(); r.get() })
	first, second := begin(t, c, "a"), begin(t, c, "b")
	c.Close()
	for _, p := range []*control.Pending{first, second} {
		if _, err := p.Wait(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) || !strings.Contains(err.Error(), "the client was closed") {
			t.Errorf("got %v, want ConnectionClosed", err)
		}
	}
}

func TestGarbageFailsCallsUnderWay(t *testing.T) {
	c := scripted(t, func(r *raw) { r.get(); r.get(); r.put("garbage"); r.get() })
	first, second := begin(t, c, "a"), begin(t, c, "b")
	if _, err := first.Wait(ctx, late); err == nil || !strings.Contains(err.Error(), `got "garbage"`) {
		t.Errorf("got %v", err)
	}
	if _, err := second.Wait(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestSecondAnswerIsNotThatOfTheNextPendingCall(t *testing.T) {
	second := make(chan bool)
	c := scripted(t, func(r *raw) {
		r.get()
		connection.WriteFrame(r.Conn, []byte(`{"result": 1}`))
		r.put(`{"result": 2}`)
		second <- true
		r.get()
	})
	wantResult(t, begin(t, c, "x"), "1")
	<-second
	if _, err := c.Start(ctx, "x", nil, nil, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

// cancelledWith is a context that is cancelled when a call is answered.
type cancelledWith struct {
	context.Context
	answer func()
}

func (c cancelledWith) Done() <-chan struct{} {
	c.answer()
	done := make(chan struct{})
	close(done)
	return done
}

func (cancelledWith) Err() error { return context.Canceled }

func TestAnswerThatComesWithTheCancellation(t *testing.T) {
	release := make(chan bool)
	s, _ := start(t, methods{"wait": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		<-release
		return 1, nil
	}}}, control.Options{})
	c := newClient(t, s, "")
	for range 20 { // if two events have happened, Go chooses either of them
		p := begin(t, c, "wait")
		answer := func() {
			release <- true
			poll.Until(t, "it is answered", p.Ready)
		}
		if got, err := p.Wait(cancelledWith{ctx, answer}, connection.Forever); string(got) != "1" || err != nil {
			t.Fatalf("got %s, %v", got, err)
		}
	}
}
