package control_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

// ongoingCall waits for the only call that has begun.
func ongoingCall(t *testing.T, s *control.Server, method string) control.OngoingCall {
	t.Helper()
	for deadline := time.Now().Add(late); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if list := s.Statistics().Ongoing; len(list) == 1 && list[0].Method == method && !list[0].Waiting {
			return list[0]
		}
	}
	t.Fatalf("%s is not among %v", method, s.Statistics().Ongoing)
	return control.OngoingCall{}
}

func TestEndCall(t *testing.T) {
	release := make(chan struct{})
	s, _ := start(t, methods{
		"heed": {rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
			told := make(chan error, 1)
			call.OnEnd(func(err error) { told <- err })
			return nil, <-told
		}},
		"catch": {rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
			told := make(chan error, 1)
			call.OnEnd(func(err error) { told <- err })
			<-told
			return 1, errors.New("another")
		}},
		"ignore": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { <-release; return 1, nil }},
	}, control.Options{})
	c := newClient(t, s, "")
	for _, method := range []string{"heed", "catch", "ignore"} {
		answer := make(chan error, 1)
		go func() {
			_, err := call(c, method)
			answer <- err
		}()
		number := ongoingCall(t, s, method).Number
		for range 2 { // the second time it has no effect
			if ended, err := s.EndCall(number); method == "ignore" && (err != nil || !ended.Ended) {
				t.Errorf("%s: got %+v, %v", method, ended, err)
			}
		}
		if method == "ignore" {
			close(release)
		}
		select {
		case err := <-answer:
			if !errors.Is(err, exceptions.Terminated) {
				t.Errorf("%s: wanted Terminated, got %v", method, err)
			}
		case <-time.After(late):
			t.Fatalf("%s goes on", method)
		}
		if _, err := s.EndCall(number); err == nil {
			t.Errorf("%s was ended when it had returned", method)
		}
	}
}

// TestEndedCallsAreNotHandedOver ends a resumable call at the moment of a handover, and
// one that waits for its turn: both would otherwise begin again in the successor.
func TestEndedCallsAreNotHandedOver(t *testing.T) {
	var runs atomic.Int32
	handler := methods{
		"resume": {control.Method{RPC: true, Resumable: true, Concurrent: true}, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
			runs.Add(1)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}},
		"block": {control.Method{RPC: true, Resumable: true}, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
			runs.Add(1)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}},
		"wait": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { runs.Add(1); return 1, nil }},
		"echo": echo,
	}
	s, _ := start(t, handler, control.Options{Anonymous: true})
	answers := make(chan error, 3)
	for i, method := range []string{"resume", "block", "wait"} {
		c := newClient(t, s, "")
		go func() {
			_, err := call(c, method)
			answers <- err
		}()
		poll.Until(t, method+" has come", func() bool { return len(s.Statistics().Ongoing) == i+1 })
	}
	poll.Until(t, "the first two are served", func() bool { return runs.Load() == 2 })
	var last uint64
	for _, call := range s.Statistics().Ongoing {
		last = call.Number
		if _, err := s.EndCall(last); err != nil {
			t.Error(err)
		}
	}
	next := successor(t, s, handler, control.Options{Anonymous: true})
	for range 3 {
		if err := <-answers; !errors.Is(err, exceptions.Terminated) {
			t.Errorf("wanted Terminated, got %v", err)
		}
	}
	if n := runs.Load(); n != 2 {
		t.Errorf("wanted that none begins again, got %d runs", n)
	}
	go call(newClient(t, next, ""), "resume")
	if number := ongoingCall(t, next, "resume").Number; number <= last {
		t.Errorf("number %d is used twice", number)
	}
}
