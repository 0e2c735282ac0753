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
		size         uint64
		growth, want int
	}{
		{0, usual, 1500},
		{1 << 20, usual, 1500},
		{4 << 20, usual, 1500},
		{8 << 20, usual, 700},
		{30 << 20, usual, 113},
		{32 << 20, usual, usual},
		{1 << 30, usual, usual},
		{4 << 20, rare, 1500},
		{12 << 20, rare, 433},
		{16 << 20, rare, rare},
		{1 << 30, rare, rare},
	} {
		if got := percent(test.size, test.growth); got != test.want {
			t.Errorf("%d bytes, at least %d %%: got %d, want %d", test.size, test.growth, got, test.want)
		}
	}
}

// The setting follows the size of the heap, in both directions.
func TestStartAdapts(t *testing.T) {
	t.Setenv("GOGC", "")
	os.Unsetenv("GOGC")
	Start()
	current := func() int {
		percent := debug.SetGCPercent(usual)
		debug.SetGCPercent(percent)
		return percent
	}
	wait := func(what string, reached func(percent int) bool) {
		t.Helper()
		poll.Until(t, what, func() bool {
			runtime.GC()
			return reached(current())
		})
	}
	wait("a small heap may grow a lot", func(percent int) bool { return percent > 5*usual })
	large := make([]byte, Least)
	wait("a large heap may double", func(percent int) bool { return percent == usual })
	runtime.KeepAlive(large)
	wait("a small heap may grow a lot again", func(percent int) bool { return percent > 5*usual })

	Stop()
	Stop()
	runtime.GC()
	StartRarely()
	Resume()
	if current() != -1 {
		t.Error("it runs although it is stopped")
	}
	Resume()
	large = make([]byte, Least)
	wait("a large heap may grow more", func(percent int) bool { return percent == rare })
	runtime.KeepAlive(large)
}

// What the user has chosen stays.
func TestStartLeavesTheUsersChoice(t *testing.T) {
	t.Setenv("GOGC", "150")
	const ours = 7
	allow(ours)
	setting.Lock()
	defer setting.Unlock()
	if setting.growth == ours {
		t.Error("it is set although GOGC is")
	}
}
