// Package goroutines lets tests wait until another goroutine is blocked, instead of
// waiting for some time after which it probably is.
package goroutines

import (
	"bytes"
	"regexp"
	"runtime"
	"testing"

	"avescript/internal/poll"
)

// blocked matches the beginning of the stack of a goroutine that waits for another one,
// or for the system.
var blocked = regexp.MustCompile(`^goroutine \d+ \[(IO wait|select|chan receive|chan send|sync.Mutex.Lock)`)

// AwaitBlocked waits until a goroutine is blocked in a function, or in a function that
// it calls. The function is named as in a stack:
// "connection.(*BlockingConnection).Poll".
func AwaitBlocked(t testing.TB, function string) {
	t.Helper()
	if !poll.Holds(func() bool { return Blocked(function) }) {
		t.Errorf("no goroutine waits in %s", function)
	}
}

// WhenBlocked calls f in another goroutine as soon as a goroutine is blocked in the
// function: see [AwaitBlocked].
func WhenBlocked(t testing.TB, function string, f func()) {
	t.Helper()
	go func() {
		AwaitBlocked(t, function)
		f()
	}()
}

// Blocked reports whether a goroutine is blocked in the function: see [AwaitBlocked].
func Blocked(function string) bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if blocked.Match(stack) && bytes.Contains(stack, []byte(function+"(")) {
			return true
		}
	}
	return false
}
