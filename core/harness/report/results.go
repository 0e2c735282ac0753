package report

import (
	"fmt"
	"strings"

	"avescript/core/harness"
)

// result is the result of a test, or a block that failed. The event is that of the
// attempt that counts.
type result struct {
	harness.Event
	Earlier []harness.Event // earlier attempts
}

// attempts collects the attempts of each test. The zero value is ready to use.
type attempts map[string][]harness.Event

// result returns the result that an event completes. ok is false if there will be
// another attempt, or the event is not a result.
func (a *attempts) result(e harness.Event) (r result, ok bool) {
	switch {
	case e.Kind == harness.BlockFailed:
		return result{Event: e}, true
	case e.Kind != harness.TestFinished:
		return result{}, false
	}
	if *a == nil {
		*a = attempts{}
	}
	key := fmt.Sprintf("%s:%d:%d:%s", e.File, e.Line, e.Worker, strings.Join(e.Path, "\x00"))
	earlier := (*a)[key]
	if !e.Counts() {
		(*a)[key] = append(earlier, e)
		return result{}, false
	}
	delete(*a, key)
	return result{Event: e, Earlier: earlier}, true
}
