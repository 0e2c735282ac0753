package columns

import (
	"testing"
	"time"
)

func TestFrame(t *testing.T) {
	if got := frame("a\nb\nc\n", 2); got != "\x1b[H\x1b[Ka\r\n\x1b[Kb" {
		t.Errorf("got %q", got)
	}
	if got := frame("a\n", 2); got != "\x1b[H\x1b[Ka\r\n\x1b[J" {
		t.Errorf("got %q", got)
	}
}

func TestDuration(t *testing.T) {
	for wanted, d := range map[string]time.Duration{
		"0.0s": -time.Second, "9.9s": 9900 * time.Millisecond, "10s": 10 * time.Second, "1m05s": 65 * time.Second,
		"2h00m": 2 * time.Hour, "3d04h": 76 * time.Hour,
	} {
		if got := Duration(d); got != wanted {
			t.Errorf("%v: wanted %s, got %s", d, wanted, got)
		}
	}
}
