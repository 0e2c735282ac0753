package collector

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"avescript/internal/poll"
)

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		size uint64
		want int
	}{
		{0, 1500},
		{1 << 20, 1500},
		{4 << 20, 1500},
		{8 << 20, 700},
		{30 << 20, 113},
		{32 << 20, usual},
		{1 << 30, usual},
	} {
		if got := percent(test.size); got != test.want {
			t.Errorf("%d bytes: got %d, want %d", test.size, got, test.want)
		}
	}
}

// The setting follows the size of the heap, in both directions.
func TestStartAdapts(t *testing.T) {
	t.Setenv("GOGC", "")
	os.Unsetenv("GOGC")
	Start()
	wait := func(what string, reached func(percent int) bool) {
		t.Helper()
		poll.Until(t, what, func() bool {
			runtime.GC()
			current := debug.SetGCPercent(usual)
			debug.SetGCPercent(current)
			return reached(current)
		})
	}
	wait("a small heap may grow a lot", func(percent int) bool { return percent > 5*usual })
	large := make([]byte, Least)
	wait("a large heap may double", func(percent int) bool { return percent == usual })
	runtime.KeepAlive(large)
	large = nil
	wait("a small heap may grow a lot again", func(percent int) bool { return percent > 5*usual })
}
