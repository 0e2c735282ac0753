// Package poll lets tests wait for something that another goroutine or process does.
package poll

import (
	"context"
	"flag"
	"strconv"
	"testing"
	"time"
)

const (
	limit    = time.Minute // more than a busy machine needs
	interval = 2 * time.Millisecond
)

// Until waits until a condition is true, and fails the test if that takes too long.
// What describes the condition: "the worker is stopped". Like [testing.T.FailNow], it
// must be called by the goroutine of the test.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	if !Holds(holds) {
		t.Fatalf("gave up waiting until %s", what)
	}
}

// Holds waits until a condition is true, and reports whether that happened in time: for
// programs that a test starts, and for tests that report the failure themselves.
func Holds(condition func() bool) bool {
	for end := time.Now().Add(limit); !condition(); time.Sleep(interval) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// Context returns a context that ends with the test, and when it would give up waiting. It is
// for calls that have a limit of their own unless their context has one: on a busy machine,
// a stream of NATS may need more than its 5 s for an answer.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// Parallel lets up to n tests of a package that are marked as parallel run at the same time,
// instead of one for each processor, because they mostly wait. TestMain calls it; the flag
// -parallel of the command line is stronger.
func Parallel(n int) { _ = flag.Set("test.parallel", strconv.Itoa(n)) }
