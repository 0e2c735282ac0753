package report

import (
	"fmt"
	"strings"

	"avescript/core/harness"
)

// result is how a test ended, or a block that failed. The event is that of the
// attempt that counts.
type result struct {
	harness.Event
	Earlier []harness.Event // attempts
}

// attempts puts the attempts of each test together. The zero value is ready.
type attempts map[string][]harness.Event

// result is that of the event, unless there will be another attempt, or it is
// about something else.
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
