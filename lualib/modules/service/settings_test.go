package service

import (
	"math"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// For ever is not the default.
func TestPatience(t *testing.T) {
	const years = 50 * 365 * 24 * time.Hour
	for v, check := range map[lua.LValue]func(time.Duration) bool{
		lua.LNil:                              func(d time.Duration) bool { return d == 0 },
		lua.LNumber(1.5):                      func(d time.Duration) bool { return d == 1500*time.Millisecond },
		lua.LNumber(math.Inf(1)):              func(d time.Duration) bool { return d > years && 2*d > d },
		lua.LNumber(math.MaxInt64):            func(d time.Duration) bool { return d > years && 2*d > d },
		lua.LNumber(years.Hours() * 3600 * 5): func(d time.Duration) bool { return d > years && 2*d > d },
	} {
		var s bind.Seconds
		if err := bind.Unpack(nil, v, &s); err != nil {
			t.Fatal(err)
		}
		if got := patience(s); !check(got) {
			t.Errorf("%v: got %v", v, got)
		}
	}
}
